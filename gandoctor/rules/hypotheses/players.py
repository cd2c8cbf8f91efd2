"""Hypotheses on the players: how they move, which labels they are given, and which latents.

Each function reads the run alone, scores its hypothesis and says what the run shows of it. A rule lists those that
would produce its symptom. The scores are judgement: about 0.9 where the run shows the cause itself, about 0.3 where
nothing was recorded, a few hundredths where the run speaks against it.
"""

from __future__ import annotations

from gandoctor.measures import null_bands
from gandoctor.message import Message, clauses
from gandoctor.rules.hypothesis import NOT_RECORDED, Hypothesis
from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.reading.phase_agreement import excess
from gandoctor.rules.reading.phase_blame import Blame, blame
from gandoctor.rules.rule import Cause, NotEvaluated
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

STILL = 1e-5
"""Movement of a player's weights in an update, relative to their norm: 1e-3 is usual; a learning rate of 1e-7 with an
optimizer that normalises gradients gives a few times 1e-6."""
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
PRETRAINED_GAP = 4.0
"""Logit gap of a first probe that only a trained discriminator has: 8 at step 20 of a healthy run, 0.02 untrained."""
FASTER = 4.0
"""Ratio of learning rates from which the discriminator's counts as much the larger one."""

GENERATOR_NOT_MOVING = Hypothesis(
    "generator-not-moving",
    Message("The generator hardly moves"),
    Message(
        "An update should move its weights by about 1e-3 of their size; below {still:g} the generator stands still.",
        still=STILL,
    ),
)
DISCRIMINATOR_FROZEN = Hypothesis(
    "discriminator-frozen",
    Message("The discriminator is frozen"),
    Message("Its weights do not move in its own update."),
)
DISCRIMINATOR_LEARNS_FASTER = Hypothesis(
    "discriminator-learns-faster",
    Message("The discriminator learns faster than the generator"),
    Message(
        "Halve the discriminator's learning rate, or double the generator's, over at least 3 seeds: the loss rises and "
        "the samples improve."
    ),
)
DISCRIMINATOR_PRETRAINED = Hypothesis(
    "discriminator-pretrained",
    Message("The discriminator was trained before the game began"),
    Message("At step 0 an untrained discriminator separates real from generated images no better than chance."),
)
LABELS_DISAGREE = Hypothesis(
    "labels-disagree",
    Message("The labels of one of the two steps are reversed"),
    Message(
        "Print the labels that each step hands to its loss. Both losses go to zero, and generated images get higher "
        "logits than real ones if the discriminator's labels are the wrong ones."
    ),
)
PHASES_DISAGREE = Hypothesis(
    "phases-disagree",
    Message("The two steps do not play the same game: labels or batch-norm mode differ between them"),
    Message(
        "Both losses cannot be near zero in one game. A negative logit gap points to swapped labels, a large "
        "difference between training- and inference-mode images to batch normalisation."
    ),
)
DEGENERATE_LATENTS = Hypothesis(
    "degenerate-latents",
    Message("The latents themselves hardly vary"),
    Message("Print the standard deviation of a batch of latents, and whether two batches are equal."),
)
LATENTS_IGNORED = Hypothesis(
    "latents-ignored",
    Message("The latents do not reach the output, or do not vary"),
    Message("Two different latents should give two different images."),
)


def generator_not_moving(run: Run) -> Cause:
    """Score that the generator stands still: the measured movement decides, else the learning rate."""
    ratio, rate = late_median(run, "g_update_ratio"), late_median(run, "g_learning_rate")
    still = ratio < STILL if ratio is not None else rate is not None and rate < TINY_LEARNING_RATE
    return GENERATOR_NOT_MOVING.cause(
        0.95 if still else 0.03 if ratio is not None else 0.3, shown_movement(ratio, rate)
    )


def shown_movement(ratio: float | None, rate: float | None) -> Message:
    """Return how far an update moves a player's weights, and its learning rate, as far as they were recorded."""
    if ratio is None and rate is None:
        return NOT_RECORDED
    return clauses(
        None if ratio is None else Message("an update moves its weights by {ratio:.1e} of their size", ratio=ratio),
        None if rate is None else Message("its learning rate is {rate:.2t}", rate=rate),
    )


def discriminator_frozen(run: Run) -> Cause:
    """Score that the discriminator never trains."""
    moves = late_median(run, "d_update_in_d_step")
    if moves is None:
        return DISCRIMINATOR_FROZEN.cause(0.3)
    return DISCRIMINATOR_FROZEN.cause(
        0.95 if moves == 0 else 0.02, Message("they move by {moves:.3g} (L2 norm)", moves=moves)
    )


def discriminator_learns_faster(run: Run) -> Cause:
    """Score that the balance is off: what is left where nothing is broken."""
    d_rate, g_rate = late_median(run, "d_learning_rate"), late_median(run, "g_learning_rate")
    if d_rate is None or g_rate is None or g_rate <= 0:
        return DISCRIMINATOR_LEARNS_FASTER.cause(0.3)
    ratio = d_rate / g_rate
    return DISCRIMINATOR_LEARNS_FASTER.cause(
        0.7 if ratio > FASTER else 0.35 if ratio >= 0.1 else 0.15,
        Message("the learning rates are {d:.1e} and {g:.1e}, a ratio of {ratio:.3g}", d=d_rate, g=g_rate, ratio=ratio),
    )


