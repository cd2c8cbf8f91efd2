"""GD409: the samples were clearly better at an earlier step than they are now.

What it is
    Training has gone past its best. The samples came close to the real data, and have moved away from them since and
    stayed away.

Why it hurts
    The generator at the end of the training is not the one to keep, and nothing in the losses says so: they are a score
    between two players who both change, and may look better than ever. If only the last step is saved, the best one is
    lost.

How it is recognised
    By the samples alone. Quality is the kernel distance to the real data, in a random convolutional embedding and,
    where the data are digits, in the features of a digit classifier as well. The run is cut into windows of four probes
    and a fifth of the steps so far, and the median of the last window is compared with that of the best one. It must be
    several times worse, and more so where the run has swung before and come back, and worse by several standard
    deviations of what the distance is between real images. The other of the two distances must not say that samples
    have become better. Samples that are no longer finite count as infinitely bad.

What it is not
    The distance of a single probe is noisy, and the lowest of many is a stroke of luck: that is no best step. Nor is an
    early dip from which the run recovered, or a plateau with its ups and downs. Samples that never were good have not
    become worse, and a run that is slowly getting better is not finished. In the random embedding a missing digit
    hardly shows (mode-dropping GD404).

What to do
    Take the weights of the best step, if they were kept; if not, train again with BestGenerator and stop there. What
    began after the best step says why: a collapse, a discriminator that has memorised its images, players that go round
    in circles, updates that have grown too large.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gandoctor.message import Message, sentences
from gandoctor.rules.reading.late_values import median_between
from gandoctor.rules.rule import Evidence, NotEvaluated, Rule, Severity
from gandoctor.rules.samples.best_quality import QUALITY, Regression, regression
from gandoctor.rules.samples.quality_regression_causes import causes
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds on simulated plateaus and on the fault benchmark's calibration split.

    Attributes:
        ratio: Kernel distance now over that of the best window, both medians, over the largest excursion that the run
            came back from. Healthy calibration runs that the other distance does not contradict reached 2.3; what
            was rescaled in the middle of a run became 20 times as bad.
        null_sigmas: It must also be larger by this many standard deviations of the real-vs-real null (0.02 with 128
            digits, 0.03 to 0.04 with 64).
        agreement: Of the other kernel distance, the least it must be now over what it was at the best window: 1, it
            has not become better.
    """

    ratio: float = 2.5
    null_sigmas: float = 6.0
    agreement: float = 1.0


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on the kernel distances that have grown, with the best step."""
    kept = _kept(run)
    return [
        Evidence(
            worse.signal,
            worse.late,
            worse.threshold,
            worse.first_step,
            worse.last_step,
            sentences(_best(worse), *_now(worse), kept),
            Severity.CRITICAL if worse.late >= worse.start else Severity.WARNING,
            detail=worse,
        )
        for worse in _regressions(run, limits)
    ]


def _regressions(run: Run, limits: Limits) -> list[Regression]:
    """Return what has got worse, one for each quality that tells; empty where the other one contradicts it."""
    found: dict[str, Regression] = {}
    reasons = []
    for signal in QUALITY:
        if signal not in run:
            continue
        try:
            worse = regression(run, signal, limits.ratio, limits.null_sigmas)
        except NotEvaluated as reason:
            reasons.append(reason)
            continue
        if worse is not None and not _contradicted(run, worse, limits.agreement):
            found[signal] = worse
    if len(reasons) == sum(signal in run for signal in QUALITY):
        raise reasons[0]
    return list(found.values())


def _contradicted(run: Run, worse: Regression, agreement: float) -> bool:
    """Tell whether the other quality says that samples have become better since the best window of this one."""
    for other in QUALITY:
        then = median_between(run, other, worse.best_first, worse.best_last)
        now = median_between(run, other, worse.first_step, worse.last_step)
        if other != worse.signal and then is not None and now is not None and now < agreement * then:
            return True
    return False


def _best(worse: Regression) -> Message:
    """Say how good the samples were, and when."""
    values: dict[str, float] = {
        "step": worse.best_step,
        "distance": worse.best,
        "first": worse.best_first,
        "last": worse.best_last,
    }
    if worse.signal == "sample_class_kid":
        return Message(
            "The samples were best around step {step}: their kernel distance to the real data, in the features of a "
            "digit classifier, was {distance:.2g} (median of steps {first} to {last}).",
            **values,
        )
    return Message(
        "The samples were best around step {step}: their kernel distance to the real data, in a random convolutional "
        "embedding, was {distance:.2g} (median of steps {first} to {last}).",
        **values,
    )


def _now(worse: Regression) -> list[Message]:
    """Say how bad the samples are now, and since when."""
    if not math.isfinite(worse.late):
        return [Message("They have not been finite since step {since}.", since=worse.first_step)]
    if worse.best > 0:
        now = Message(
            "It is {now:.2g} now, {times:.1f} times as much, and has been too large since step {since}.",
            now=worse.late,
            times=worse.late / worse.best,
            since=worse.first_step,
        )
    else:
        now = Message(
            "It is {now:.2g} now, and has been too large since step {since}.", now=worse.late, since=worse.first_step
        )
    start = [Message("That is no better than at the start.")] if worse.late >= worse.start else []
    return [now, *start]


def _kept(run: Run) -> Message:
    """Say whether a guard has kept the weights of a better step."""
    for event in reversed(run.events):
        if event.kind == "checkpoint" and "keeper" in (event.model_extra or {}):
            return Message("The generator's weights of step {kept} were kept.", kept=event.step)
    return Message("No weights of that step are known to have been kept (BestGenerator keeps them).")


LIMITS = Limits()

RULE = Rule(
    id="GD409",
    name="quality-regression",
    title=Message("The samples were better at an earlier step"),
    severity=Severity.WARNING,
    requires=("sample_kid",),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "keep-best-generator",
        "average-generator-weights",
        "decay-learning-rates",
        "r1-regularisation",
        "minibatch-standard-deviation",
        "augment-discriminator-input",
        "lower-learning-rates-and-clip",
        "lower-discriminator-learning-rate",
    ),
    references=(
        "Binkowski et al., Demystifying MMD GANs, ICLR 2018 (the kernel distance; rates lowered by it)",
        "Karras et al., Training Generative Adversarial Networks with Limited Data, NeurIPS 2020 (best, then worse)",
        "Yazici et al., The Unusual Effectiveness of Averaging in GAN Training, ICLR 2019",
    ),
    page=__doc__,
    causes=causes,
)
