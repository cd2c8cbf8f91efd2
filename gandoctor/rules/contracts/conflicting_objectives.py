"""GD008: generator and discriminator are trained towards the same goal.

What it is
    The label that the generator is trained towards is not the one that the discriminator is given for real images: the
    labels are reversed in one of the two steps. Both players then want the same of the generated images, and both get
    it.

Why it hurts
    There is no game left. Both losses go to zero and look like success. The generator is rewarded for images that are
    ever easier to recognise, and they become noise.

How it is recognised
    The losses of two players that see the same networks and oppose each other cannot both be low. Each loss family has
    an exact inequality between them (cross-entropy: exp(-2 L_D) + exp(-L_G) <= 1). The rule fires where it is broken
    by more than half of what is possible, as a running median over 60 steps, persistently, after warm-up. Whether
    labels or networks are at odds shows in the very first updates: the discriminator's widens the gap from the logits
    of fakes to those of reals, and the generator's must move the logits of fakes the same way. Later in a run it shows
    in whether the generator's two modes agreed until then. The losses of a Wasserstein critic do not bound each other.
    There, and where the family is unknown, both losses are compared with the scores, which show the direction in which
    each player is trained. In PyTorch the gradients of the losses with respect to the scores are seen, and tell by
    themselves, whatever terms a loss is made of: the discriminator's parts real and generated images, and the
    generator's pulls generated ones the same way. In any framework a discriminator's loss is recognised that asks the
    same of both, by one label for both or by a minus before the part of one: it is then, number for number, what this
    gives of the scores of the first steps, and not what sound labels give.

What it is not
    Which label means real is a convention. Generated = 1 and real = 0 in both steps is a correct game, and its losses
    obey the same inequality. Smoothed labels keep the losses apart even more. A summed discriminator loss of ln 4 is
    the equilibrium, and Wasserstein losses may well be negative. A low discriminator loss beside a high generator loss
    is GD301. Where batch normalisation or dropout make the two steps see different networks, both losses can be low as
    well: if the run shows that, it is GD010. A factor in front of one of the losses breaks the inequality without any
    conflict. Where the user named the loss family and nothing else confirms the conflict, this is therefore a warning.

What to do
    Write the labels down once and use them in both steps: in the generator's step, generated images get the label
    that real ones have in the discriminator's. Do not test the convention, test the direction.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gandoctor.loss_families import LossFamily
from gandoctor.message import Message, sentences
from gandoctor.rules.hypotheses.networks import BATCH_NORM_MODE
from gandoctor.rules.hypotheses.players import LABELS_DISAGREE
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.reading.model_card import card_of
from gandoctor.rules.reading.persistence import SPAN_STEPS, Episode, persistent_episode
from gandoctor.rules.reading.phase_agreement import excess
from gandoctor.rules.reading.phase_blame import Blame, blame
from gandoctor.rules.reading.score_pulls import NAMES, all_one_way, pulls, same_goal, want_the_same
from gandoctor.rules.reading.stale_fakes import are_stale
from gandoctor.rules.rule import Cause, Evidence, Explanation, Found, NotEvaluated, Rule, Severity
from gandoctor.rules.warm_up import contract_warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd


SAME_LABELS = Hypothesis(
    "same-label-for-both",
    Message("The discriminator's step asks the same of real and of generated images"),
    Message(
        "Print the labels (or signs) that the discriminator's step passes with real and with generated images: they "
        "must differ."
    ),
)


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        excess: By how much the losses exceed what one game allows. 0 is the theorem, 1 is two players who both
            have everything they want; half-way between the two. Running medians of 83 healthy runs stayed below 0.00,
            68 runs with reversed labels reached 0.75 or more.
        match: Relative difference up to which a Wasserstein loss counts as the difference of the scores of its step,
            which are taken in inference mode, on other images. Judgement.
        separated: Pooled standard deviations that a critic's real and generated scores must lie apart for their
            order to mean something. Judgement.
    """

    excess: float = 0.5
    match: float = 0.25
    separated: float = 1.0


