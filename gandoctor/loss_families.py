"""Loss families: what each GAN objective's losses are at equilibrium, how low they go, and where real meets fake.

Goodfellow et al. 2014 (minimax, non-saturating), Mao et al. 2017 (least squares), Lim and Ye 2017 (hinge), Arjovsky
et al. 2017 (Wasserstein).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from gandoctor.message import Message

LossFamily = Literal["minimax", "non_saturating", "least_squares", "hinge", "wasserstein"]


@dataclass(frozen=True)
class Objective:
    """The losses of one family.

    Attributes:
        title: What the family is called in a sentence.
        d_equilibrium: Discriminator loss where real and generated images cannot be told apart, averaged over both
            halves of the batch; a sum over them is twice that. None where the loss has no such level.
        g_equilibrium: Generator loss there.
        least_factor: What turns these levels into those of the convention that makes them smallest: 1/2 for least
            squares, which some write with a factor of 1/2.
        floor: Lowest discriminator loss, where labels are not smoothed; None where there is none.
        border: Discriminator output between real and fake, in the units of `d_*_logit`; None for a critic's scores.
        is_cross_entropy: Whether the losses are cross-entropies of a probability.
        is_bounded: Whether the two players' losses bound each other in one game.
    """

    title: Message
    d_equilibrium: float | None
    g_equilibrium: float | None
    least_factor: float = 1.0
    floor: float | None = 0.0
    border: float | None = 0.0
    is_cross_entropy: bool = False
    is_bounded: bool = True

    @property
    def least_d_equilibrium(self) -> float | None:
        """`d_equilibrium` in the convention that makes it smallest."""
        return None if self.d_equilibrium is None else self.least_factor * self.d_equilibrium


OBJECTIVES: dict[LossFamily, Objective] = {
    "minimax": Objective(Message("minimax"), math.log(2.0), -math.log(2.0), is_cross_entropy=True),
    "non_saturating": Objective(Message("non-saturating"), math.log(2.0), math.log(2.0), is_cross_entropy=True),
    "least_squares": Objective(Message("least-squares"), 0.25, 0.25, least_factor=0.5, border=0.5),
    "hinge": Objective(Message("hinge"), 1.0, 0.0),
    "wasserstein": Objective(Message("Wasserstein"), None, None, floor=None, border=None, is_bounded=False),
}


def objective(family: LossFamily | None) -> Objective | None:
    """Return the objective of a family; None where the family is unknown."""
    return None if family is None else OBJECTIVES[family]


def families(*, cross_entropy: bool | None = None, bounded: bool | None = None) -> frozenset[LossFamily]:
    """Return the families of a kind; None leaves a property open."""
    return frozenset(
        name
        for name, one in OBJECTIVES.items()
        if cross_entropy in (None, one.is_cross_entropy) and bounded in (None, one.is_bounded)
    )
