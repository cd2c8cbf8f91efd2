"""Monitors: callbacks and context managers that measure a GAN's training and write it to a run directory.

They never judge. Beside them two guards that act on what was recorded: StopOnFinding and BestGenerator. Importing them
imports no framework: the backend is picked by the type of the players when recording begins.
"""

from gandoctor.monitors.gan_monitor import GANMonitor
from gandoctor.monitors.guards.best_generator import BestGenerator
from gandoctor.monitors.guards.stop_on_finding import StopOnFinding
from gandoctor.monitors.single_monitors import (
    DiscriminatorMonitor,
    GradientNormMonitor,
    InputMonitor,
    LossMonitor,
    SampleMonitor,
    UpdateEffectMonitor,
    WeightUpdateMonitor,
)
from gandoctor.recording.warning import MonitorWarning

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
