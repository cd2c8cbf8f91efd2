"""GD201: the generator's gradient has vanished, or no longer reaches its first layers.

What it is
    The gradient that reaches the generator is exactly 0, or a tiny fraction of what it was in this very run; or its
    last layer still receives one and its first layer next to nothing.

Why it hurts
    The gradient is all the generator learns from. An optimizer that divides by its size hides the loss for a while;
    then the images stop changing while the discriminator goes on.

How it is recognised
    By the run's own history, never by a fixed level: the norm's running median over 60 steps lies below 1/10000 of its
    highest level in warm-up, or is exactly 0. By layers, where they were recorded: the norm at the first layer with
    weights is less than 1/1000 of that at the last. Either must hold in 3 of 4 successive values over at least 60
    steps, after warm-up, while the samples neither improve nor are as good as real ones.

What it is not
    A small gradient alone says little: in our first runs the best generator had the smallest, and with the
    non-saturating loss a perfect discriminator gives large ones. A generator whose loss is near its floor of 0 has
    what it wants, and its gradient goes with the loss: if its samples are bad all the same, the two steps disagree
    (GD008, GD010). The hinge loss of the discriminator is exactly 0 where all margins are met; that is the
    discriminator's gradient. Constant latents leave the first layer nothing to learn from, which is GD007. A gradient
    that never existed, because the generator is frozen, is GD003.

What to do
    First ask whether this loss can saturate at all: log(1 - D) can, and so can a cross-entropy that is clipped as a
    probability; use -log D, from logits. With any other loss look for what blocks the way back: dead units, a
    generator stuck at the bound of its output, layers without normalisation. Then make the discriminator's task
    harder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gandoctor.loss_families import LossFamily
from gandoctor.message import Message, sentences
from gandoctor.networks.layer_roles import role_of
from gandoctor.rules.gradients.latent_variation import latents_are_constant
from gandoctor.rules.gradients.own_level import early_level, finite, reaching_back
from gandoctor.rules.gradients.vanishing_generator_gradient_causes import causes
from gandoctor.rules.reading.late_values import median_between
from gandoctor.rules.reading.persistence import SPAN_STEPS, Episode, persistent_episode, running_median
from gandoctor.rules.reading.sample_progress import sample_progress
from gandoctor.rules.rule import Evidence, NotEvaluated, Rule, Severity
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

_NORM = "g_grad_norm"
LAYERS = "g_layer_grad_norm"

_WITH_FLOOR: tuple[LossFamily | None, ...] = ("non_saturating", "least_squares", None)
"""Losses that are 0 where the generator has what it wants; an unknown one is taken for such."""


@dataclass(frozen=True)
class Limits:
    """Thresholds; read off single runs of the reference model at 1/8 width, to be calibrated.

    Attributes:
        share: Running median of the norm over its highest early level. One healthy run and five with faults in the
            loss stayed above 4e-3; with a cross-entropy clipped as a probability it is exactly 0.
        conduction: Norm at the first layer over that at the last. Of 24 first runs the healthy ones had 0.6 to 5,
            those without batch normalisation 0.035 and more; AutoTrainer (Zhang et al., ICSE 2021) uses 1e-3.
        satisfied: Loss of the generator up to which a vanishing gradient is what it should be. A cross-entropy's
            gradient is in proportion to a loss this small; equilibria are 0.69 and 0.25.
    """

    share: float = 1e-4
    conduction: float = 1e-3
    satisfied: float = 0.01


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on the whole norm, on how layers conduct it, or on both."""
    norm = finite(run, _NORM)
    level, early = running_median(norm), early_level(run, norm)
    if level.empty or early is None:
        raise NotEvaluated(Message("{signal} covers fewer than {span} steps.", signal=_NORM, span=SPAN_STEPS))
    return [*_vanished(run, norm, level, early, limits), *_not_conducted(run, limits)]


def _vanished(
    run: Run, norm: pd.Series[float], level: pd.Series[float], early: float, limits: Limits
) -> Iterator[Evidence]:
    threshold = limits.share * early
    episode = persistent_episode(level <= threshold, warm_up_end(run))
    if episode is None or _is_satisfied(run, episode, limits):
        return
    episode = reaching_back(episode, norm <= threshold)
    observed, first, last = float(episode.of(level).median()), episode.first_step, episode.last_step
    if observed == 0:
        gone = Message("The generator's gradient is exactly 0 from step {first} to {last}.", first=first, last=last)
    else:
        gone = Message(
            "The median norm of the generator's gradient is {norm:.2g} from step {first} to {last}, {share:.1g} of the "
            "{early:.2g} it had in warm-up.",
            norm=observed,
            first=first,
            last=last,
            share=observed / early,
            early=early,
        )
    statement = sentences(gone, _what_the_loss_does(run.manifest.loss_family))
    yield from _graded(run, Evidence(_NORM, observed, threshold, first, last, statement), episode)