_INEQUALITY: dict[LossFamily, str] = {
    "non_saturating": "exp(-2 L_D) + exp(-L_G) <= 1",
    "minimax": "L_G >= -2 L_D",
    "least_squares": "sqrt(2 L_D) + sqrt(2 L_G) >= 1",
    "hinge": "L_G >= 1 - 2 L_D",
}


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return what the gradients of the losses show, else what both losses show together."""
    card = card_of(run, "g")
    if card is not None and card.asked is not None and not card.asked.is_asked:
        raise NotEvaluated(Message("The generator's loss does not depend on the discriminator's scores."))
    objective = run.manifest.objective
    if objective is not None and objective.labels == "same":
        return [_asks_the_same(run, objective.steps)]
    if are_stale(run):
        raise NotEvaluated(
            Message("The losses do not bound each other: the discriminator is not shown what the generator makes.")
        )
    try:
        table = pulls(run)
        episode = persistent_episode(same_goal(table) | all_one_way(run, table), contract_warm_up_end(run))
    except NotEvaluated:
        return _by_losses(run, limits)
    if episode is not None:
        return [_same_pull(episode, table)]
    if want_the_same(run) is False:  # if the losses do not fit together, they are those of two different games
        return []
    with contextlib.suppress(NotEvaluated):
        return _by_losses(run, limits)
    return []


def _asks_the_same(run: Run, steps: int) -> Evidence:
    """Return evidence of a discriminator whose loss is, by its numbers, one that does not part the two batches."""
    statement = Message(
        "In the first {steps} steps the discriminator's loss was, number for number, that of one label for real and "
        "for generated images, or of a minus before the part of one of them. It asks the same of both, so that the "
        "discriminator has nothing to tell apart.",
        steps=steps,
    )
    return Evidence("d_loss", 1, None, 1, run.last_step, statement, detail="same")


def _same_pull(episode: Episode, table: pd.DataFrame) -> Evidence:
    """Return what the losses want of the scores."""
    wanted, real = (float(episode.of(table[name]).median()) for name in ("wanted", "real"))
    if wanted * real > 0:
        every = Message("All losses pull all scores the same way: nothing asks the discriminator to tell images apart.")
        return _pulled(episode, wanted, every)
    up = Message(
        "The discriminator's loss pulls its scores of generated images up and those of real ones down, and the "
        "generator's loss pulls scores of generated images up as well."
    )
    down = Message(
        "The discriminator's loss pulls its scores of generated images down and those of real ones up, and the "
        "generator's loss pulls scores of generated images down as well."
    )
    return _pulled(episode, wanted, up if wanted > 0 else down)


def _pulled(episode: Episode, wanted: float, statement: Message) -> Evidence:
    first, last, severity = episode.first_step, episode.last_step, episode.severity(Severity.CRITICAL)
    said = sentences(statement, episode.ending)
    return Evidence(NAMES[2], wanted, None, first, last, said, severity, detail="pulls")


def _by_losses(run: Run, limits: Limits) -> list[Evidence]:
    if "d_loss" not in run or "g_loss" not in run:
        raise NotEvaluated(Message("The losses of both players were not recorded."))
    if run.manifest.loss_family == "wasserstein":
        return _critic(run, limits)
    if run.manifest.loss_family is None:  # as a critic's loss with a wrong sign or bracket
        with contextlib.suppress(NotEvaluated):
            return _critic(run, limits)
    return _both_win(run, limits)


def _both_win(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where the losses break their inequality and the run does not show that the networks differ."""
    beyond = excess(run)
    if beyond.empty:
        raise NotEvaluated(Message("The losses cover fewer than {steps} steps.", steps=SPAN_STEPS))
    episode = persistent_episode(beyond > limits.excess, contract_warm_up_end(run))
    if episode is None:
        return []
    to_blame = blame(run, episode.first_step)
    if to_blame == "networks":
        return []
    confirmed = to_blame == "objectives" or run.manifest.loss_family_source == "inferred"
    severity = episode.severity(Severity.CRITICAL if confirmed else Severity.WARNING)
    d_loss, g_loss = (float(episode.of(run[name]).median()) for name in ("d_loss", "g_loss"))
    family = run.manifest.loss_family
    assert family is not None
    both = Message(
        "Both players win: the median loss of the discriminator is {d_loss:.2g}, that of the generator {g_loss:.2g}. "
        "In one game {inequality}, whatever the networks; the losses break this by {excess:.2g}.",
        d_loss=d_loss,
        g_loss=g_loss,
        inequality=_INEQUALITY[family],
        excess=float(episode.of(beyond).median()),
    )
    alone = Message("The discriminator's loss on its own would look like that of a strong discriminator.")
    first, last = episode.first_step, episode.last_step
    return [
        Evidence("g_loss", g_loss, None, first, last, sentences(both, episode.ending), severity, detail=to_blame),
        Evidence("d_loss", d_loss, None, first, last, alone, severity, detail=to_blame),
    ]


