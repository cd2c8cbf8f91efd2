"""GD008: the two players do not oppose each other.

What it is
    The label that the generator is trained towards is not the one the discriminator is given for real images: the
    labels of one of the two steps are reversed. Both players then want the same of the generated images, and both get
    it.

Why it hurts
    There is no game left. Both losses go to zero and look like success, the generator is rewarded for images that
    are ever easier to recognise, and they become noise.

How it is recognised
    The losses of two players that see the same networks and oppose each other cannot both be low: for each family
    there is an exact inequality between them (cross-entropy: exp(-2 L_D) + exp(-L_G) <= 1). It must be broken by more
    than half of what it could be, as a running median over 60 steps, persistently, after warm-up. Whether labels or
    networks are at odds is told by the very first updates, which must carry the logits of fakes after those of reals,
    or, later in a run, by the generator's two modes having agreed until then. A Wasserstein critic's losses do not
    bound each other: there both losses are compared with the scores, which tells in which direction each is trained.

What it is not
    Which label means real is a convention: generated = 1 and real = 0 in both steps is a correct game, and its
    losses obey the same inequality. Smoothed labels keep the losses apart all the more. A summed discriminator loss
    of ln 4 is the equilibrium, and Wasserstein losses may well be negative. A low discriminator loss beside a high
    generator loss is GD301. Where batch normalisation or dropout make the two steps see different networks the losses
    can both be low as well: if the run shows that, it is GD010. A factor in front of one of the losses breaks the
    inequality without any conflict; where the family was only said and nothing else confirms it this is a warning.

What to do
    Write the labels down once and use them in both steps: in the generator's step generated images get the label
    that real ones have in the discriminator's. Do not test the convention, test the direction.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from gandoctor.rules.reading.persistence import SPAN_STEPS, persistent_episode
from gandoctor.rules.reading.phase_agreement import excess
from gandoctor.rules.reading.phase_blame import blame
from gandoctor.rules.rule import Cause, Evidence, Explanation, Found, NotEvaluated, Rule, Severity
from gandoctor.rules.warm_up import contract_warm_up_end
from gandoctor.store import LossFamily, Run


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        excess: By how much the losses exceed what one game allows. 0 is the theorem, 1 is two players who both
            have all they want; half-way between the two. Running medians of 83 healthy runs stayed below 0.00,
            68 runs with reversed labels reached 0.75 or more.
        match: Relative difference up to which a Wasserstein loss is the difference of the scores of the same step:
            they are taken in inference mode, on other images. Judgement.
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
    """Evidence on both losses."""
    if "d_loss" not in run or "g_loss" not in run:
        raise NotEvaluated("The losses of both players were not recorded.")
    return _critic(run, limits) if run.manifest.loss_family == "wasserstein" else _both_win(run, limits)


def _both_win(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence where the losses break their inequality and the run does not show that the networks differ."""
    beyond = excess(run)
    if beyond.empty:
        raise NotEvaluated(f"The losses cover fewer than {SPAN_STEPS} steps.")
    episode = persistent_episode(beyond > limits.excess, contract_warm_up_end(run.manifest))
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
    statement = (
        f"Both players win: the discriminator's loss is {d_loss:.2g} and the generator's {g_loss:.2g} in the median. "
        f"In one game {_INEQUALITY[family]}, whatever the networks are; the losses exceed that by "
        f"{float(episode.of(beyond).median()):.2g}.{episode.ending}"
    )
    alone = "The discriminator's loss alone would look like that of a strong discriminator."
    first, last = episode.first_step, episode.last_step
    return [
        Evidence("g_loss", g_loss, None, first, last, statement, severity),
        Evidence("d_loss", d_loss, None, first, last, alone, severity),
    ]


def _critic(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence where a Wasserstein critic and its generator are trained in the same direction.

    One game is L_D = s (f - r) and L_G = -s f, with f and r the mean scores of generated and real images and s = 1 or
    -1, whatever the convention: each loss tells its own s where it matches the scores.
    """
    names = ("d_loss", "g_loss", "d_real_logit", "d_fake_logit", "d_prime")
    if any(name not in run for name in names):
        raise NotEvaluated("The critic's scores of real and generated images were not recorded.")
    table = pd.DataFrame({name: run[name] for name in names}).dropna()
    fake, difference = table["d_fake_logit"], table["d_fake_logit"] - table["d_real_logit"]
    separated = table["d_prime"].abs() >= limits.separated
    d_sign, g_sign = _sign(table["d_loss"], difference, limits), -_sign(table["g_loss"], fake, limits)
    told = separated & (d_sign != 0) & (g_sign != 0)
    episode = persistent_episode((d_sign * g_sign < 0) & separated, contract_warm_up_end(run.manifest))
    if episode is None:
        if not told.any():
            raise NotEvaluated("The losses do not match the critic's scores closely enough to tell their directions.")
        return []
    d_loss, g_loss = (float(episode.of(table[name]).median()) for name in ("d_loss", "g_loss"))
    statement = (
        f"Critic and generator are trained in the same direction: the critic's loss is {d_loss:.3g}, the mean score of "
        f"{'real minus generated' if d_loss * float(episode.of(difference).median()) < 0 else 'generated minus real'} "
        f"images, and the generator's {g_loss:.3g}, that of generated images with "
        f"{'its sign reversed' if g_loss * float(episode.of(fake).median()) < 0 else 'its own sign'}. One of the two "
        f"signs is wrong.{episode.ending}"
    )
    severity = episode.severity(Severity.CRITICAL)
    return [Evidence("g_loss", g_loss, None, episode.first_step, episode.last_step, statement, severity)]


def _sign(loss: pd.Series[float], scores: pd.Series[float], limits: Limits) -> pd.Series[int]:
    """Return 1 where a loss matches scores, -1 where it matches their negative, 0 where neither."""
    near = limits.match * scores.abs()
    matches = ((loss - scores).abs() <= near).astype(int)
    return matches - ((loss + scores).abs() <= near).astype(int)


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank reversed labels against networks that differ between the steps."""
    if run.manifest.loss_family == "wasserstein":
        return [_labels(0.97, "the losses match the scores with signs that exclude each other")]
    episode = persistent_episode(excess(run) > LIMITS.excess, contract_warm_up_end(run.manifest))
    to_blame = blame(run, episode.first_step if episode is not None else run.last_step)
    shown = {
        "objectives": "the players' updates, or their networks until then, show no other reason",
        "networks": "the images or scores of training and inference differ",
        "unknown": "neither was recorded well enough to tell",
    }[to_blame]
    return [
        _labels({"objectives": 0.97, "networks": 0.1, "unknown": 0.7}[to_blame], shown),
        Cause(
            "batch-norm-mode",
            "The two steps see different networks: batch normalisation or dropout in another mode",
            {"objectives": 0.05, "networks": 0.9, "unknown": 0.4}[to_blame],
            "Give the discriminator images made with training=True, real and generated in batches of their own: if the "
            f"losses come apart, it was the mode. This run: {shown}.",
        ),
    ]


def _labels(score: float, shown: str) -> Cause:
    return Cause(
        "labels-disagree",
        "The labels of one of the two steps are reversed",
        score,
        "Print the labels (or signs) that each step hands to its loss: the generated images of the generator's step "
        f"must have the label of the real ones of the discriminator's. This run: {shown}.",
    )


LIMITS = Limits()

RULE = Rule(
    id="GD008",
    name="conflicting-objectives",
    title="The two players do not oppose each other",
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
        same_as=("labels-disagree", "phases-disagree"),
        refutes=("labels-disagree",),
    ),
)
