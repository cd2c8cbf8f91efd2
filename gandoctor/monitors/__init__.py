"""Monitors: Keras callbacks that measure a GAN's training and write it to a run directory. They never judge.

Beside them two guards that act on what was recorded: StopOnFinding and BestGenerator.
"""

from gandoctor.frameworks import framework_needed

with framework_needed(by="gandoctor.monitors"):
    from gandoctor.monitors.best_generator import BestGenerator
    from gandoctor.monitors.discriminator import DiscriminatorMonitor
    from gandoctor.monitors.gan_monitor import GANMonitor
    from gandoctor.monitors.gradient_norms import GradientNormMonitor
    from gandoctor.monitors.inputs import InputMonitor
    from gandoctor.monitors.losses import LossMonitor
    from gandoctor.monitors.options import MonitorWarning
    from gandoctor.monitors.samples import SampleMonitor
    from gandoctor.monitors.stop_on_finding import StopOnFinding
    from gandoctor.monitors.update_effects import UpdateEffectMonitor
    from gandoctor.monitors.weight_updates import WeightUpdateMonitor

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
