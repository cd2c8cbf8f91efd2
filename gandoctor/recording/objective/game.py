"""Game: the value that the two players fight over, and what a generator descends, by the family of the loss.

Goodfellow et al. 2014 (minimax, non-saturating), Mao et al. 2017 (least squares), Lim and Ye 2017 (hinge). The value is
minus the discriminator's loss, which the discriminator raises and the generator lowers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gandoctor.errors import GandoctorError
from gandoctor.loss_families import LossFamily, objective
from gandoctor.message import Message
from gandoctor.store import Manifest

PROBABILITY_LEAST = 1e-7
"""Where Keras clips a probability before it takes a logarithm."""


class NotPlayable(GandoctorError):
    """The value of a game cannot be computed or differentiated; `why` says it."""

    def __init__(self, why: Message) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(frozen=True)
class Ops:
    """The functions of a framework that a game is made of, each of an array and differentiable.

    Attributes:
        mean: Mean of all numbers.
        softplus: log(1 + exp(x)), which does not overflow.
        relu: max(x, 0).
        logit: log(p / (1 - p)) of a probability that is first clipped to `PROBABILITY_LEAST` from 0 and 1.
    """

    mean: Callable[[Any], Any]
    softplus: Callable[[Any], Any]
    relu: Callable[[Any], Any]
    logit: Callable[[Any], Any]


@dataclass(frozen=True)
class Game:
    """The value of one game as a function of the discriminator's scores; all means are over them.

    Attributes:
        family: Any but "wasserstein".
        real_is_high: Whether the discriminator is trained to score reals above fakes.
        reads_logit: Whether the scores are those before a final sigmoid.
        is_probability: Whether they are probabilities.
        low_label: Of least squares the lower of the two labels, 0 or -1; the higher one is 1.
    """

    family: LossFamily
    real_is_high: bool = True
    reads_logit: bool = False
    is_probability: bool = False
    low_label: float = 0.0

    def value(self, ops: Ops, real: Any, fake: Any) -> Any:
        """Return what the discriminator raises and the generator lowers, a scalar, 0 at most.

        Args:
            ops: Of the framework.
            real: Scores of real data.
            fake: Scores of generated ones.
        """
        if self.family == "least_squares":
            return -0.5 * (ops.mean((real - self._label(True)) ** 2) + ops.mean((fake - self._label(False)) ** 2))
        of_real, of_fake = self._signed(ops, real), self._signed(ops, fake)
        if self.family == "hinge":
            return -ops.mean(ops.relu(1.0 - of_real)) - ops.mean(ops.relu(1.0 + of_fake))
        return -ops.mean(ops.softplus(-of_real)) - ops.mean(ops.softplus(of_fake))

    def g_loss(self, ops: Ops, fake: Any) -> Any:
        """Return what the generator descends, a scalar.

        It falls where the value falls, image by image (of least squares as far as the label), and does not lose its
        gradient where the discriminator is sure: of a minimax game it is the non-saturating loss.
        """
        if self.family == "least_squares":
            return 0.5 * ops.mean((fake - self._label(True)) ** 2)
        of_fake = self._signed(ops, fake)
        return -ops.mean(of_fake) if self.family == "hinge" else ops.mean(ops.softplus(-of_fake))

    def _label(self, of_real: bool) -> float:
        return 1.0 if of_real == self.real_is_high else self.low_label

    def _signed(self, ops: Ops, scores: Any) -> Any:
        """Return scores that are high for real data."""
        logits = ops.logit(scores) if self.is_probability else scores
        return logits if self.real_is_high else -logits


def game_of(manifest: Manifest) -> Game:
    """Return the game that a run's losses were recognised as.

    Raises:
        NotPlayable: They were not, or not in all that the value depends on.
    """
    family, card = manifest.loss_family, manifest.objective
    known = objective(family)
    if family is None or known is None:
        absence = manifest.missing.get("loss_family")
        why = Message("the loss has not been seen in training") if absence is None else absence.message
        raise NotPlayable(Message("the game's value is that of a known loss: {why}", why=why))
    if family == "wasserstein":
        raise NotPlayable(
            Message(
                "a critic's scores are bounded by a penalty or clipping alone, which a copy that takes steps has not"
            )
        )
    if manifest.real_is_high is None or manifest.real_is_high_source not in ("given", "inferred"):
        raise NotPlayable(Message("it is not known whether reals are to score high; pass real_is_high=..."))
    high = manifest.real_is_high
    if family == "least_squares":
        if card is None or card.low_label is None:
            raise NotPlayable(Message("it was not seen which two labels the squares of the loss are taken from"))
        return Game(family, high, low_label=card.low_label)
    if not known.is_cross_entropy:
        return Game(family, high)
    reads = None if card is None else card.reads
    if reads is None and card is not None and (card.output_low < 0.0 or card.output_high > 1.0):
        reads = "logits"
    if reads is None:
        raise NotPlayable(Message("it was not seen whether the loss takes the outputs for logits or for probabilities"))
    return Game(family, high, reads_logit=reads == "either", is_probability=reads == "probabilities")
