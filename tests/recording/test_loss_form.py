"""What the losses take the outputs for is told from steps whose losses differ."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gandoctor.recording.in_step import Said
from gandoctor.recording.objective.formulas import statistics
from gandoctor.recording.objective.loss_form import MOST_STEPS, STEPS, LossForm


def seen(form: LossForm, real: np.ndarray, fake: np.ndarray) -> bool:
    """Show a step of a cross-entropy of logits whose labels of reals are 0.9."""

    def cost(logits: np.ndarray, label: float) -> float:
        return float(np.mean(np.logaddexp(0.0, logits) - label * logits))

    losses = {"d": cost(real, 0.9) + cost(fake, 0.0), "g": cost(fake, 1.0)}
    on_real, on_fake = (z.astype(np.float32) for z in (real, fake))
    said: Any = {"d": [Said(on_real, on_real, 1), Said(on_fake, on_fake, 1)], "g": [Said(on_fake, on_fake, 1)]}
    known = {player: [statistics(one.output, one.logit, one.places) for one in of] for player, of in said.items()}
    return form.see(said, known, losses)


@pytest.mark.parametrize(("spread", "steps"), [(1.0, STEPS), (1e-5, MOST_STEPS)])
def test_steps_that_say_the_same_are_as_one(spread: float, steps: int) -> None:
    rng = np.random.default_rng(0)
    witness: Any = SimpleNamespace(saw_penalty=False, changed_at_random=None)
    form = LossForm(witness)
    taken = next(i for i in range(1, 100) if seen(form, spread * rng.normal(size=16), spread * rng.normal(size=16)))
    assert taken == steps
    card = form.card()
    assert card is not None
    assert card.reads == ("logits" if spread == 1.0 else None), "logits of 0 cost what probabilities of one half do"
