"""GD007: the latents that the generator is given do not vary.

What it is
    All images of a batch are made from one latent, or every step is given the same batch of latents, or only a handful
    of batches comes back again and again. The usual reasons are `np.zeros` in place of noise, a seed that is set
    inside the loop, and latents drawn once before it.

Why it hurts
    A generator is a function of its latents: it cannot make more different images than it is given latents. The
    discriminator soon knows them all and its loss goes to zero. The same image in every place looks like mode
    collapse, although the generator is not to blame.

How it is recognised
    The check is exact: it uses mean and spread of the latents in each training step, also during warm-up. It looks for
    a spread of 0 within the batch in two successive steps, for both numbers the same as in the step before for ten
    steps in a row, and for no more than 16 different pairs of numbers in 200 steps. Where the steps cannot be seen,
    only the latent sampler that the monitor was given can be checked: for a standard deviation of 0.

What it is not
    Small latents are latents. Latents 0.01 times the usual size did no visible harm in our measurements, because batch
    normalisation scales them up; they are only mentioned. The latents of the monitor's own probes are the same on
    purpose and are not judged. A batch of a single image has no spread, and neither have its real images; its mean
    has to change instead. Labels in place of latents, the same classes in every batch, are not noise. Samples that are
    all alike although the latents vary are mode collapse (GD403).

What to do
    Draw new latents for every batch, and again for the generator's own step. Seed once, before the loop. Look at what
    the generator is really given: two rows of one batch should differ, and so should the first rows of two successive
    batches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gandoctor.message import Message, sentences
from gandoctor.rules.hypotheses.players import DEGENERATE_LATENTS
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.reading.repetition import Stretch, few_batches, longest_stretch, repeated_stretch, same_as_before
from gandoctor.rules.rule import Cause, Evidence, Explanation, Found, NotEvaluated, Rule, Severity, why_missing
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

SEED_RESET = Hypothesis(
    "seed-reset",
    Message("The seed is set inside the loop, or the latents are drawn once before it"),
    Message(
        "Print the first row of the latents of two successive steps: they are equal, although the rows of one step "
        "differ."
    ),
)


@dataclass(frozen=True)
class Limits:
    """Thresholds. Anything that varies varies by far more; they only allow for rounding and for chance.

    Attributes:
        rounding: Relative to the size of the latents: a spread or a difference that float32 explains. Measured on
            constant rows: up to 6e-8. The spread of latents 0.01 times the usual size is 6e-3.
        constant_steps: Successive steps without spread: the last batch of an epoch may be a single image.
        repeated_steps: Successive steps with the same batch. Judgement; even two do not happen by chance.
        window: Steps in which the different batches are counted.
        handful: Batches among them that count as a handful. Judgement: 200 steps should see 200.
        small: Spread below which latents are mentioned: ten times below what is in use (uniform on [0, 1]: 0.29).
        small_steps: Steps for which they must have been that small.
    """

    rounding: float = 1e-6
    constant_steps: int = 2
    repeated_steps: int = 10
    window: int = 200
    handful: int = 16
    small: float = 0.03
    small_steps: int = 20


@dataclass(frozen=True)
class Repetition:
    """What repeats in the latents of the training steps.

    Attributes:
        within: Whether all latents of a batch were the same in some steps.
        between: Whether the same batches come back.
    """

    within: bool
    between: bool


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return what shows in the spread within batches and in what repeats from step to step."""
    import pandas as pd

    if "latent_spread" not in run or "latent_mean" not in run:
        return _from_sampler(run, limits)
    table = pd.DataFrame({"mean": run["latent_mean"], "spread": run["latent_spread"]}).dropna()
    if table.empty:
        raise NotEvaluated(Message("No batch of latents with finite values was recorded."))
    mean, spread = table["mean"], table["spread"]
    if _look_like_labels(mean, spread, limits):
        raise NotEvaluated(Message("The generator's first input looks like one-hot labels, not like noise."))
    within = longest_stretch(spread <= limits.rounding * _size(run), limits.constant_steps)
    repeated = _repeated(mean, spread, limits)
    evidence = [*_constant(run, within, mean, spread, limits), *repeated] or _small(spread, limits)
    repetition = Repetition(within=within is not None, between=bool(repeated))
    return [replace(one, detail=repetition) for one in evidence]


def _constant(
    run: Run, within: Stretch | None, mean: pd.Series[float], spread: pd.Series[float], limits: Limits
) -> list[Evidence]:
    """Return evidence where the images of a batch share one latent."""
    if within is None:
        return []
    first, last = within.first_step, within.last_step
    severity = Severity.CRITICAL if within.ongoing else Severity.WARNING
    excuse = None
    if not same_as_before(mean.loc[first:last], spread.loc[first:last], limits.rounding).iloc[1:].all():
        # The one latent changes from step to step. So do batches of a single image.
        reals = run["real_spread"].loc[first:last] if "real_spread" in run else None
        if reals is not None and (reals == 0).all():
            return []
        if reals is None:
            severity = Severity.WARNING
            excuse = Message("This is correct if your batches hold a single image.")
    statement = Message(
        "Every image of a batch was given the same latent in {steps} successive steps, from step {first} to {last}.",
        steps=within.count,
        first=first,
        last=last,
    )
    observed, threshold = float(spread.loc[first:last].max()), limits.rounding * _size(run)
    told = sentences(statement, within.ending, excuse)
    return [Evidence("latent_spread", observed, threshold, first, last, told, severity)]