def discriminator_pretrained(run: Run) -> Cause:
    """Score that the discriminator was ahead before the first step: as declared, or by the first probe."""
    first = None
    if "d_logit_gap" in run and run["d_logit_gap"].index[0] <= 5:
        first = float(run["d_logit_gap"].iloc[0])
    steps = run.manifest.declared.pretrain_steps or 0
    ahead = first is not None and first > PRETRAINED_GAP
    measured = NOT_RECORDED if first is None else Message("the first probe has a logit gap of {gap:.2g}", gap=first)
    declared = Message("{steps} steps of pre-training are declared", steps=steps) if steps else None
    return DISCRIMINATOR_PRETRAINED.cause(
        0.75 if steps or ahead else 0.05 if first is not None else 0.15, clauses(measured, declared)
    )


def labels_disagree(run: Run) -> Cause:
    """Score that the labels of one step are reversed: both players win, and fakes are scored above reals."""
    to_blame = both_win(run)
    gap, auc = late_median(run, "d_logit_gap"), late_median(run, "d_auc")
    inverted = (gap is not None and gap < -CLEAR_GAP) or (auc is not None and auc < INVERTED_AUC)
    if to_blame is None:
        # Generated = 1 and real = 0 in both steps is a convention, and its losses are those of any game.
        score = 0.15 if inverted else 0.03
    else:
        score = {"objectives": 0.95, "networks": 0.1, "unknown": 0.9 if inverted else 0.5}[to_blame]
    return LABELS_DISAGREE.cause(score, _shown_game(run))


def phases_disagree(run: Run) -> Cause:
    """Score that the two steps differ in something: what is left where nothing tells in what."""
    to_blame, gap = both_win(run), late_median(run, "sample_train_infer_gap")
    modes = None
    if gap is not None:
        modes = Message("training- and inference-mode images differ by {gap:.2f} of their spread", gap=gap)
    score = 0.03 if to_blame is None else 0.85 if to_blame == "unknown" else 0.6
    return PHASES_DISAGREE.cause(score, clauses(_shown_game(run), modes))


def both_win(run: Run) -> Blame | None:
    """Return what is to blame where both losses are too low for one game; None where they are not."""
    try:
        beyond = excess(run).loc[warm_up_end(run) :]
    except NotEvaluated:
        return None
    if beyond.empty or not float(beyond.median()) > BOTH_WIN:
        return None
    return blame(run, int(beyond.index[beyond.to_numpy() > BOTH_WIN][0]))


def _shown_game(run: Run) -> Message:
    """Return both losses and the logit gap, as far as they were recorded."""
    d_loss, g_loss = late_median(run, "d_loss"), late_median(run, "g_loss")
    losses = Message("the losses were not recorded")
    if d_loss is not None and g_loss is not None:
        losses = Message("the losses are {d_loss:.2g} and {g_loss:.2g}", d_loss=d_loss, g_loss=g_loss)
    gap = late_median(run, "d_logit_gap")
    return clauses(losses, None if gap is None else Message("the logit gap is {gap:.2g}", gap=gap))


def degenerate_latents(run: Run) -> Cause:
    """Score that the generator is given the same latents again and again."""
    spread, shown = _latents(run)
    return DEGENERATE_LATENTS.cause(0.3 if spread is None else 0.95 if spread < STILL_LATENTS else 0.05, shown)


def latents_ignored(run: Run) -> Cause:
    """Score that different latents lead to one image; where they are known to vary, the weaker hypothesis."""
    across, band = late_median(run, "sample_latent_std"), null_bands(run).get("sample_latent_std")
    spread, drawn = _latents(run)
    ignored = across is not None and across < (IGNORED * band.mean if band is not None else 0.005)
    shown = NOT_RECORDED
    if across is not None:
        shown = Message("pixels vary by {across:.2g} across latents", across=across)
        if band is not None:
            shown = Message(
                "pixels vary by {across:.2g} across latents, and by {reals:.2g} across real images",
                across=across,
                reals=band.mean,
            )
    constant = spread is not None and spread < STILL_LATENTS
    score = 0.9 if constant else 0.7 if ignored else 0.03 if across is not None else 0.2
    return LATENTS_IGNORED.cause(score, clauses(shown, drawn))


def _latents(run: Run) -> tuple[float | None, Message]:
    """Return how much the latents vary, as drawn in training or else by their distribution, and a clause on it."""
    drawn, law = late_median(run, "latent_spread"), run.manifest.latent
    if drawn is not None:
        return drawn, Message("the latents of the training steps have a standard deviation of {std:.2g}", std=drawn)
    if law is not None and law.std is not None:
        return law.std, Message("one draw of latents had a standard deviation of {std:.2g}", std=law.std)
    return None, Message("the distribution of the latents was not recorded")