def _what_the_loss_does(family: LossFamily | None) -> Message:
    if family is None:
        return Message("The loss family is not known: of the usual losses only minimax goes flat by itself.")
    if family == "minimax":
        return Message(
            "The minimax loss goes flat where the discriminator is sure of its fakes, and this is what it does."
        )
    return Message(
        "This loss does not go flat where the discriminator wins, so the way back is blocked elsewhere: by dead units, "
        "an output at its bound, or a clipped loss."
    )


def _not_conducted(run: Run, limits: Limits) -> Iterator[Evidence]:
    if latents_are_constant(run):
        return
    layers = layers_in_order(run)
    if len(layers) < 2:
        return
    import pandas as pd

    (first, at_first), (last, at_last) = layers[0], layers[-1]
    table = pd.DataFrame({"first": at_first, "last": at_last}).dropna()
    table = table[table["last"] > 0]
    try:
        episode = persistent_episode(table["first"] < limits.conduction * table["last"], warm_up_end(run))
    except NotEvaluated:
        return  # too few probes: the whole norm, known at every step, has been judged
    if episode is None or _is_satisfied(run, episode, limits):
        return
    ratio = float((episode.of(table["first"]) / episode.of(table["last"])).median())
    statement = Message(
        "The gradient at the generator's first layer ({first_layer}) is {ratio:.1g} of that at its last one "
        "({last_layer}), from step {first} to {last}: what the last layers receive does not reach the first ones.",
        first_layer=first,
        ratio=ratio,
        last_layer=last,
        first=episode.first_step,
        last=episode.last_step,
    )
    at = (f"generator/{first}", f"generator/{last}")
    evidence = Evidence(LAYERS, ratio, limits.conduction, episode.first_step, episode.last_step, statement, layers=at)
    yield from _graded(run, evidence, episode)


def _graded(run: Run, evidence: Evidence, episode: Episode) -> Iterator[Evidence]:
    """Yield nothing where the samples do well; critical evidence only where they are known not to."""
    progress = sample_progress(run, evidence.first_step, evidence.last_step)
    if progress is not None and progress.state != "stuck":
        return
    known = Severity.WARNING if progress is None else Severity.CRITICAL
    samples = Message("Whether the samples still improve is not known.") if progress is None else progress.statement
    statement = sentences(evidence.statement, samples, episode.ending)
    yield replace(evidence, statement=statement, severity=episode.severity(known))


def layers_in_order(run: Run) -> list[tuple[str, pd.Series[float]]]:
    """Return the generator's layers with a recorded gradient norm, in the order of the model card.

    Empty where there is no card. Normalisation does not count, nor does a layer with weights of another kind.
    """
    card, recorded = run.manifest.generator, run.family(LAYERS)
    if card is None:
        return []
    addresses = dict.fromkeys(layer.address for layer in card.layers if role_of(layer) == "weights")
    return [(address, recorded[address]) for address in addresses if address in recorded]


def _is_satisfied(run: Run, episode: Episode, limits: Limits) -> bool:
    """Tell whether the generator has what it wants: its gradient then goes with its loss."""
    loss = median_between(run, "g_loss", episode.first_step, episode.last_step)
    return run.manifest.loss_family in _WITH_FLOOR and loss is not None and 0.0 <= loss <= limits.satisfied


LIMITS = Limits()

RULE = Rule(
    id="GD201",
    name="vanishing-generator-gradient",
    title=Message("The generator's gradient has vanished"),
    severity=Severity.CRITICAL,
    requires=(_NORM,),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "non-saturating-loss",
        "loss-from-logits",
        "generate-inside-tape",
        "leaky-discriminator",
        "batch-norm-in-generator",
        "match-output-range",
        "instance-noise",
        "spectral-normalisation",
    ),
    references=(
        "Arjovsky and Bottou, Towards Principled Methods for Training GANs, ICLR 2017 (when it vanishes, and when not)",
        "Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014, section 3 (the non-saturating loss)",
        "Zhang et al., AutoTrainer, ICSE 2021 (the ratio of the first layer to the last)",
    ),
    page=__doc__,
    causes=causes,
)
