"""Hypotheses that several symptom rules share: how the players move, what they are told and what they are given.

Each reads the run alone and says what it shows; a rule lists those that would produce its symptom. Those on how the
networks are built live in `layer_hypotheses`.
"""

from __future__ import annotations

from gandoctor.measures import null_bands
from gandoctor.message import Message
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.reading.phase_agreement import excess
from gandoctor.rules.reading.phase_blame import Blame, blame
from gandoctor.rules.rule import Cause, NotEvaluated
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

STILL_GENERATOR = 1e-5
"""Movement of the generator's weights in an update, relative to their norm: 1e-3 is usual; a learning rate of 1e-7 with
an optimizer that normalises gradients gives a few times 1e-6."""
TINY_LEARNING_RATE = 1e-6
BOTH_WIN = 0.5
"""By how much both losses must be too low for one game; as in conflicting-objectives (GD008)."""
CLEAR_GAP = 1.0
"""Logits by which generated images must be scored above real ones: one that does not train has -0.03."""
INVERTED_AUC = 0.2
STILL_LATENTS = 1e-3
"""Standard deviation of latents below which they do not vary."""
IGNORED = 0.05
"""Spread across latents over that of real images, below which latents are ignored; as in mode-collapse (GD403)."""


DISCRIMINATOR_FROZEN = Hypothesis(
    "discriminator-frozen",
    Message("The discriminator is frozen"),
    Message("Its own update does not move its weights."),
)
LABELS_DISAGREE = Hypothesis(
    "labels-disagree",
    Message("The labels are reversed in one of the two steps"),
    Message(
        "Print the labels that each step passes to its loss: both losses go to zero, and where the discriminator's "
        "labels are the wrong ones the logits of generated images lie above those of real images."
    ),
)
DEGENERATE_LATENTS = Hypothesis(
    "degenerate-latents",
    Message("The latents themselves do not vary"),
    Message("Print the standard deviation of a latent batch, and check whether two batches are equal."),
)


def generator_not_moving(run: Run) -> Cause:
    """Return the hypothesis that the generator stands still; the measured movement decides, the rate stands in."""
    ratio, rate = late_median(run, "g_update_ratio"), late_median(run, "g_learning_rate")
    still = ratio < STILL_GENERATOR if ratio is not None else rate is not None and rate < TINY_LEARNING_RATE
    shown = []
    if ratio is not None:
        shown.append(f"its weights move by {ratio:.1e} of their size in an update")
    if rate is not None:
        shown.append(f"its learning rate is {rate:.1e}")
    return Cause(
        "generator-not-moving",
        "The generator hardly moves",
        0.95 if still else 0.03 if ratio is not None else 0.3,
        f"An update should move its weights by about 1e-3 of their size; below {STILL_GENERATOR:g} it stands still. "
        f"This run: {', '.join(shown) or 'not recorded'}.",
    )


def discriminator_frozen(run: Run) -> Cause:
    """Return the hypothesis that the discriminator never trains."""
    moves = late_median(run, "d_update_in_d_step")
    return Cause(
        "discriminator-frozen",
        "The discriminator does not train",
        0.3 if moves is None else 0.95 if moves == 0 else 0.02,
        "Its weights do not move in its own update. This run: "
        + ("not recorded." if moves is None else f"they move by {moves:.3g} (L2 norm)."),
    )


def discriminator_learns_faster(run: Run) -> Cause:
    """Return the hypothesis that the balance is off, the one left where nothing is broken."""
    d_rate, g_rate = late_median(run, "d_learning_rate"), late_median(run, "g_learning_rate")
    if d_rate is None or g_rate is None or g_rate <= 0:
        ratio, shown = None, "not recorded"
    else:
        ratio = d_rate / g_rate
        shown = f"{d_rate:.1e} and {g_rate:.1e}, a ratio of {ratio:.3g}"
    return Cause(
        "discriminator-learns-faster",
        "The discriminator learns faster than the generator",
        0.3 if ratio is None else 0.7 if ratio > 4 else 0.35 if ratio >= 0.1 else 0.15,
        "Halve the discriminator's learning rate, or double the generator's, over at least 3 seeds: the loss rises and "
        f"samples improve. This run: learning rates {shown}.",
    )


def discriminator_pretrained(run: Run) -> Cause:
    """Return the hypothesis that the discriminator was ahead before the first step."""
    first = None
    if "d_logit_gap" in run and run["d_logit_gap"].index[0] <= 5:
        first = float(run["d_logit_gap"].iloc[0])
    settings = run.manifest.config.get("settings", {})
    training = settings.get("training", {}) if isinstance(settings, dict) else {}
    steps = training.get("pretrain_steps") if isinstance(training, dict) else None
    declared = isinstance(steps, int) and steps > 0
    shown = "not recorded" if first is None else f"the first probe has a logit gap of {first:.2g}"
    if declared:
        shown += f"; the settings declare {steps} steps of pre-training"
    return Cause(
        "discriminator-pretrained",
        "The discriminator was trained before the game began",
        0.75 if declared or (first is not None and first > 4) else 0.05 if first is not None else 0.15,
        f"At step 0 an untrained discriminator cannot separate by more than chance. This run: {shown}.",
    )


