"""How does the lab say that it could not?"""

from collections.abc import Sequence
from shlex import join

#: An Engine's complaint fits; a whole log does not help.
_LINES_SHOWN = 12


class LabError(Exception):
    """The lab could not do what was asked; the message says what, where and what to do."""


class CommandError(LabError):
    """A command failed or did not end in time."""

    def __init__(self, argv: Sequence[str], ending: str, output: str) -> None:
        tail = "\n".join(output.strip().splitlines()[-_LINES_SHOWN:])
        super().__init__(f"{join(argv)}: {ending}" + (f"\n{tail}" if tail else ""))


class NeverHappenedError(LabError, AssertionError):
    """A condition did not become true in time; an assertion, so that a test reads well."""
