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


def entropy(logits: np.ndarray, label: float) -> float:
    return float(np.mean(np.logaddexp(0.0, logits) - label * logits))


def square(scores: np.ndarray, label: float) -> float:
    return float(np.mean((scores - label) ** 2))


@pytest.mark.parametrize(
    ("loss", "apart", "joined"),
    [
        (lambda real, fake: entropy(real, 1) + entropy(fake, 0), "own", "own"),
        (lambda real, fake: entropy(real, 0) + entropy(fake, 1), "own", "own"),  # another convention
        # One label for all of a batch may be that of a batch of reals.
        (lambda real, fake: 0.5 * (entropy(real, 1) + entropy(fake, 1)), "same", None),
        (lambda real, fake: entropy(real, 0) + entropy(fake, 0), "same", None),
        (lambda real, fake: entropy(fake, 0) - entropy(real, 1), "same", "same"),
        (lambda real, fake: entropy(real, 1) - entropy(fake, 0), "same", "same"),
        (lambda real, fake: square(real, 1) + square(fake, 0), "own", "own"),
        (lambda real, fake: square(real, 1) + square(fake, 1), "same", None),
        (lambda real, fake: float(fake.mean() - real.mean()), "own", "own"),
        (lambda real, fake: float(-fake.mean() - real.mean()), "same", "same"),
        (lambda real, fake: -0.5 * float(fake.mean() + real.mean()), "same", None),
        (lambda real, fake: entropy(real, 1) + entropy(fake, 0) + 0.3, None, None),  # something else is in it
        (lambda real, fake: entropy(real, 1), None, None),  # of one batch only
    ],
)
def test_a_loss_that_asks_the_same_of_both_is_told_from_one_that_parts_them(
    loss: Any, apart: str | None, joined: str | None
) -> None:
    rng = np.random.default_rng(0)
    for expected, is_joined in ((apart, False), (joined, True)):
        form = LossForm(SimpleNamespace(saw_penalty=False, changed_at_random=None))  # type: ignore[arg-type]
        for step in range(STEPS):
            real, fake = (
                (shift + 0.3 * rng.normal(size=16)).astype(np.float32) for shift in (0.3 * step, -0.2 * step + 0.1)
            )
            given = [np.concatenate([real, fake])] if is_joined else [real, fake]
            see(form, given, fake, loss(real, fake))
        card = form.card()
        assert card is not None
        assert card.labels == expected


def see(form: LossForm, given: list[np.ndarray], fake: np.ndarray, d_loss: float) -> None:
    """Show a step in which the discriminator has said this towards its own loss and towards the generator's."""
    said: Any = {"d": [Said(z, z, 1) for z in given], "g": [Said(fake, fake, 1)]}
    known = {player: [statistics(one.output, one.logit, one.places) for one in of] for player, of in said.items()}
    form.see(said, known, {"d": d_loss, "g": entropy(fake, 1)})


def test_a_batch_that_is_judged_twice_and_trained_on_once_is_no_such_loss() -> None:
    rng = np.random.default_rng(0)
    form = LossForm(SimpleNamespace(saw_penalty=False, changed_at_random=None))  # type: ignore[arg-type]
    for step in range(STEPS):
        real = (0.3 * step + rng.normal(size=16)).astype(np.float32)
        see(form, [real, real.copy()], -real, entropy(real, 1))
    card = form.card()
    assert card is not None
    assert card.labels is None