def labels_disagree(run: Run) -> Cause:
    """Return the hypothesis that the labels of one step are reversed: both win, and fakes are scored above reals."""
    to_blame, shown = both_win(run), _phases_shown(run)
    gap, auc = late_median(run, "d_logit_gap"), late_median(run, "d_auc")
    inverted = (gap is not None and gap < -CLEAR_GAP) or (auc is not None and auc < INVERTED_AUC)
    if to_blame is None:
        # Generated = 1 and real = 0 in both steps is a convention, and its losses are those of any game.
        score = 0.15 if inverted else 0.03
    else:
        score = {"objectives": 0.95, "networks": 0.1, "unknown": 0.9 if inverted else 0.5}[to_blame]
    return Cause(
        "labels-disagree",
        "The labels of one of the two steps are reversed",
        score,
        "Print the labels that each step hands to its loss: both losses go to zero, and the logits of generated images "
        f"lie above those of real ones where the discriminator's are the wrong ones. This run: {shown}.",
    )


def phases_disagree(run: Run) -> Cause:
    """Return the hypothesis that the two steps differ in something: what is left where nothing tells in what."""
    gap = late_median(run, "sample_train_infer_gap")
    told = both_win(run)
    shown = _phases_shown(run)
    if gap is not None:
        shown += f"; training- and inference-mode images differ by {gap:.2f} of their spread"
    return Cause(
        "phases-disagree",
        "The two steps do not play the same game (labels or batch-norm mode differ between them)",
        0.03 if told is None else 0.85 if told == "unknown" else 0.6,
        "Both losses cannot be near zero in one game: a negative logit gap shows swapped labels, a large "
        f"difference of training- and inference-mode images shows batch normalisation. This run: {shown}.",
    )


def both_win(run: Run) -> Blame | None:
    """Return what is to blame where both losses are too low for one game; None where they are not."""
    try:
        beyond = excess(run).loc[warm_up_end(run.manifest) :]
    except NotEvaluated:
        return None
    if beyond.empty or not float(beyond.median()) > BOTH_WIN:
        return None
    return blame(run, int(beyond.index[beyond.to_numpy() > BOTH_WIN][0]))


def _phases_shown(run: Run) -> str:
    d_loss, g_loss = late_median(run, "d_loss"), late_median(run, "g_loss")
    shown = "the losses were not recorded"
    if d_loss is not None and g_loss is not None:
        shown = f"the losses are {d_loss:.2g} and {g_loss:.2g}"
    gap = late_median(run, "d_logit_gap")
    return shown if gap is None else f"{shown}, the logit gap is {gap:.2g}"


def degenerate_latents(run: Run) -> Cause:
    """Return the hypothesis that the generator is given the same latents again and again."""
    spread, shown = _latents(run)
    return Cause(
        "degenerate-latents",
        "The latents themselves do not vary",
        0.3 if spread is None else 0.95 if spread < STILL_LATENTS else 0.05,
        f"Print the standard deviation of a latent batch and whether two batches are equal. This run: {shown}.",
    )


def latents_ignored(run: Run) -> Cause:
    """Return the hypothesis that different latents lead to one image; where they are known to vary, the weaker one."""
    across, band = late_median(run, "sample_latent_std"), null_bands(run).get("sample_latent_std")
    spread, drawn = _latents(run)
    ignored = across is not None and across < (IGNORED * band.mean if band is not None else 0.005)
    shown = "not recorded" if across is None else f"pixels vary by {across:.2g} across latents"
    if across is not None and band is not None:
        shown += f", by {band.mean:.2g} across real images"
    constant = spread is not None and spread < STILL_LATENTS
    return Cause(
        "latents-ignored",
        "The latents do not reach the output, or do not vary",
        0.9 if constant else 0.7 if ignored else 0.03 if across is not None else 0.2,
        f"Two different latents should give two different images. This run: {shown}; {drawn}.",
    )


def _latents(run: Run) -> tuple[float | None, str]:
    """Return how much the latents vary, as drawn in training or else by their law, and half a sentence on it."""
    drawn, law = late_median(run, "latent_spread"), run.manifest.latent
    if drawn is not None:
        return drawn, f"the latents of the training steps have a standard deviation of {drawn:.2g}"
    if law is not None and law.std is not None:
        return law.std, f"one draw of latents had a standard deviation of {law.std:.2g}"
    return None, "the latents' law was not recorded"
