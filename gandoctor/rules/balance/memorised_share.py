"""How far held-out reals have moved, by the discriminator's scores, from its training images to generated images.

r_v of Karras et al., Training Generative Adversarial Networks with Limited Data, NeurIPS 2020, equation 1, on logits.
Shared by discriminator-overfitting (GD304) and its causes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

_LOGITS = ("d_real_logit", "d_holdout_logit", "d_fake_logit")


def recorded_share(run: Run) -> pd.DataFrame:
    """Return the probes at which all of it was recorded and reals and fakes are scored apart, indexed by step.

    Columns: the three mean logits as recorded; `d_prime`; `share`, r_v, whichever way the discriminator counts;
    `spreads`, the difference of trained-on and held-out reals in pooled standard deviations of the logits of reals
    and fakes, positive where trained-on ones count as more real.
    """
    import pandas as pd

    table = pd.DataFrame({name: run[name] for name in (*_LOGITS, "d_logit_gap", "d_prime")}).dropna()
    # d' is the gap over the pooled spread: a gap of 0 leaves neither ratio a meaning.
    table = table[(table["d_logit_gap"] != 0) & (table["d_prime"] != 0)]
    real, holdout, fake = (table[name] for name in _LOGITS)
    table = table.assign(share=(real - holdout) / (real - fake).where(real != fake))
    return table.assign(spreads=table["share"] * table["d_prime"]).dropna()
