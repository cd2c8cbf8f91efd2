"""GD302: the discriminator cannot tell real from generated images, though the samples are clearly not real.

What it is
    The discriminator ranks real and generated images hardly better than a coin, step after step, while anybody could
    tell them apart. It does not train, is not allowed to, or is too weak for what it is shown.

Why it hurts
    All the generator knows of the data it knows through the discriminator. From one that sees no difference it learns
    nothing, or runs after its quirks. And the losses look perfect: 0.69 for both is the textbook equilibrium.

How it is recognised
    Two things at once, in 3 of 4 successive probes spanning at least 60 steps, after warm-up. The AUC of the
    discriminator (the chance that it scores a real image above a generated one) is at most 0.65. And the samples are
    clearly unlike the user's own reals: their kernel distance is far beyond what reals have among themselves, or
    neighbouring pixels correlate much less or more. The samples must not have been improving by the end of it either.

What it is not
    The same AUC and the same losses with good samples are the goal of the game: the best run of our first measurements
    had an AUC of 0.64 and losses of 0.69. A generator that is young, or late, but improving is being taught. A
    discriminator that tells them apart in training mode and not in inference mode has lagging batch normalisation
    (GD106) or much dropout. An AUC below 0.2 with scores far apart is a discriminator that sees the difference very
    well and was told to call it by the wrong name (GD008). The AUC needs no scale: critics of every loss are judged.

What to do
    See first whether it is trained at all (GD002) and whether the generator's step takes back what it learns (GD004).
    Then its dropout and its learning rate, and last its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gandoctor.loss_families import objective
from gandoctor.measures import null_bands
from gandoctor.message import Message, sentences
from gandoctor.rules.balance.ineffective_discriminator_causes import causes
from gandoctor.rules.reading.persistence import Episode, persistent_episode
from gandoctor.rules.reading.pixel_correlation import correlation_beneath_grain
from gandoctor.rules.reading.sample_progress import sample_progress
from gandoctor.rules.reading.young import judged_from
from gandoctor.rules.rule import Evidence, NotEvaluated, Rule, Severity
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

_AUC, _GAP = "d_auc", "d_logit_gap"
_KID, _CORRELATION = "sample_kid", "sample_autocorrelation"
_IN_TRAINING = ("d_real_accuracy_training", "d_fake_accuracy_training")
NEAR_EQUILIBRIUM = 0.2
"""Relative distance of the discriminator's loss from its equilibrium up to which the statement mentions it."""


