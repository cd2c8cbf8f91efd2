"""The exceptions whose message is shown to the user as it stands, without a traceback."""


class GandoctorError(Exception):
    """Unusable input: says what was found and what to do."""


class NotARun(GandoctorError):
    """The path is no run directory, or one that cannot be read."""


class NotWritable(GandoctorError):
    """The run directory, report or result cannot be written there."""


class UnusableTarget(GandoctorError):
    """What is to be trained or checked cannot be imported, built or recorded."""


class ChangeRefused(GandoctorError):
    """What was to be changed in a training cannot be had, which shows only while it trains."""


class UnusableSnapshot(GandoctorError):
    """A training cannot go on from this snapshot: it is damaged, or that of another training."""
