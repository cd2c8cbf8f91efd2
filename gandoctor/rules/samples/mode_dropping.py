"""GD404: parts of the data are missing from the samples, though the rest is varied.

What it is
    The generator makes good and different images, but some kinds of them never: no 4 and no 9 among its digits, or no
    image at all in a region of the data that holds a fifth of it.

Why it hurts
    No single image and no loss shows it, and neither do distances between samples. Whatever the samples are used for
    lacks what they lack.

How it is recognised
    In two spaces, either of which is enough. For data of digits, a classifier sorts the last 256 samples. A digit is
    missing if its share, averaged over 200 steps, stays below a tenth of its share in your own reals; the effective
    number of digits must lie below that of the reals too, so that a classifier that is merely unsure finds nothing. For
    any data, the reals are cut into regions by k-means: the share of the data in regions that hardly any sample falls
    into must lie above that of resampled reals by a margin in 3 of 4 probes over 200 steps. Both are judged from 500
    steps after warm-up on and must hold in 3 of 4 successive probes that span at least 60 steps.

What it is not
    Data without a digit set their own standard: what the reals lack cannot be missing. Young generators make too many
    of one kind and too few of another; few is not none. Where the samples are copies of each other, mode-collapse
    (GD403) says more and this is a remark. Where they show nothing that could be sorted, because they look like noise
    (GD401) or are blank (GD405), this rule is silent; where they are far from any digit, what the classifier misses is
    a remark. A kind that is one of many within a region or a digit, such as one way to write a 7, may go missing
    unseen, and so may a digit of less than 3 % of the data at this number of samples.

What to do
    Check that the real batches hold what is missing, and wait as long as less is missing from probe to probe. Then let
    the discriminator see several images at once (minibatch standard deviation, packing): one by one it cannot know that
    anything is missing. R1 keeps it from forgetting what the generator has left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from gandoctor.message import Message, counted, sentences
from gandoctor.rules.reading.persistence import SHARE, SPAN_STEPS, Episode, persistent_episode
from gandoctor.rules.reading.sample_progress import severity_while_learning
from gandoctor.rules.rule import Evidence, NotEvaluated, Rule, Severity
from gandoctor.rules.samples import blank_samples, mode_collapse, noise_like_samples
from gandoctor.rules.samples.mode_dropping_causes import causes
from gandoctor.rules.samples.real_bands import real_bands
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

_MISSING = "sample_missing_share"
_PERPLEXITY = "sample_class_perplexity"
_SHARES = "sample_class_share"
_NOISE = "sample_noise_sigma"
_CLASS_KID = "sample_class_kid"

_Found = TypeVar("_Found")
_Limits = TypeVar("_Limits")

WINDOW_STEPS = 200
"""Steps that shares are averaged over: successive values share most of their 256 samples."""
YOUNG_STEPS = 500
"""Steps after warm-up in which missing parts are not judged: in the benchmark's calibration split half of the healthy
runs lacked a digit or a fifth of the data between steps 330 and 600, and found them later."""


@dataclass(frozen=True)
class Limits:
    """Set on made sets of digits and two reference runs; to be calibrated on runs.

    Attributes:
        digit_share: Average share of a digit over its share in the reals. In a healthy run the rarest digit had 0.2 at
            step 425 and 0.4 at 585; of 256 reals without it, at most 0.1 were taken for it all the same.
        least_share: Share of the reals from which a digit is judged: of 256 samples, 8.
        perplexity: Effective number of digits over that of the reals. 256 other reals have 0.98 to 1.00, those without
            one digit 0.87 to 0.92; images of which the classifier is unsure come out at 1.
        noise_sigma: Pixel noise above the highest of the null, less than for GD402, beyond which what a classifier
            misses is a remark: in the calibration split it missed a digit in three of six dense GANs, whose images
            carry noise of 0.09 and show all ten by the oracle.
        class_kid: Kernel distance to the reals in the classifier's features beyond which what it misses is a remark:
            real digits of 5 kinds of 10 are 0.21 away, of 9 kinds 0.02. Small healthy generators stay 0.3 to 1 away,
            and in calibration runs a digit was taken for another there that a sixteenth of the samples showed by the
            oracle.
        missing_share: Share of the data in missing regions, above the highest of the null. Healthy runs had 0.04 to
            0.05 after step 425; 256 reals of 5 of the 10 digits had 0.04 to 0.30, of all 10 none.
    """

    digit_share: float = 0.1
    least_share: float = 0.03
    perplexity: float = 0.95
    noise_sigma: float = 0.015
    class_kid: float = 0.3
    missing_share: float = 0.15


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on missing digits, on missing regions, or on both."""
    judged_from = warm_up_end(run) + YOUNG_STEPS
    if run.last_step < judged_from + SPAN_STEPS:
        raise NotEvaluated(
            Message(
                "Missing parts are judged from step {start} on, {steps} steps after warm-up; the run is at step "
                "{step}.",
                start=judged_from + SPAN_STEPS,
                steps=YOUNG_STEPS + SPAN_STEPS,
                step=run.last_step,
            )
        )
    evidence, reasons = [], []
    for look in (_digits, _regions):
        try:
            evidence += look(run, limits, judged_from)
        except NotEvaluated as reason:
            reasons.append(reason)
    if reasons and not evidence:
        raise reasons[-1]
    copies = _collapsed(run)
    return [
        _remark(e) if any(first <= e.last_step and e.first_step <= last for first, last in copies) else e
        for e in evidence
    ]


