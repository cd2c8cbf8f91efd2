"""Monitors: Keras callbacks that measure a GAN's training and write it to a run directory. They never judge."""

from gandoctor.monitors.discriminator import DiscriminatorMonitor
from gandoctor.monitors.gan_monitor import GANMonitor
from gandoctor.monitors.gradient_norms import GradientNormMonitor
from gandoctor.monitors.losses import LossMonitor
from gandoctor.monitors.samples import SampleMonitor
from gandoctor.monitors.session import MonitorWarning
from gandoctor.monitors.weight_updates import WeightUpdateMonitor

__all__ = [
    "DiscriminatorMonitor",
    "GANMonitor",
    "GradientNormMonitor",
    "LossMonitor",
    "MonitorWarning",
    "SampleMonitor",
    "WeightUpdateMonitor",
]
