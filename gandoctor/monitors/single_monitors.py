"""The single monitors: each records one kind of signals; several on one run directory share a recording."""

from __future__ import annotations

from gandoctor.monitors.monitor import Monitor
from gandoctor.recording.instruments.dead_units import DeadUnits
from gandoctor.recording.instruments.discriminator_scores import DiscriminatorScores
from gandoctor.recording.instruments.gradient_norms import GradientNorms
from gandoctor.recording.instruments.inputs import Inputs
from gandoctor.recording.instruments.losses import Losses
from gandoctor.recording.instruments.samples import Samples
from gandoctor.recording.instruments.score_pulls import ScorePulls
from gandoctor.recording.instruments.update_effects import UpdateEffects
from gandoctor.recording.instruments.weight_updates import WeightUpdates


class LossMonitor(Monitor):
    """Records d_loss and g_loss of each step."""

    instruments = (Losses,)


class InputMonitor(Monitor):
    """Records what the players are fed in each step."""

    instruments = (Inputs,)


class GradientNormMonitor(Monitor):
    """Records the gradient norms of each player in its own update, whole and by layer, before clipping."""

    instruments = (GradientNorms,)


class WeightUpdateMonitor(Monitor):
    """Records how far each player's weights move in each player's update, and between two probes."""

    instruments = (WeightUpdates,)


class UpdateEffectMonitor(Monitor):
    """Records what each player's update does to the discriminator's view of images, and what its loss wants of it."""

    instruments = (UpdateEffects, ScorePulls)


class DiscriminatorMonitor(Monitor):
    """Records the discriminator's outputs on trained-on reals, held-out reals and fakes, each apart."""

    instruments = (DiscriminatorScores,)


class DeadUnitMonitor(Monitor):
    """Records the share of each player's ReLU units that output nothing but 0."""

    instruments = (DeadUnits,)


class SampleMonitor(Monitor):
    """Records statistics of generated images beside the user's own real images, and contact sheets."""

    instruments = (Samples,)