@dataclass(frozen=True)
class Limits:
    """Thresholds, to be calibrated.

    Attributes:
        auc: Largest AUC of a discriminator that cannot tell. By chance 64 and 64 images give 0.5 +- 0.05; the 12
            healthy runs of the first round had 0.64 (the best samples) to 1.00.
        inverted_auc: Smallest AUC that is taken for not telling, where the scores lie apart: with one side's labels
            swapped it was 0.00.
        inverted_gap: Mean scores closer than this count as together whatever the AUC, in units of the score. A
            discriminator that never trained: 0.02 to 0.04 (and an AUC of 0.00: the generator has learnt what it
            happens to like); one with swapped labels: 41, with least squares up to 1.
        training_accuracy: Mean of both accuracies in training mode above which it does tell them apart there. An AUC
            of 0.65 allows about 0.62.
        kid: Kernel distance beyond the null's highest value from which samples are clearly unlike the reals. Runs
            with visible digits had 0.1 to 1.6 after 300 steps, one whose discriminator never trained 107 to 298.
        correlation: Distance of the correlation of neighbouring pixels from the null's mean, as in GD401 but to either
            side. Healthy runs: 0.01 to 0.05; two whose discriminator never trained: 0.09 and 0.21.
    """

    auc: float = 0.65
    inverted_auc: float = 0.2
    inverted_gap: float = 0.2
    training_accuracy: float = 0.7
    kid: float = 4.0
    correlation: float = 0.12


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence on the AUC, on what makes the samples unlike the reals, and on a loss that looks sound."""
    import pandas as pd

    unlike = _unlike(run, limits)
    if not unlike:
        raise NotEvaluated(
            Message("Whether the samples resemble the real images is not known: there are no reals to compare with.")
        )
    auc = run[_AUC].dropna()
    blind = _cannot_tell(run, auc, limits)
    differs = pd.DataFrame({name: far.reindex(auc.index, fill_value=False) for name, (far, _) in unlike.items()})
    episode = persistent_episode(blind & differs.any(axis=1), judged_from(run), young_until=warm_up_end(run))
    if episode is None:
        return []
    progress = sample_progress(run, episode.first_step, episode.last_step)
    if progress is not None and progress.state != "stuck":
        return []
    severity = episode.severity(Severity.CRITICAL if progress is not None else Severity.WARNING)
    observed = float(episode.of(auc).median())
    unknown = Message("Whether the samples improve was not recorded.")
    statement = sentences(
        Message(
            "The discriminator scores a real image above a generated one in {auc:.0%} of pairs; a coin does in 50%.",
            auc=observed,
        ),
        unknown if progress is None else progress.statement,
        episode.ending,
    )
    evidence = [Evidence(_AUC, observed, limits.auc, episode.first_step, episode.last_step, statement, severity)]
    for name, (far, limit) in unlike.items():
        if bool(far.reindex(auc.index, fill_value=False).loc[episode.first_step : episode.last_step].mean() >= 0.5):
            value = float(episode.of(run[name]).median())
            first, last = episode.first_step, episode.last_step
            evidence.append(Evidence(name, value, limit, first, last, _apart(run, name, value), severity))
    return [*evidence, *_sound_loss(run, episode, severity)]


def _cannot_tell(run: Run, auc: pd.Series[float], limits: Limits) -> pd.Series[bool]:
    """Tell at which probes the discriminator neither separates reals from fakes nor has them the wrong way round."""
    inverted = auc < limits.inverted_auc
    if _GAP in run:
        inverted &= ~(run[_GAP].reindex(auc.index).abs() <= limits.inverted_gap)
    blind = (auc <= limits.auc) & ~inverted
    if all(name in run for name in _IN_TRAINING):
        real, fake = (run[name].reindex(auc.index) for name in _IN_TRAINING)
        blind &= ~((real + fake) / 2 > limits.training_accuracy)
    return blind


def _unlike(run: Run, limits: Limits) -> dict[str, tuple[pd.Series[bool], float]]:
    """Return signal -> at which probes the samples are unlike the reals, and by which limit."""
    bands = null_bands(run)
    found: dict[str, tuple[pd.Series[bool], float]] = {}
    if _KID in run and _KID in bands:
        limit = bands[_KID].high + limits.kid
        found[_KID] = (run[_KID] > limit, limit)
    if _CORRELATION in run and _CORRELATION in bands:
        normal = bands[_CORRELATION].mean
        correlation = correlation_beneath_grain(run)
        low, high = normal - limits.correlation, normal + limits.correlation
        limit = low if float(correlation.iloc[-1]) < normal else high
        found[_CORRELATION] = ((correlation < low) | (correlation > high), limit)
    return found


def _apart(run: Run, name: str, value: float) -> Message:
    band = null_bands(run)[name]
    if name == _KID:
        return Message(
            "The samples' kernel distance to the real data is {kid:.3g}, that of other reals {reals:.2g}.",
            kid=value,
            reals=band.high,
        )
    return Message(
        "Neighbouring pixels of samples correlate by {samples:.2f}, those of your real images by {reals:.2f}.",
        samples=value,
        reals=band.mean,
    )


def _sound_loss(run: Run, episode: Episode, severity: Severity) -> list[Evidence]:
    """Return the remark that the loss looks like an equilibrium, where it does."""
    known = objective(run.manifest.loss_family)
    equilibrium = known.d_equilibrium if known is not None else None
    if equilibrium is None or "d_loss" not in run or not len(losses := episode.of(run["d_loss"]).dropna()):
        return []
    loss = float(losses.median())
    if abs(loss - equilibrium) > NEAR_EQUILIBRIUM * equilibrium:
        return []
    statement = Message(
        "The discriminator's loss of {loss:.2g} is about that at equilibrium ({equilibrium:.3g}): by the losses alone "
        "this would be a perfect run.",
        loss=loss,
        equilibrium=equilibrium,
    )
    return [Evidence("d_loss", loss, equilibrium, episode.first_step, episode.last_step, statement, severity)]


LIMITS = Limits()

RULE = Rule(
    id="GD302",
    name="ineffective-discriminator",
    title=Message("The discriminator cannot tell real from generated images that clearly differ"),
    severity=Severity.CRITICAL,
    requires=(_AUC,),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "set-trainable-per-phase",
        "separate-variable-lists",
        "raise-discriminator-learning-rate",
        "dropout-rate",
        "enlarge-discriminator",
        "consistent-labels",
    ),
    references=(
        "Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014, proposition 1 (what the discriminator tends to)",
        "Lopez-Paz and Oquab, Revisiting Classifier Two-Sample Tests, ICLR 2017 (what a classifier at chance says)",
        "keras-team/keras issue 4674 and eriklindernoren/Keras-GAN issues 22, 73 and 91 (what trains when)",
    ),
    page=__doc__,
    causes=causes,
)
