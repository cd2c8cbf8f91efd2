"""Running trainings: one in a child process today; treat, study, compare and benchmark build on it."""

from gandoctor.experiments.training import Training

__all__ = ["Training"]
