"""Score pulls: whether the losses themselves, by their gradients, want opposite things of generated images.

Shared by conflicting-objectives (GD008) and what it blames. A loss may have any number of terms beside the adversarial
one; what it wants of the discriminator's scores is the sign of one derivative. Seen are the first steps and one in
eight of the others, in PyTorch: in a traced step, operations that read the scores would change what TensorFlow makes
of those around them, and with it the last bits of the training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gandoctor.message import Message
from gandoctor.rules.reading.persistence import PROBES
from gandoctor.rules.rule import NotEvaluated
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

NAMES = ("real_score_pull_in_d_step", "fake_score_pull_in_d_step", "fake_score_pull_in_g_step")
CLEAR = 0.9
"""A pull from which on nearly all of a batch's gradient points one way. It is exactly 1 for cross-entropy, Wasserstein
and hinge losses. Least squares and labels between 0 and 1 have a target that scores lie on both sides of, so that in a
sound game it is seldom near 1 for long."""

LEAST_PURE = 0.9
"""Share of the steps with clear pulls that must say the same: labels may be flipped in a few. Judgement."""
TURNS_MOST = 1
"""Times that a pull may turn round: labels or a sign may change once on the way. Judgement."""
AMONG = 5
"""Steps of which two may be otherwise."""
FOLLOWED = 2.0
"""Logits that both mean scores must have moved by. Judgement: a factor of seven in the odds."""


def pulls(run: Run) -> pd.DataFrame:
    """Return the three pulls at the steps in which all of them are clear, as columns "real", "fake" and "wanted".

    Raises:
        NotEvaluated: They were not recorded, or go to and fro: least squares pull back scores that lie beyond a target,
            and where they explode, scores swing from beyond one to beyond the other.
    """
    import pandas as pd

    if any(name not in run for name in NAMES):
        raise NotEvaluated(Message("Which way the losses pull the discriminator's scores was not seen."))
    table = pd.DataFrame({name: run[of] for name, of in zip(("real", "fake", "wanted"), NAMES, strict=True)}).dropna()
    clear = table[(table.abs() >= CLEAR).all(axis=1)]
    if any(_turns(clear[name]) > TURNS_MOST for name in ("real", "wanted")):
        raise NotEvaluated(Message("The losses pull the discriminator's scores to and fro: they swing around targets."))
    return clear


def _turns(pull: pd.Series[float]) -> int:
    """Count how often a pull turns round; a few steps among others, such as those with flipped labels, do not count."""
    way = np.sign(pull.rolling(AMONG, center=True, min_periods=1).median())
    return int((way[way != 0].diff().abs() > 0).sum())


def same_goal(table: pd.DataFrame) -> pd.Series[bool]:
    """Tell in which steps the discriminator's loss parts real and generated images, and the generator's agrees with it.

    Where it pulls both the same way, its scores may all lie beyond a target, and then all losses pull them back.
    """
    return (table["real"] * table["fake"] < 0) & (table["fake"] * table["wanted"] > 0)


def all_one_way(run: Run, table: pd.DataFrame) -> pd.Series[bool]:
    """Tell in which steps all three pull the same way, where the scores have followed: no target lies on their way.

    Scores beyond a target are pulled back to it, and have arrived after some steps. A wrong loss pulls one way from the
    start.
    """
    agreed = (table["real"] * table["fake"] > 0) & (table["fake"] * table["wanted"] > 0)
    names = ("d_real_logit", "d_fake_logit")
    if agreed.mean() < LEAST_PURE or any(name not in run or len(run[name]) < 2 for name in names):
        return agreed & False
    way = table["fake"].where(agreed).dropna().median()
    followed = all(way * (run[name].iloc[-1] - run[name].iloc[0]) >= FOLLOWED for name in names)
    return agreed & followed


def want_the_same(run: Run) -> bool | None:
    """Tell whether both losses want the same of generated images, or the opposite; None where neither was seen."""
    try:
        table = pulls(run)
    except NotEvaluated:
        return None
    if len(table) < PROBES:
        return None
    if same_goal(table).mean() >= LEAST_PURE:
        return True
    return False if (table["fake"] * table["wanted"] < 0).mean() >= LEAST_PURE else None
