"""The one exception whose message is shown to the user as it stands."""


class GandoctorError(Exception):
    """Unusable input: says what was found and what to do, in one message without a traceback."""
