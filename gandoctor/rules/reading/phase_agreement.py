"""Whether the two steps play one game: how low their losses can be together.

Shared by conflicting-objectives (GD008) and train-inference-mismatch (GD010): both break the game, one by its aims,
the other because the two steps do not see the same networks.

The bounds hold for every discriminator and every generator, whatever they output, as long as both steps see the same
two networks and want opposite things; sampling and the one update in between are all that can exceed them. With p the
discriminator's probability of a fake being real, L_D its loss averaged over real and fake (a sum only loosens them) and
L_G the generator's:

- cross-entropy, non-saturating: L_D >= -ln E[1 - p] / 2 and L_G >= -ln E[p], by Jensen's inequality, so
  exp(-2 L_D) + exp(-L_G) <= 1;
- cross-entropy, minimax: L_D >= -L_G / 2 term by term, so -L_G - 2 L_D <= 0;
- least squares, targets 0 and 1: the distances of the fakes' outputs to 0 and to 1 add up to 1 at least, so
  sqrt(2 L_D) + sqrt(2 L_G) >= 1;
- hinge: relu(1 + f) >= 1 + f, so L_G >= 1 - 2 L_D.

They hold for labels from 0 to 1. A loss below 0 shows others, as where noise is added to labels of 0 and 1: it bounds
nothing.

Measured as running medians over 60 steps, 83 healthy runs stayed below 0.00 of what is called the excess here, and 68
with the labels of one step reversed reached 0.75 or more (small networks on digits, four optimizers, 300 to 600 steps).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gandoctor.loss_families import OBJECTIVES
from gandoctor.message import Message
from gandoctor.rules.reading.persistence import running_median
from gandoctor.rules.rule import NotEvaluated
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

LEAST_PROBABILITY = 1e-7
"""What float32 and a clipped cross-entropy tell from 0: the bound on the generator's loss is 16.1 at most."""


def excess(run: Run) -> pd.Series[float]:
    """Return by how much the two losses exceed what one game allows, as running medians over 60 steps.

    0 or less in one game; 1 where both players have all they want (more with unbounded losses).

    Raises:
        NotEvaluated: The family's losses do not bound each other, or too few steps were recorded.
    """
    import pandas as pd

    losses = _losses(run)
    d, g = losses["d"].to_numpy(), losses["g"].to_numpy()
    family = run.manifest.loss_family
    if family == "non_saturating":
        value = np.exp(-np.maximum(g, 0.0)) + np.exp(-2.0 * np.maximum(d, 0.0)) - 1.0
    elif family == "minimax":
        value = -g - 2.0 * d
    elif family == "least_squares":
        value = 1.0 - np.sqrt(2.0 * np.maximum(d, 0.0)) - np.sqrt(2.0 * np.maximum(g, 0.0))
    else:
        value = 1.0 - 2.0 * d - g
    return running_median(pd.Series(value, index=losses.index))


def jensen_residual(d_loss: np.ndarray, g_loss: np.ndarray) -> np.ndarray:
    """Return -ln(1 - exp(-2 L_D)) - L_G in nats, for the non-saturating cross-entropy: 0 or less in one game.

    Args:
        d_loss: Discriminator losses (n,), averaged over real and fake or summed.
        g_loss: Generator losses of the same steps (n,).
    """
    most_probable = np.maximum(-np.expm1(-2.0 * np.maximum(d_loss, 0.0)), LEAST_PROBABILITY)
    residual: np.ndarray = -np.log(most_probable) - g_loss
    return residual


def running_jensen_residual(run: Run) -> pd.Series[float]:
    """Return the running median of the Jensen residual over 60 steps.

    Raises:
        NotEvaluated: Too few steps with both losses were recorded.
    """
    import pandas as pd

    losses = _losses(run)
    return running_median(
        pd.Series(jensen_residual(losses["d"].to_numpy(), losses["g"].to_numpy()), index=losses.index)
    )


def _losses(run: Run) -> pd.DataFrame:
    """Return both losses of the steps that have both, as columns "d" and "g"."""
    import pandas as pd

    family = run.manifest.loss_family
    if family is None or not OBJECTIVES[family].is_bounded:
        if family is None:
            raise NotEvaluated(Message("The loss family is unknown, so the two losses cannot be compared."))
        named = OBJECTIVES[family].title
        raise NotEvaluated(Message("The two losses of the {family} family do not bound each other.", family=named))
    if "d_loss" not in run or "g_loss" not in run:
        raise NotEvaluated(Message("The losses of both players were not recorded."))
    table = pd.DataFrame({"d": run["d_loss"], "g": run["g_loss"]}).dropna()
    if table.empty:
        raise NotEvaluated(Message("No step with finite losses of both players was recorded."))
    refuse_labels_beyond(run)
    return table


def refuse_labels_beyond(run: Run) -> None:
    """Refuse a discriminator's loss that labels from 0 to 1 cannot give; its family must be one that is never negative.

    Raises:
        NotEvaluated: The loss falls below 0.
    """
    lowest = float(run["d_loss"].min())
    if lowest < -LEAST_PROBABILITY:
        raise NotEvaluated(
            Message(
                "The discriminator's loss falls to {lowest:.2g}. With labels from 0 to 1 it cannot be negative: it has "
                "others, or noise on them, and tells nothing of how well it separates.",
                lowest=lowest,
            )
        )