def _digits(run: Run, limits: Limits, judged_from: int) -> list[Evidence]:
    """Return evidence on digits that the reals have and the samples lack; none where the data are no digits."""
    import pandas as pd

    from gandoctor.measures.digits import class_perplexity, class_shares, real_probabilities

    sorted_reals = real_probabilities(run)
    if sorted_reals is None or _PERPLEXITY not in run:
        return []
    real, normal = class_shares(sorted_reals), class_perplexity(sorted_reals)
    shares = {int(m): series for m, series in run.family(_SHARES).items() if m.isdecimal() and int(m) < len(real)}
    judged = {digit: series for digit, series in shares.items() if real[digit] >= limits.least_share}
    perplexity = over_window(run[_PERPLEXITY])
    absent = pd.DataFrame({d: over_window(series) < limits.digit_share * real[d] for d, series in judged.items()})
    absent = absent.reindex(perplexity.index, fill_value=False)
    limit = limits.perplexity * normal
    holds = absent.any(axis=1) & (perplexity < limit) & _can_be_sorted(run, perplexity.index)
    episode = persistent_episode(holds, judged_from)
    if episode is None:
        return []
    often = absent.loc[episode.first_step : episode.last_step].mean()
    missing = sorted(often.index[often >= 0.5 * often.max()])
    observed = float(episode.of(perplexity).median())
    lacking = counted(
        "The digit {digits} is missing from the samples; it makes up {share:.0%} of your data.",
        "The digits {digits} are missing from the samples; together they make up {share:.0%} of your data.",
        len(missing),
        digits=tuple(str(digit) for digit in missing),
        share=float(sum(real[d] for d in missing)),
    )
    effective = Message(
        "The samples hold {effective:.1f} digits in effect, your real images {normal:.1f}, in the features of a "
        "digit classifier.",
        effective=observed,
        normal=float(normal),
    )
    severity, *passing = _severity(run, episode, limits)
    if _noisy(run, episode, limits):
        severity = Severity.INFO
        passing.append(Message("Noise on the samples (GD402) may mislead the classifier."))
    statement = sentences(lacking, effective, episode.ending, *passing)
    return [Evidence(_PERPLEXITY, observed, limit, episode.first_step, episode.last_step, statement, severity)]


def _regions(run: Run, limits: Limits, judged_from: int) -> list[Evidence]:
    """Return evidence on regions of the reals that hardly any sample falls into."""
    band = real_bands(run).get(_MISSING)
    normal = band.high if band is not None else 0.0  # of as many reals, none is missing
    limit = limits.missing_share + normal
    missing = over_window(run[_MISSING], SHARE)
    episode = persistent_episode((missing > limit) & _can_be_sorted(run, missing.index), judged_from)
    if episode is None:
        return []
    observed = float(episode.of(missing).median())
    lacking = Message(
        "The samples cover only about {share:.0%} of your data: hardly any falls into the regions that hold the other "
        "{missing:.0%}. As many real images would miss {normal:.0%} at most. Regions are told apart by pixels.",
        share=1.0 - observed,
        missing=observed,
        normal=normal,
    )
    severity, *passing = _severity(run, episode, limits)
    statement = sentences(lacking, episode.ending, *passing)
    return [Evidence(_MISSING, observed, limit, episode.first_step, episode.last_step, statement, severity)]


