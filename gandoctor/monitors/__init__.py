"""Monitors: Keras callbacks that measure a GAN's training and write it to a run directory. They never judge.

Beside them two guards that act on what was recorded: StopOnFinding and BestGenerator.
"""

from gandoctor.monitors.gan_monitor import GANMonitor
from gandoctor.monitors.guards.best_generator import BestGenerator
from gandoctor.monitors.guards.stop_on_finding import StopOnFinding
from gandoctor.recording.instruments.discriminator import DiscriminatorMonitor
from gandoctor.recording.instruments.gradient_norms import GradientNormMonitor
from gandoctor.recording.instruments.inputs import InputMonitor
from gandoctor.recording.instruments.losses import LossMonitor
from gandoctor.recording.instruments.samples import SampleMonitor
from gandoctor.recording.instruments.update_effects import UpdateEffectMonitor
from gandoctor.recording.instruments.weight_updates import WeightUpdateMonitor
from gandoctor.recording.session.options import MonitorWarning

__all__ = [
    "BestGenerator",
    "DiscriminatorMonitor",
    "GANMonitor",
    "GradientNormMonitor",
    "InputMonitor",
    "LossMonitor",
    "MonitorWarning",
    "SampleMonitor",
    "StopOnFinding",
    "UpdateEffectMonitor",
    "WeightUpdateMonitor",
]
