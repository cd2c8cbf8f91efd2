"""GD007: the latents the generator is given do not vary.

What it is
    All images of a batch are made from one and the same latent, or every step is given the same batch of latents, or
    only a handful of batches comes back again and again. `np.zeros` in place of noise, a seed that is set inside the
    loop and latents drawn once before it are the usual ways there.

Why it hurts
    A generator is a function of its latents: it can make no more different images than it is given latents. The
    discriminator soon knows them all, its loss goes to zero, and the same image on every place looks like mode
    collapse although the generator is not to blame.

How it is recognised
    Exactly, from mean and spread of the latents in each training step, also during warm-up. A spread of 0 within the
    batch, in two successive steps. Or both numbers the same as in the step before, for ten steps on end. Or no more
    than 16 different pairs of numbers in 200 steps. Where the steps cannot be seen, only the latent sampler that the
    monitor was given can be looked at: a standard deviation of 0.

What it is not
    Small latents are latents: 0.01 times the usual ones did no visible harm in our measurements, because batch
    normalisation scales them up. They are mentioned, no more. The latents of the monitor's own probes are the same
    ones on purpose and are not judged. A batch of a single image has no spread, nor has that of its real images; it
    is its mean that has to change. Labels in the place of latents, the same classes in every batch, are not noise.
    Samples that are all alike from varied latents are mode collapse (GD403).

What to do
    Draw new latents for every batch, and once more for the generator's own step. Seed once, before the loop. Look at
    what the generator is really given: two rows of one batch should differ, and so should the first rows of two
    successive batches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gandoctor.rules.reading.repetition import few_batches, longest_stretch, repeated_stretch, same_as_before
from gandoctor.rules.rule import Cause, Evidence, Explanation, Found, NotEvaluated, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds; what varies at all varies by far more, so they only allow for rounding and for chance.

    Attributes:
        rounding: Relative to the size of latents: a spread or a difference that float32 explains. Measured on
            constant rows: up to 6e-8. The spread of latents 0.01 times too small is 6e-3.
        constant_steps: Successive steps without spread: the last batch of an epoch may be a single image.
        repeated_steps: Successive steps with the same batch. Judgement; even two do not happen by chance.
        window: Steps in which the different batches are counted.
        handful: Batches in them that count as a handful. Judgement: 200 steps should see 200.
        small: Spread below which latents are worth a word: ten times below any law in use (uniform on [0, 1]: 0.29).
        small_steps: Steps they must have been so small.
    """

    rounding: float = 1e-6
    constant_steps: int = 2
    repeated_steps: int = 10
    window: int = 200
    handful: int = 16
    small: float = 0.03
    small_steps: int = 20


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence on the spread within batches and on what repeats from step to step."""
    if "latent_spread" not in run or "latent_mean" not in run:
        return _from_sampler(run, limits)
    table = pd.DataFrame({"mean": run["latent_mean"], "spread": run["latent_spread"]}).dropna()
    if table.empty:
        raise NotEvaluated("No batch of latents with finite values was recorded.")
    mean, spread = table["mean"], table["spread"]
    if _look_like_labels(mean, spread, limits):
        raise NotEvaluated("The generator's first input looks like labels, one of K, not like noise.")
    found = [*_constant(run, mean, spread, limits), *_repeated(mean, spread, limits)]
    return found or _small(spread, limits)


def _constant(run: Run, mean: pd.Series[float], spread: pd.Series[float], limits: Limits) -> list[Evidence]:
    """Evidence where the images of a batch share one latent."""
    found = longest_stretch(spread <= limits.rounding * _size(run), limits.constant_steps)
    if found is None:
        return []
    severity = Severity.CRITICAL if found.ongoing else Severity.WARNING
    statement = (
        f"Every image of a batch was given the same latent in {found.count} successive steps, from step "
        f"{found.first_step} to {found.last_step}: the latents do not vary within the batch.{found.ending}"
    )
    within = slice(found.first_step, found.last_step)
    if not same_as_before(mean.loc[within], spread.loc[within], limits.rounding).iloc[1:].all():
        # The one latent changes from step to step. Batches of a single image do the same.
        reals = run["real_spread"].loc[within] if "real_spread" in run else None
        if reals is not None and (reals == 0).all():
            return []
        if reals is None:
            severity = Severity.WARNING
            statement += " That is as it should be if your batches hold a single image."
    return [
        Evidence(
            "latent_spread",
            float(spread.loc[within].max()),
            limits.rounding * _size(run),
            found.first_step,
            found.last_step,
            statement,
            severity,
        )
    ]


def _repeated(mean: pd.Series[float], spread: pd.Series[float], limits: Limits) -> list[Evidence]:
    """Evidence where the same batch, or a handful of them, comes back."""
    same = repeated_stretch(mean, spread, limits.rounding, limits.repeated_steps)
    if same is not None:
        statement = (
            f"The generator was given the same batch of latents in {same.count} successive steps, from step "
            f"{same.first_step} to {same.last_step}: their mean and spread do not change.{same.ending}"
        )
    else:
        few = few_batches(mean, spread, limits.rounding, limits.window, limits.handful)
        if few is None:
            return []
        same, count = few
        statement = (
            f"From step {same.first_step} to {same.last_step} no more than {count} different batches of latents come "
            f"back again and again; every step should draw its own.{same.ending}"
        )
    observed = float(mean.loc[same.first_step])
    severity = Severity.CRITICAL if same.ongoing else Severity.WARNING
    return [Evidence("latent_mean", observed, None, same.first_step, same.last_step, statement, severity)]


def _small(spread: pd.Series[float], limits: Limits) -> list[Evidence]:
    """A word on latents that vary, but far less than usual."""
    found = longest_stretch((spread > 0) & (spread < limits.small), limits.small_steps)
    if found is None or not found.ongoing:
        return []
    observed = float(spread.loc[found.first_step : found.last_step].median())
    statement = (
        f"The latents vary by {observed:.2g} only, from step {found.first_step} on; 0.3 to 1 is usual. A generator "
        "with batch normalisation scales them up and need not suffer; one without may make images all alike."
    )
    return [
        Evidence("latent_spread", observed, limits.small, found.first_step, found.last_step, statement, Severity.INFO)
    ]


def _from_sampler(run: Run, limits: Limits) -> list[Evidence]:
    """What the latent sampler alone tells where the steps cannot be seen."""
    card = run.manifest.latent
    why = run.manifest.missing.get("latent_spread", "not recorded")
    if card is None or card.std is None or card.source == "assumed":
        raise NotEvaluated(f"The latents of the training steps were not seen: {why}.")
    if card.std > limits.rounding * _size(run):
        raise NotEvaluated(
            f"The latents of the training steps were not seen: {why}. Those that the monitor was given vary (standard "
            f"deviation {card.std:.3g})."
        )
    statement = (
        f"The latent sampler that the monitor was given returns one constant, {card.mean:.3g}; if training draws its "
        "latents the same way, the generator can make a single image only."
    )
    return [Evidence("latent_spread", card.std, limits.rounding * _size(run), 0, run.last_step, statement)]


def _look_like_labels(mean: pd.Series[float], spread: pd.Series[float], limits: Limits) -> bool:
    """Tell whether the numbers are those of one-hot labels: every row has the mean 1 / K, whatever its class."""
    middle = float(mean.median()) if len(mean) else 0.0
    if not 0.0 < middle <= 0.5 or not (spread > 0).any():
        return False
    classes = round(1.0 / middle)
    one_hot = ((mean * classes - 1.0).abs() <= 10 * limits.rounding).all()
    return bool(one_hot and (spread <= np.sqrt(middle * (1.0 - middle)) * (1 + 10 * limits.rounding)).all())


def _size(run: Run) -> float:
    """How large latents are: their largest magnitude, 1 where it is not known or smaller."""
    card = run.manifest.latent
    known = [abs(v) for v in (card.minimum, card.maximum) if v is not None] if card is not None else []
    return max([1.0, *known])


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the two ways there by what repeats."""
    constant = repeated = False
    if "latent_spread" in run and "latent_mean" in run:
        mean, spread = run["latent_mean"], run["latent_spread"]
        constant = longest_stretch(spread <= LIMITS.rounding * _size(run), LIMITS.constant_steps) is not None
        repeated = bool(_repeated(mean, spread, LIMITS))
        shown = "they are constant within the batch" if constant else "they vary within the batch"
        shown += ", and the same batches come back" if repeated else ", and differ from step to step"
    else:
        constant, shown = True, "the sampler that the monitor was given returns a constant"
    return [
        Cause(
            "degenerate-latents",
            "The latents themselves hardly vary",
            0.95 if constant else 0.4,
            "Print two rows of the latents of one step: they are equal, as from `np.zeros` or one row repeated. This "
            f"run: {shown}.",
        ),
        Cause(
            "seed-reset",
            "The seed is set inside the loop, or the latents are drawn once before it",
            0.2 if constant else 0.9 if repeated else 0.05,
            "Print the first row of the latents of two successive steps: they are equal although the rows of one step "
            f"differ. This run: {shown}.",
        ),
    ]


LIMITS = Limits()

RULE = Rule(
    id="GD007",
    name="degenerate-latent-noise",
    title="The latents the generator is given do not vary",
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("vary-latents",),
    references=(
        "Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014, algorithm 1: a minibatch of noise in every step",
        "R. Atienza, GAN by Example using Keras on TensorFlow Backend, 2017, problem 2",
    ),
    page=__doc__,
    after_warm_up=False,
    causes=causes,
    # Latents that vary may still be ignored.
    explains=Explanation(
        symptoms=("GD301", "GD303", "GD403", "GD404", "GD405", "GD407"),
        critical=0.96,
        warning=0.7,
        info=0.15,
        same_as=("degenerate-latents", "seed-reset", "latents-ignored"),
        refutes=("degenerate-latents", "seed-reset"),
    ),
)
