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
    networks are at odds is told by the generator's updates: they must pull the fakes to where the discriminator has
    put the reals. For a Wasserstein critic, whose losses do not bound each other, that alone decides: three of four
    successive probes with the fakes pulled the wrong way.

What it is not
    Which label means real is a convention: generated = 1 and real = 0 in both steps is a correct game, and its
    losses obey the same inequality. Smoothed labels keep the losses apart all the more. A summed discriminator loss
    of ln 4 is the equilibrium, and Wasserstein losses may well be negative. A low discriminator loss beside a high
    generator loss is GD301. Where batch normalisation or dropout make the two steps see different networks the losses
    can both be low as well: if the run shows that, it is GD010. A factor in front of one of the losses breaks the
    inequality without any conflict; where the family was not told from the numbers this is a warning.

What to do
    Write the labels down once and use them in both steps: in the generator's step generated images get the label
    that real ones have in the discriminator's. Do not test the convention, test the direction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gandoctor.rules.persistence import SPAN_STEPS, persistent_episode
from gandoctor.rules.phase_agreement import BOUNDED, Directions, directions, excess
from gandoctor.rules.phase_blame import blame
from gandoctor.rules.repetition import longest_stretch
from gandoctor.rules.rule import Cause, Evidence, NotEvaluated, Rule, Severity
from gandoctor.rules.warmup import warm_up_end
from gandoctor.store import LossFamily, Run


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        excess: By how much the losses exceed what one game allows. 0 is the theorem, 1 is two players who both
            have all they want; half-way between the two. Running medians of 83 healthy runs stayed below 0.00,
            68 runs with reversed labels reached 0.75 or more.
        votes: Successive probes whose directions are looked at for a Wasserstein critic.
        opposed: Probes among them that must pull the wrong way. None of 468 did in 53 healthy runs, 203 of 209 with
            reversed labels.
    """

    excess: float = 0.5
    votes: int = 4
    opposed: int = 3


_INEQUALITY: dict[LossFamily, str] = {
    "non_saturating": "exp(-2 L_D) + exp(-L_G) <= 1",
    "minimax": "L_G >= -2 L_D",
    "least_squares": "sqrt(2 L_D) + sqrt(2 L_G) >= 1",
    "hinge": "L_G >= 1 - 2 L_D",
}


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence on both losses where they bound each other, on directions alone where they do not."""
    if run.manifest.loss_family in BOUNDED and "d_loss" in run and "g_loss" in run:
        return _both_win(run, limits)
    return _pulled_the_wrong_way(run, limits)


def _both_win(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence where the losses break their inequality and the run does not show that the networks differ."""
    family = run.manifest.loss_family
    assert family is not None
    beyond = excess(run)
    if beyond.empty:
        raise NotEvaluated(f"The losses cover fewer than {SPAN_STEPS} steps.")
    episode = persistent_episode(beyond > limits.excess, warm_up_end(run.manifest))
    if episode is None or blame(run) == "networks":
        return []
    severity = episode.severity(
        Severity.CRITICAL if run.manifest.loss_family_source == "inferred" else Severity.WARNING
    )
    d_loss, g_loss = (float(episode.of(run[name]).median()) for name in ("d_loss", "g_loss"))
    statement = (
        f"Both players win: the discriminator's loss is {d_loss:.2g} and the generator's {g_loss:.2g} in the median. "
        f"In one game {_INEQUALITY[family]}, whatever the networks are; the losses exceed that by "
        f"{float(episode.of(beyond).median()):.2g}.{episode.ending}"
    )
    evidence = [
        Evidence("g_loss", g_loss, None, episode.first_step, episode.last_step, statement, severity),
        Evidence(
            "d_loss",
            d_loss,
            None,
            episode.first_step,
            episode.last_step,
            "The discriminator's loss alone would look like that of a strong discriminator.",
            severity,
        ),
    ]
    found = directions(run)
    if family != "least_squares" and found.verdict == "conflict":
        evidence.append(replace(_direction(found, 0, run.last_step), severity=severity))
    return evidence


def _pulled_the_wrong_way(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence where the generator's updates pull the fakes away from where the discriminator has put the reals."""
    why = run.manifest.missing.get("fake_logit_change_in_g_step", "not recorded")
    if "fake_logit_change_in_g_step" not in run:
        raise NotEvaluated(f"What the generator's updates do to the discriminator's view was not recorded: {why}.")
    if "d_real_logit" not in run or "d_fake_logit" not in run:
        raise NotEvaluated("The discriminator's logits of real and generated images were not recorded.")
    found = directions(run)
    if len(found.opposed) < limits.opposed:
        raise NotEvaluated(
            f"Needs {limits.opposed} probes in which the discriminator separates real and generated images; "
            f"{len(found.opposed)} so far."
        )
    recent = found.opposed.astype(float).rolling(limits.votes, min_periods=limits.opposed).sum()
    stretch = longest_stretch(recent >= limits.opposed, 1)
    if stretch is None:
        return []
    before = found.opposed.index[found.opposed.index <= stretch.first_step][-limits.votes :]
    first = next(int(step) for step in before if found.opposed[step])
    severity = Severity.CRITICAL if stretch.ongoing else Severity.WARNING
    return [replace(_direction(found, first, stretch.last_step), severity=severity)]


def _direction(found: Directions, first: int, last: int) -> Evidence:
    opposed = found.opposed.loc[first:last]
    wrong = opposed[opposed]
    pull, gap = found.pull[wrong.index], found.gap[wrong.index]
    side = "above" if float(gap.median()) > 0 else "below"
    way = "up" if float(pull.median()) > 0 else "down"
    return Evidence(
        "fake_logit_change_in_g_step",
        float(pull.median()),
        0.0,
        int(wrong.index[0]),
        int(wrong.index[-1]),
        f"The discriminator's logits of real images lie {abs(float(gap.median())):.3g} {side} those of generated ones, "
        f"and the generator's updates push the generated ones {way}, away from the reals, in {len(wrong)} of "
        f"{len(opposed)} probes.",
    )


def causes(run: Run) -> list[Cause]:
    """Rank reversed labels against networks that differ between the steps."""
    to_blame = blame(run)
    shown = {
        "objectives": "the generator's updates pull the fakes away from where the discriminator has put the reals",
        "networks": "the images or scores of training and inference differ",
        "unknown": "neither was recorded well enough to tell",
    }[to_blame]
    return [
        Cause(
            "labels-disagree",
            "The labels of one of the two steps are reversed",
            {"objectives": 0.97, "networks": 0.1, "unknown": 0.7}[to_blame],
            "Print the labels that each step hands to its loss: the generated images of the generator's step must have "
            f"the label of the real ones of the discriminator's. This run: {shown}.",
        ),
        Cause(
            "batch-norm-mode",
            "The two steps see different networks: batch normalisation or dropout in another mode",
            {"objectives": 0.05, "networks": 0.9, "unknown": 0.4}[to_blame],
            "Give the discriminator images made with training=True, real and generated in batches of their own: if the "
            f"losses come apart, it was the mode. This run: {shown}.",
        ),
    ]


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
)
