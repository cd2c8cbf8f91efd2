"""GD010: the networks behave differently in training and in inference mode.

What it is
    Batch normalisation and dropout turn one network into two. Training mode depends on the batch at hand, inference
    mode on moving averages. Where the two differ much, the generator one samples from is not the one that was trained.
    Where one step runs in one mode and the other step in the other, the players do not even meet. Samples that are
    drawn one by one in training mode are normalised by themselves and lose what tells them apart. The same happens to
    a discriminator whose batch normalisation sees real and generated images together in one step and generated ones
    alone in the other.

Why it hurts
    The discriminator learns to reject images that the generator never makes in its own step, and the generator is told
    that all is well. Both losses can be low while the images are noise.

How it is recognised
    By the images: those of training mode and of inference mode, from the same latents, differ by more than the spread
    of the images, in 3 of 4 successive probes over at least 60 steps, after warm-up; by half of it where the momentum
    of batch normalisation tells that its averages still hold much of what they began with, or where training gives it
    one input at a time. And by the losses alone: if both steps saw the same networks, the generator's loss could not be
    below -ln(1 - exp(-2 L_D)) (non-saturating cross-entropy, by Jensen's inequality, whatever the networks). A running
    median over 60 steps that stays more than 3 nats below it cannot come from one game. Other families have bounds of
    their own. And by the samples that the program itself makes outside of the steps: up to 8 at a time, in training
    mode, with less than half of the spread that the generator's have, or twice as far from the data, unless training
    makes as few at a time.

What it is not
    Early in training moving averages lag behind: a gap of 14 in the first step is normal, 0.04 to 0.31 after step 100.
    Blank images, in either mode, have no spread to compare with. A dropout of 0.4 or batch normalisation with a
    momentum of 0.9 stay far below. Reversed labels also make both losses low. Where the first updates of the players
    show them, or where nothing separates the two and both losses are near their floor, it is GD008. Batch
    normalisation in the discriminator is not a fault while real and generated images have separate batches: its batch
    gap alone means nothing.

What to do
    Lower the momentum of batch normalisation to 0.9 or less: its memory is about 1 / (1 - momentum) steps. Make the
    discriminator's fakes as the generator's step makes them, with training=True. Remove batch normalisation from the
    discriminator, or give it real and generated images in separate batches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gandoctor.message import Message, sentences
from gandoctor.rules.contracts.train_inference_mismatch_causes import causes, normalises_single_inputs
from gandoctor.rules.hypotheses.networks import layer_settings
from gandoctor.rules.reading.drawn import HALF, drawn_cards, is_one_by_one
from gandoctor.rules.reading.persistence import persistent_episode
from gandoctor.rules.reading.phase_agreement import excess, running_jensen_residual
from gandoctor.rules.reading.phase_blame import blame
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity, why_missing
from gandoctor.rules.warm_up import contract_warm_up_end
from gandoctor.store import Run
from gandoctor.store.cards import DrawnCard


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        images: Difference of the generator's two modes in spreads of its images. Healthy runs of the first round of
            measurements had 0.04 to 0.31 after step 100; 0.6 with a dropout of 0.9 and 2.6 with a momentum of 0.999.
            Nine more healthy runs had 0.02 to 0.41, the latter with 0.999 in both steps.
        lagging: The same while moving averages are known to lag, or were trained on batches of one. Healthy runs of the
            calibration split had 0.24 to 0.33 at their end, runs whose generator stands still up to 0.91.
        begun: Share that what a moving average began with still has in it, from which it lags: its momentum to the
            power of the updates. Judgement.
        contrast: Standard deviation of the images, in the data's range, below which they are blank.
        residual: Nats by which the generator's loss lies below its bound. Healthy runs of the first round had medians
            of -1.3 to 0.5 and single values up to 4.6, failing ones 8.6 and 9.4. In a second round running medians
            stayed below -0.39 in 29 healthy runs and reached 5.2 to 8.9 in six whose steps differed.
        excess: For the other families, as in GD008.
    """

    images: float = 1.0
    lagging: float = 0.5
    begun: float = 0.1
    contrast: float = 0.01
    residual: float = 3.0
    excess: float = 0.5


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return what the losses and the generator's images show.

    Raises:
        NotEvaluated: Neither shows anything and the images of both modes were not compared. Losses that do not bound
            each other leave the images to decide.
    """
    evidence = [_one_by_one(card) for card in drawn_cards(run) if is_one_by_one(run, card)]
    reasons: list[Message] = []
    compared = "sample_train_infer_gap" in run
    for judge in (_losses_apart, _images_apart):
        try:
            evidence += judge(run, limits)
        except NotEvaluated as reason:
            reasons.append(reason.reason)
    if not evidence and (len(reasons) == 2 or not compared):
        raise NotEvaluated(sentences(*reasons))
    return evidence


def _one_by_one(card: DrawnCard) -> Evidence:
    """Return evidence on samples that were drawn one by one, or few at a time, in training mode."""
    spread = card.spread
    assert spread is not None
    statement = Message(
        "At step {step} the program draws samples {count} at a time in training mode, where batch normalisation takes "
        "their own mean and spread away: they have {spread:.2g} of the spread of the generator's own from the same "
        "latents.",
        step=card.step,
        count=card.at_a_time,
        spread=spread,
    )
    if not spread < HALF:
        apart = Message(
            "They are {distance:.2g} from the real data, in mean distances among these, where those are {own:.2g}.",
            distance=card.distance or 0.0,
            own=card.own_distance or 0.0,
        )
        statement = sentences(statement, apart)
    severity = Severity.CRITICAL if spread < HALF else Severity.WARNING
    signal, step = "sample_train_infer_gap", card.step
    return Evidence(signal, spread, HALF, step, step, statement, severity, detail="one-by-one")


def _losses_apart(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where the losses cannot belong to one game and the players' objectives are not to blame."""
    judged_from = contract_warm_up_end(run)
    both_win = persistent_episode(excess(run) > limits.excess, judged_from)
    if run.manifest.loss_family == "non_saturating":
        residual = running_jensen_residual(run)
        episode = persistent_episode(residual > limits.residual, judged_from)
    else:
        episode = both_win
    if episode is None:
        return []
    to_blame = blame(run, episode.first_step)
    if to_blame == "objectives" or (to_blame == "unknown" and both_win is not None):
        return []
    confirmed = to_blame == "networks" or run.manifest.loss_family_source == "inferred"
    severity = episode.severity(Severity.CRITICAL if confirmed else Severity.WARNING)
    d_loss, g_loss = (float(episode.of(run[name]).median()) for name in ("d_loss", "g_loss"))
    bound: float | None = None
    if run.manifest.loss_family == "non_saturating":
        below = float(episode.of(residual).median())
        bound = g_loss + below
        statement = Message(
            "With a discriminator loss of {d_loss:.2g}, the generator's loss must be at least {bound:.2g}. It is "
            "{g_loss:.2g}, {below:.1f} nats less. The generator's images or the discriminator differ between the two "
            "steps.",
            d_loss=d_loss,
            bound=bound,
            g_loss=g_loss,
            below=below,
        )
    else:
        statement = Message(
            "The median losses are {d_loss:.2g} and {g_loss:.2g}. Two players that see the same networks cannot both "
            "have losses so low.",
            d_loss=d_loss,
            g_loss=g_loss,
        )
    told = sentences(statement, episode.ending)
    return [Evidence("g_loss", g_loss, bound, episode.first_step, episode.last_step, told, severity)]


