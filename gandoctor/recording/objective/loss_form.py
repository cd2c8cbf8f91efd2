"""LossForm: how the losses are computed from the discriminator's outputs, told from the numbers of the first steps.

What the loss takes an output for, whether it is a sum over the batch, and whether each output meets its own label: a
difference of shapes (n, 1) and (n,) broadcasts to (n, n), so that every output meets every label; and one label for
both batches, or a minus before the part of one, asks the same of both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gandoctor.player_names import PLAYERS
from gandoctor.recording.in_step import Said, Witness
from gandoctor.recording.objective.formulas import (
    Hypothesis,
    Means,
    Reads,
    Statistics,
    entropies,
    equal,
    fitting,
    pairs,
)
from gandoctor.store import ObjectiveCard

STEPS = 5
"""Steps that are compared: what one step fits by chance, five do not."""
MOST_STEPS = 40
"""Steps that are waited for losses that differ: while a discriminator says the same of everything, five are as one."""
SMOOTHED = 0.9
"""What labels of real images mostly are where they are smoothed."""
_SQUARES = "squares from "
APART = 2
"""Steps among them in which labels as they should be must give another loss than those that were found."""


class LossForm:
    """Compares the losses of a few steps with every form they may have.

    Args:
        witness: Copies losses and outputs.
        real_label: What real images are labelled with, where it is declared.
    """

    def __init__(self, witness: Witness, real_label: float | None = None) -> None:
        self._witness = witness
        self._smoothed = SMOOTHED if real_label is None else real_label
        self._alive: set[Hypothesis] | None = None
        self._own: list[set[Reads | None]] = []
        self._squares: list[set[float]] = []
        self._crossed = self._same = 0
        self._low, self._high = np.inf, -np.inf
        self._steps = 0
        self._losses: list[dict[Any, float]] = []

    def see(self, said: dict[Any, list[Said]], known: dict[Any, list[Statistics]], losses: dict[Any, float]) -> bool:
        """Take in one step; tell whether enough were seen.

        Args:
            said: Player -> what the discriminator said towards its loss.
            known: The same as statistics.
            losses: Player -> its loss.
        """
        self._steps += 1
        fits = fitting(losses["d"], losses["g"], known["d"], known["g"], self._witness.saw_penalty)
        self._alive = fits if self._alive is None else self._alive & fits
        forms, crossed, same = _labels(losses["d"], known["d"], self._smoothed)
        self._own.append({reads for _, reads in forms})
        self._squares.append({low for form, _ in forms if (low := _low_label(form)) is not None})
        self._crossed += crossed
        self._same += same
        values = [one.output for player in PLAYERS for one in said[player]]
        self._low = min([self._low, *(float(v.min()) for v in values)])
        self._high = max([self._high, *(float(v.max()) for v in values)])
        self._losses.append(dict(losses))
        return self._steps >= (STEPS if self._has_moved else MOST_STEPS)

    @property
    def _has_moved(self) -> bool:
        """Whether either loss has differed by more than what still counts as equal."""
        return any(
            not equal(max(values, key=abs), min(values, key=abs))
            for values in ([step[player] for step in self._losses] for player in PLAYERS)
        )

    @property
    def alive(self) -> set[Hypothesis]:
        """The hypotheses that fit every step seen."""
        return self._alive or set()

    def card(self) -> ObjectiveCard | None:
        """Return what was found; None where the outputs were never seen."""
        if not np.isfinite([self._low, self._high]).all():
            return None
        reads, sums = {one.reads for one in self.alive}, {one.is_sum for one in self.alive}
        reads = reads or set.intersection(*self._own)  # a generator's loss may hold more than the adversarial one
        fitted = sum(map(bool, self._own))
        lows = set.intersection(*self._squares)
        labels: Any = None
        if self._crossed == self._steps and self._steps - fitted >= APART:
            labels = "crossed"
        elif self._same == self._steps and self._steps - fitted >= APART:
            labels = "same"
        elif fitted == self._steps:
            labels = "own"
        return ObjectiveCard(
            reads=reads.pop() if len(reads) == 1 and self._has_moved else None,
            is_sum=sums.pop() if len(sums) == 1 else None,
            labels=labels,
            low_label=lows.pop() if len(lows) == 1 else None,
            output_low=self._low,
            output_high=self._high,
            penalised=self._witness.saw_penalty,
            changed_at_random=self._witness.changed_at_random,
            steps=self._steps,
        )


def _labels(
    d_loss: float, outputs: list[Statistics], smoothed: float
) -> tuple[set[tuple[str, Reads | None]], bool, bool]:
    """Compare the discriminator's loss with that of outputs that meet their own label, and with mistaken ones.

    Returns:
        Name of each formula of the former that fits, and what it reads the output for; whether that of every pairing
        does; whether one does that asks the same of both batches, by one label for both or by a minus before one.
    """
    own: set[tuple[str, Reads | None]] = set()
    crossed = same = False
    has_logit = any(one.has_logit for one in outputs)
    for real, fake in pairs(outputs):
        of_reals, of_fakes = (
            {cost[0]: cost[1:] for cost in _costs(means, has_logit, smoothed)} for means in (real, fake)
        )
        for form in of_reals.keys() & of_fakes.keys():  # near 0 not every form is told apart
            (real_as_real, real_as_fake, reads), (fake_as_real, fake_as_fake, _) = of_reals[form], of_fakes[form]
            for scale in (1.0, 0.5):
                if equal(scale * (real_as_real + fake_as_fake), d_loss):
                    own.add((form, reads))
                everything = real_as_real + real_as_fake + fake_as_real + fake_as_fake
                crossed |= equal(scale * everything / 2, d_loss)
                asked = [fake_as_fake - real_as_real, real_as_real - fake_as_fake]
                if any(real is one.whole for one in outputs):  # one label for halves is a loss of one batch
                    asked += [real_as_real + fake_as_real, real_as_fake + fake_as_fake]
                same |= any(equal(scale * value, d_loss) for value in asked)
    return own, crossed, same and not _is_of_one_batch(d_loss, outputs, smoothed)


def _is_of_one_batch(d_loss: float, outputs: list[Statistics], smoothed: float) -> bool:
    """Tell whether one output alone gives the loss, as where reals and fakes are trained on one after the other."""
    return any(
        equal(scale * cost, d_loss)
        for one in outputs
        for _, as_real, as_fake, _ in _costs(one.whole, one.has_logit, smoothed)
        for cost in (as_real, as_fake)
        for scale in (1.0, 0.5)
    )


def _costs(m: Means, has_logit: bool, smoothed: float) -> Iterator[tuple[str, float, float, Reads | None]]:
    """Yield each formula and what some outputs cost by it as reals and as fakes, labels of reals smoothed or not."""
    found = list(entropies(m, has_logit))
    for i, ((one, zero), reads) in enumerate(found):
        of = "logits" if i == 0 else "output" if has_logit and i == len(found) - 1 else "shares"
        yield f"entropy of {of}", one, zero, reads
        yield f"smoothed entropy of {of}", smoothed * one + (1 - smoothed) * zero, zero, reads
    for real, fake in ((1.0, 0.0), (smoothed, 0.0), (smoothed, 1 - smoothed), (1.0, -1.0)):
        yield f"{_SQUARES}{real} and {fake}", _square(m, real), _square(m, fake), None
    yield "margins", m.margins[0], m.margins[1], None
    yield "difference", -m.output, m.output, None  # crossed, labels of -1 and 1 cancel: the loss is 0


def _low_label(form: str) -> float | None:
    """Return the lower one of the labels of a formula of squares, 0 or -1; None of other formulas."""
    if not form.startswith(_SQUARES):
        return None
    return -1.0 if form.endswith(" -1.0") else 0.0


def _square(m: Means, label: float) -> float:
    return m.squares[1] - 2.0 * label * m.output + label * label