def _repeated(mean: pd.Series[float], spread: pd.Series[float], limits: Limits) -> list[Evidence]:
    """Return evidence where the same batch, or a handful of them, comes back."""
    found = repeated_stretch(mean, spread, limits.rounding, limits.repeated_steps)
    if found is not None:
        statement = Message(
            "The generator was given the same batch of latents in {steps} successive steps, from step {first} to "
            "{last}: their mean and spread do not change.",
            steps=found.count,
            first=found.first_step,
            last=found.last_step,
        )
    else:
        few = few_batches(mean, spread, limits.rounding, limits.window, limits.handful)
        if few is None:
            return []
        found, count = few
        statement = Message(
            "From step {first} to {last} no more than {batches} different batches of latents keep coming back. "
            "Every step should draw its own.",
            batches=count,
            first=found.first_step,
            last=found.last_step,
        )
    observed = float(mean.loc[found.first_step])
    severity = Severity.CRITICAL if found.ongoing else Severity.WARNING
    told = sentences(statement, found.ending)
    return [Evidence("latent_mean", observed, None, found.first_step, found.last_step, told, severity)]


def _small(spread: pd.Series[float], limits: Limits) -> list[Evidence]:
    """Return a remark on latents that vary, but far less than usual."""
    found = longest_stretch((spread > 0) & (spread < limits.small), limits.small_steps)
    if found is None or not found.ongoing:
        return []
    observed = float(spread.loc[found.first_step : found.last_step].median())
    statement = Message(
        "The latents vary by only {spread:.2g} from step {first} on; 0.3 to 1 is usual. A generator with batch "
        "normalisation scales them up and need not suffer; one without may make all images alike.",
        spread=observed,
        first=found.first_step,
    )
    return [
        Evidence("latent_spread", observed, limits.small, found.first_step, found.last_step, statement, Severity.INFO)
    ]


def _from_sampler(run: Run, limits: Limits) -> list[Evidence]:
    """Return what the latent sampler alone shows where the steps cannot be seen."""
    card = run.manifest.latent
    unseen = Message("The latents of the training steps were not seen: {why}.", why=why_missing(run, "latent_spread"))
    if card is None or card.std is None or card.mean is None or card.source == "assumed":
        raise NotEvaluated(unseen)
    if card.std > limits.rounding * _size(run):
        varied = Message("Those that the monitor was given vary (standard deviation {spread:.3g}).", spread=card.std)
        raise NotEvaluated(sentences(unseen, varied))
    statement = Message(
        "The latent sampler that the monitor was given returns the constant {constant:.3g}. If training draws its "
        "latents the same way, the generator can make only one image.",
        constant=card.mean,
    )
    threshold = limits.rounding * _size(run)
    return [Evidence("latent_spread", card.std, threshold, 0, run.last_step, statement)]


def _look_like_labels(mean: pd.Series[float], spread: pd.Series[float], limits: Limits) -> bool:
    """Tell whether the numbers are those of one-hot labels: every row has the mean 1 / K, whatever its class."""
    middle = float(mean.median()) if len(mean) else 0.0
    if not 0.0 < middle <= 0.5 or not (spread > 0).any():
        return False
    classes = round(1.0 / middle)
    one_hot = ((mean * classes - 1.0).abs() <= 10 * limits.rounding).all()
    return bool(one_hot and (spread <= np.sqrt(middle * (1.0 - middle)) * (1 + 10 * limits.rounding)).all())


def _size(run: Run) -> float:
    """Return how large latents are: their largest magnitude, 1 where it is smaller or not known."""
    card = run.manifest.latent
    known = [abs(v) for v in (card.minimum, card.maximum) if v is not None] if card is not None else []
    return max([1.0, *known])


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the two ways there by what repeats. The scores are judgement."""
    if not found.details:
        within, between = True, False
        shown = Message("the sampler that the monitor was given returns a constant")
    else:
        repetition: Repetition = found.details[0]
        within, between = repetition.within, repetition.between
        shown = _shown(repetition)
    rows = Message(
        "Print two rows of the latents of one step: they are equal, as from `np.zeros` or from repeating one row."
    )
    return [
        DEGENERATE_LATENTS.cause(0.95 if within else 0.4, shown, rows),
        SEED_RESET.cause(0.2 if within else 0.9 if between else 0.05, shown),
    ]


def _shown(repetition: Repetition) -> Message:
    if repetition.within:
        if repetition.between:
            return Message("they are constant within the batch, and the same batches come back")
        return Message("they are constant within the batch, and differ from step to step")
    if repetition.between:
        return Message("they vary within the batch, and the same batches come back")
    return Message("they vary within the batch, and differ from step to step")


LIMITS = Limits()

RULE = Rule(
    id="GD007",
    name="degenerate-latent-noise",
    title=Message("The generator's latents do not vary"),
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
        symptoms=("GD301", "GD303", "GD403", "GD404", "GD405", "GD407", "GD411"),
        critical=0.96,
        warning=0.7,
        info=0.15,
        same_as=("degenerate-latents", "seed-reset", "latents-ignored"),
        refutes=("degenerate-latents", "seed-reset"),
    ),
)