def _severity(run: Run, episode: Episode, limits: Limits) -> tuple[Severity, Message | None, Message | None]:
    """Return the severity of a stretch, and up to two sentences on why it is only a remark."""
    severity, passing = severity_while_learning(run, episode, episode.severity(Severity.WARNING), must_last=True)
    distance = episode.of(run[_CLASS_KID]) if _CLASS_KID in run else None
    if severity is Severity.INFO or distance is None or not len(distance) or not distance.median() > limits.class_kid:
        return severity, passing, None
    far = Message(
        "To a classifier all samples are {distance:.2f} away from your digits, more than missing ones alone would "
        "make. It may mistake what it sees.",
        distance=float(distance.median()),
    )
    return Severity.INFO, None, far


def _noisy(run: Run, episode: Episode, limits: Limits) -> bool:
    """Tell whether the samples of a stretch carry pixel noise, which the classifier was not trained on."""
    band = real_bands(run).get(_NOISE)
    noise = episode.of(run[_NOISE]) if _NOISE in run else None
    return band is not None and noise is not None and bool(noise.median() > band.high + limits.noise_sigma)


def over_window(series: pd.Series[float], share: float | None = None) -> pd.Series[float]:
    """Return the mean over the last 200 steps, from the first step that has as many behind it.

    Args:
        series: A signal.
        share: Of the values in a window that are at least what is returned in place of the mean.
    """
    import pandas as pd

    clock = pd.Series(series.to_numpy(), index=pd.to_timedelta(series.index.to_numpy(), unit="s"))
    windows = clock.rolling(f"{WINDOW_STEPS}s", min_periods=1)
    values = windows.mean() if share is None else windows.quantile(1 - share)
    result = pd.Series(values.to_numpy(), index=series.index)
    return result[result.index >= series.index[0] + WINDOW_STEPS] if len(series) else result


def _can_be_sorted(run: Run, steps: pd.Index) -> pd.Series[bool]:
    """Tell at which steps a window holds no samples that look like noise or are blank."""
    import pandas as pd

    result = pd.Series(True, index=steps)
    noise = _if_known(run, noise_like_samples.SIGNALS, noise_like_samples.find_noise, noise_like_samples.LIMITS)
    blank = _if_known(run, blank_samples.SIGNALS, blank_samples.find_blank, blank_samples.LIMITS)
    for found in (noise, blank):
        if found is not None:
            result.loc[found.episode.first_step : found.episode.last_step + WINDOW_STEPS - 1] = False
    return result


def _collapsed(run: Run) -> list[tuple[int, int]]:
    """Return the stretches in which the samples are copies of each other."""
    signs = _if_known(run, mode_collapse.SIGNALS, mode_collapse.find_collapse, mode_collapse.LIMITS) or []
    return [(sign.first_step, sign.last_step) for sign in signs]


def _if_known(
    run: Run, signals: tuple[str, ...], find: Callable[[Run, _Limits], _Found | None], limits: _Limits
) -> _Found | None:
    """Return what a reading of some signals finds; None also where the run does not hold enough to decide."""
    if any(name not in run for name in signals):
        return None
    try:
        return find(run, limits)
    except NotEvaluated:
        return None


def _remark(evidence: Evidence) -> Evidence:
    copies = Message("The samples are also copies of each other (GD403), which says more.")
    return replace(evidence, statement=sentences(evidence.statement, copies), severity=Severity.INFO)


LIMITS = Limits()

RULE = Rule(
    id="GD404",
    name="mode-dropping",
    title=Message("Parts of the data are missing from the samples"),
    severity=Severity.WARNING,
    requires=(_MISSING,),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "minibatch-standard-deviation",
        "pack-images",
        "r1-regularisation",
        "modern-baseline",
        "feed-varied-batches",
        "vary-latents",
        "train-longer",
    ),
    references=(
        "Richardson and Weiss, On GANs and GMMs, NeurIPS 2018 (regions of the data, counted)",
        "Lin et al., PacGAN: The power of two samples in generative adversarial networks, NeurIPS 2018",
        "Srivastava et al., VEEGAN, NeurIPS 2017 (classes found missing by a classifier)",
    ),
    page=__doc__,
    causes=causes,
)
