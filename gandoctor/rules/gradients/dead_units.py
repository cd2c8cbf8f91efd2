"""GD204: a large share of a network's ReLU units is 0 for every input.

What it is
    A unit with ReLU whose input is negative for every image (or latent) puts out 0 always, has no gradient and cannot
    come back by itself.

Why it hurts
    The network shrinks without a word. In the discriminator it is also the way by which the generator learns: what
    dead units do not pass on never reaches it.

How it is recognised
    The share of ReLU units that are 0 for all inputs of a probe is above 30 %, in 3 of 4 successive probes over at
    least 60 steps, after warm-up, and at least 10 points more than in the run's own first probe; from 70 % on it is
    critical, and counts even if the run began so.

What it is not
    A unit that is 0 for most inputs is sparse and well: one input for which it is not keeps it alive. Fresh ReLU
    networks begin with some units that a single probe finds silent. Dropout's zeros are none of this, as probes run
    without dropout. Leaky ReLU and its kin always pass a gradient, so that nothing is recorded and nothing judged. A
    generator whose latents are all the same shows every unit at one value: that is GD007.

What to do
    Lower the learning rate: one large update pushes a unit below 0 for good. Normalise before the ReLU, which keeps
    half of the inputs above 0, and use leaky ReLU in the discriminator. Units that are dead stay so: start again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gandoctor.networks.layer_roles import role_of
from gandoctor.rules.gradients.latent_variation import latents_are_constant
from gandoctor.rules.gradients.own_level import RECENT_STEPS, finite, recent
from gandoctor.rules.hypotheses.networks import no_batch_norm
from gandoctor.rules.reading.late_values import median_between
from gandoctor.rules.reading.persistence import persistent_episode
from gandoctor.rules.rule import Cause, Evidence, Found, NotEvaluated, Rule, Severity
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

_NAMES = {"d": "discriminator", "g": "generator"}


@dataclass(frozen=True)
class Limits:
    """Thresholds; from the literature and judgement, to be calibrated.

    Attributes:
        share: Dead units, 0..1. Healthy networks are said to have under 5 %; judgement between that and `critical`.
        rise: How much more than in the first probe. Judgement.
        critical: Dead units that count whatever the run began with, and make it critical. AutoTrainer (Zhang et al.,
            ICSE 2021) calls a model dying from a share of 0.7 zero gradients on.
    """

    share: float = 0.3
    rise: float = 0.1
    critical: float = 0.7


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """One evidence a player."""
    evidence: list[Evidence] = []
    reasons = []
    for player, name in _NAMES.items():
        try:
            evidence += _player(run, player, limits)
        except NotEvaluated as reason:
            reasons.append(f"Of the {name}: {reason}")
    if len(reasons) == len(_NAMES):
        raise NotEvaluated(" ".join(reasons))
    return evidence


def _player(run: Run, player: str, limits: Limits) -> Iterator[Evidence]:
    signal, name = f"{player}_dead_units", _NAMES[player]
    if signal not in run:
        why = run.manifest.missing.get(signal)
        raise NotEvaluated(f"{signal} was not recorded{f': {why}' if why else ''}.")
    if player == "g" and latents_are_constant(run):
        raise NotEvaluated("its latents are all the same, so that no unit can be seen to change.")
    share = finite(run, signal)
    if share.empty:
        raise NotEvaluated(f"{signal} was never a number.")
    first = float(share.iloc[0])
    holds = (share > limits.share) & ((share >= first + limits.rise) | (share >= limits.critical))
    episode = persistent_episode(holds, warm_up_end(run.manifest))
    if episode is None:
        return
    observed = float(episode.of(share).median())
    severity = Severity.CRITICAL if observed >= limits.critical else Severity.WARNING
    yield Evidence(
        signal,
        observed,
        limits.share,
        episode.first_step,
        episode.last_step,
        f"{observed:.0%} of the {name}'s ReLU units are 0 for every input of a probe, from step {episode.first_step} "
        f"to {episode.last_step}; in the first probe it was {first:.0%}.{episode.ending}",
        episode.severity(severity),
    )


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank why units died: pushed over by updates, or never held up by a normalisation."""
    player = max(_NAMES, key=lambda p: recent(run, f"{p}_dead_units") or 0.0)
    name = _NAMES[player]
    update = recent(run, f"{player}_update_ratio")
    share = finite(run, f"{player}_dead_units")
    rises = np.diff(share.to_numpy(), prepend=share.to_numpy()[:1])
    rise, at = float(rises.max()), int(share.index[int(rises.argmax())])
    around = median_between(run, f"{player}_update_ratio", at - RECENT_STEPS, at)
    large = max(update or 0.0, around or 0.0) > _LARGE_UPDATE
    shown = f"the largest rise from one probe to the next was {rise:.0%}, at step {at}"
    shown += f"; an update moves the {name}'s weights by {update:.1e} of their size" if update is not None else ""
    return [
        Cause(
            "exploding-updates",
            "The learning rate is too large: updates exploded",
            0.8 if large else 0.6 if rise >= LIMITS.rise else 0.3,
            "The share rises in jumps, at large updates, and stays; a ten times smaller learning rate prevents it. "
            f"This run: {shown}.",
        ),
        no_batch_norm(run) if player == "g" else _unnormalised(run),
        Cause(
            "relu-without-leak",
            "ReLU lets no gradient through below 0, so that a unit that fell there stays",
            0.4,
            "Replace it by leaky ReLU with a slope of 0.2: if the symptom goes and the samples gain nothing, the dead "
            f"units were not what held them back. This run: {len(share)} probes show ReLU units in the {name}.",
        ),
    ]


def _unnormalised(run: Run) -> Cause:
    card = run.manifest.discriminator
    normalised = card is not None and any(role_of(layer) in ("batch_norm", "norm") for layer in card.layers)
    has = "not recorded" if card is None else f"the discriminator has {'a' if normalised else 'no'} normalisation"
    return Cause(
        "unnormalised-discriminator",
        "Nothing keeps the inputs of the discriminator's units around 0",
        0.1 if normalised else 0.5 if card is not None else 0.3,
        "A normalisation before the ReLU keeps half of its inputs above 0 for as long as its offset does; with it the "
        f"share stays near the first probe's. This run: {has}.",
    )


_LARGE_UPDATE = 0.02
"""Movement over norm from which an update is suspected of pushing units over; usual is 1e-3."""

LIMITS = Limits()

RULE = Rule(
    id="GD204",
    name="dead-units",
    title="Many ReLU units are dead",
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "leaky-discriminator",
        "batch-norm-in-generator",
        "lower-learning-rates-and-clip",
        "spectral-normalisation",
    ),
    references=(
        "Zhang et al., AutoTrainer: An Automatic DNN Training Problem Detection and Repair System, ICSE 2021",
        "Lu et al., Dying ReLU and Initialization: Theory and Numerical Examples, 2019",
        "Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic Models, ICML workshop 2013 (the leak)",
    ),
    page=__doc__,
    causes=causes,
)
