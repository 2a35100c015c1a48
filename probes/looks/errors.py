"""Why does `probe` end without a result?"""

from typing import ClassVar

from probes.model.result import Verdict

#: The exit status for each way that a look can end. 2 is for what was asked wrongly.
EXIT_STATUS = {Verdict.WORKED: 0, Verdict.FAILED: 1, Verdict.UNKNOWN: 3}


class CommandError(Exception):
    """Nothing was looked at; the message says why, and what to do."""

    status: ClassVar[int]


class UsageError(CommandError):
    """What was asked for is nothing that can be looked at."""

    status = 2


class ElsewhereError(UsageError):
    """It can be looked from there, but not by this node alone."""


class CannotLookError(CommandError):
    """A right is missing, or the Engine or the agent did not answer."""

    status = EXIT_STATUS[Verdict.UNKNOWN]


class NoAgentError(CannotLookError):
    """There is no agent on this node that could be asked."""
