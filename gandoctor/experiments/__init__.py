"""Run trainings: one at a time in a child process, or all the runs of a benchmark."""

from gandoctor.experiments.training import LoopTraining, Training

__all__ = ["LoopTraining", "Training"]
