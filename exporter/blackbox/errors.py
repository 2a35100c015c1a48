"""Why is there no answer, or not the one hoped for?"""


class FailedError(Exception):
    """The target did not do what its module expects: the probe failed."""


class BadRequestError(Exception):
    """What was asked for makes no sense; the message says what does."""


class NotAllowedError(Exception):
    """The target is not among those that the agent's configuration allows."""


class UnableError(Exception):
    """It could not be looked, which says nothing of the target."""