def _critic(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where a Wasserstein critic and its generator are trained in the same direction.

    One game is L_D = s (f - r) and L_G = -s f, with f and r the mean scores of generated and real images and s = 1 or
    -1, whatever the convention. Each loss shows its own s where it matches the scores.
    """
    import pandas as pd

    names = ("d_loss", "g_loss", "d_real_logit", "d_fake_logit", "d_prime")
    if any(name not in run for name in names):
        raise NotEvaluated(Message("The critic's scores of real and generated images were not recorded."))
    table = pd.DataFrame({name: run[name] for name in names}).dropna()
    fake, difference = table["d_fake_logit"], table["d_fake_logit"] - table["d_real_logit"]
    separated = table["d_prime"].abs() >= limits.separated
    d_sign, g_sign = _sign(table["d_loss"], difference, limits), -_sign(table["g_loss"], fake, limits)
    known = separated & (d_sign != 0) & (g_sign != 0)
    episode = persistent_episode((d_sign * g_sign < 0) & separated, contract_warm_up_end(run))
    if episode is None:
        if not known.any():
            raise NotEvaluated(
                Message("The losses do not match the critic's scores closely enough to show their directions.")
            )
        return []
    d_loss, g_loss = (float(episode.of(table[name]).median()) for name in ("d_loss", "g_loss"))
    statement = sentences(
        Message("Critic and generator are trained in the same direction."),
        _critic_direction(d_loss, float(episode.of(difference).median()), run.manifest.loss_family),
        _generator_direction(g_loss, float(episode.of(fake).median())),
        Message("One of the two signs is wrong."),
        episode.ending,
    )
    severity = episode.severity(Severity.CRITICAL)
    return [Evidence("g_loss", g_loss, None, episode.first_step, episode.last_step, statement, severity)]


def _critic_direction(loss: float, difference: float, family: str | None) -> Message:
    if family is None and loss * difference < 0:
        return Message("The critic's loss is {loss:.3g}, and falls as the scores of generated images rise.", loss=loss)
    if family is None:
        return Message("The critic's loss is {loss:.3g}, and falls as the scores of generated images fall.", loss=loss)
    if loss * difference < 0:
        return Message("The critic's loss is {loss:.3g}: the mean score of real minus generated images.", loss=loss)
    return Message("The critic's loss is {loss:.3g}: the mean score of generated minus real images.", loss=loss)


def _generator_direction(loss: float, score: float) -> Message:
    if loss * score < 0:
        return Message(
            "The generator's loss is {loss:.3g}: the mean score of generated images with its sign reversed.", loss=loss
        )
    return Message("The generator's loss is {loss:.3g}: the mean score of generated images as it is.", loss=loss)


def _sign(loss: pd.Series[float], scores: pd.Series[float], limits: Limits) -> pd.Series[int]:
    """Return 1 where a loss matches scores, -1 where it matches their negative, 0 where neither."""
    near = limits.match * scores.abs()
    matches = ((loss - scores).abs() <= near).astype(int)
    return matches - ((loss + scores).abs() <= near).astype(int)


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank reversed labels against networks that differ between the steps. The scores are judgement."""
    if not found.details:
        return [_labels(0.97, Message("the losses match the scores with signs that exclude each other"))]
    if found.details[0] == "pulls":
        return [_labels(0.97, Message("the gradients of both losses by the scores show it"))]
    if found.details[0] == "same":
        return [SAME_LABELS.cause(0.97, Message("its loss itself shows it"))]
    to_blame: Blame = found.details[0]
    if to_blame == "objectives":
        shown = Message("the players' updates, or their networks until then, show no other reason")
    else:
        shown = Message("neither was recorded well enough to decide")
    mode = Message(
        "Give the discriminator images made with training=True, and real and generated images in separate batches. If "
        "the losses separate, the mode was the reason."
    )
    return [
        _labels(0.97 if to_blame == "objectives" else 0.7, shown),
        BATCH_NORM_MODE.cause(0.05 if to_blame == "objectives" else 0.4, shown, mode),
    ]


def _labels(score: float, shown: Message) -> Cause:
    test = Message(
        "Print the labels (or signs) that each step passes to its loss: the generated images of the generator's step "
        "must have the label that real ones have in the discriminator's."
    )
    return LABELS_DISAGREE.cause(score, shown, test)


LIMITS = Limits()

RULE = Rule(
    id="GD008",
    name="conflicting-objectives",
    title=Message("Generator and discriminator are trained towards the same goal"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("consistent-labels", "fakes-in-training-mode"),
    references=(
        "Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014, section 3 (the value function both play for)",
        "keras-team/keras-io issue 361 and pull request 1425 (reversed labels in both steps are a convention)",
        "tensorflow/tensorflow issue 37673 (both losses near zero: impossible in one game)",
    ),
    page=__doc__,
    after_warm_up=False,
    causes=causes,
    explains=Explanation(
        symptoms=(
            "GD002",
            "GD010",
            "GD201",
            "GD202",
            "GD301",
            "GD302",
            "GD303",
            "GD401",
            "GD402",
            "GD403",
            "GD404",
            "GD405",
            "GD407",
            "GD409",
        ),
        critical=0.97,
        warning=0.8,
        info=0.2,
        same_as=("labels-disagree", "phases-disagree", "same-label-for-both"),
        refutes=("labels-disagree",),
    ),
)