def _images_apart(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where the generator's images depend on the mode."""
    import pandas as pd

    if "sample_train_infer_gap" not in run:
        why = why_missing(run, "sample_train_infer_gap")
        raise NotEvaluated(Message("The generator's images in both modes were not compared: {why}.", why=why))
    gap = run["sample_train_infer_gap"]
    contrast = run["sample_std"].reindex(gap.index) if "sample_std" in run else pd.Series(np.nan, index=gap.index)
    lag = _batches_of_one(run) or _lag(run, limits)
    limit = limits.images if lag is None else limits.lagging
    holds = (gap > limit) & ~(contrast < limits.contrast)
    episode = persistent_episode(holds, contract_warm_up_end(run))
    if episode is None:
        return []
    observed = float(episode.of(gap).median())
    statement = Message(
        "From the same latents, the generator's images in training mode and in inference mode differ by {gap:.2g} "
        "times their spread: you do not sample from the generator you train.",
        gap=observed,
    )
    return [
        Evidence(
            "sample_train_infer_gap",
            observed,
            limit,
            episode.first_step,
            episode.last_step,
            sentences(statement, lag, episode.ending),
            episode.severity(Severity.WARNING),
        )
    ]


def _batches_of_one(run: Run) -> Message | None:
    """Return that batch normalisation is trained on one input at a time; None where it is not, or that is unknown."""
    if not normalises_single_inputs(run):
        return None
    return Message(
        "In training the generator is given one input at a time, and batch normalisation takes its own mean and spread "
        "out of it; in inference mode it does not."
    )


def _lag(run: Run, limits: Limits) -> Message | None:
    """Return what of their beginning is left in the generator's moving averages; None where that is little."""
    momenta = layer_settings(run.manifest.generator, "BatchNorm", "momentum") or [0.0]
    left = max(momenta) ** max(1, run.last_step)
    if not limits.begun < left < 1:
        return None
    return Message(
        "Batch normalisation with a momentum of {momentum:g} still holds {share:.0%} of the averages it began with at "
        "step {step}.",
        momentum=max(momenta),
        share=left,
        step=run.last_step,
    )


LIMITS = Limits()

RULE = Rule(
    id="GD010",
    name="train-inference-mismatch",
    title=Message("The networks behave differently in training and inference mode"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "sample-in-inference-mode",
        "batch-norm-momentum",
        "normalise-each-by-itself",
        "fakes-in-training-mode",
        "batch-norm-placement",
        "dropout-rate",
        "stop-gradient-in-discriminator-step",
        "consistent-labels",
    ),
    references=(
        "tensorflow/tensorflow issue 37673 (batch normalisation in the discriminator, both losses near zero)",
        "Ioffe and Szegedy, Batch Normalization, ICML 2015 (training and inference mode)",
        "OVGU AILab, Batch Normalization in GANs: Blind Spots and Unintuitive Behavior, 2022",
    ),
    page=__doc__,
    causes=causes,
    explains=Explanation(
        symptoms=("GD301", "GD302", "GD303", "GD401", "GD402", "GD403", "GD404", "GD405", "GD407", "GD409"),
        critical=0.85,
        warning=0.7,
        info=0.2,
        same_as=("batch-norm-mode", "phases-disagree"),
    ),
)
