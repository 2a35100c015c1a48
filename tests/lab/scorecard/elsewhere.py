"""How are scenarios played in a second kernel that this machine's cannot show?

The same command runs there; it adds each row to a file that the guest shares with the machine.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.lab.errors import LabError
from tests.lab.guest import kernels, machine, mailbox
from tests.lab.scorecard.card import Row, row_of
from tests.lab.scorecard.scenario import Scenario

#: In the guest: where to write the rows.
ROWS = "SWARM_LAB_SCORECARD"
_MOST_SECONDS_FOR_ALL = 900.0
_MOST_SECONDS_EACH = 900.0


def play_in_guest(scenarios: Sequence[Scenario], write: Callable[[Row], None]) -> None:
    """Play them in a guest, and hand on each row as it comes. Raises LabError without a kernel."""
    words = (sys.executable, "-m", "tests.lab.scorecard", *(item.name for item in scenarios))
    with machine.booted(kernels.choose()) as folder:
        status = mailbox.ask(
            folder,
            words,
            (sys.stdout.buffer, sys.stderr.buffer),
            also=((folder.path / "rows", _Rows(write)),),
            environment={ROWS: str(folder.path / "rows")},
            limit=_MOST_SECONDS_FOR_ALL + _MOST_SECONDS_EACH * len(scenarios),
        )
    if status:
        raise LabError(f"the scorecard in the second kernel ended with status {status}")


def hand_over(row: Row) -> bool:
    """In a guest, give the row to the machine; elsewhere do nothing, and say so."""
    if ROWS not in os.environ:
        return False
    with Path(os.environ[ROWS]).open("a") as file:
        file.write(json.dumps(asdict(row)) + "\n")
    return True


class _Rows:
    """A file's rows, handed on as they come."""

    def __init__(self, write: Callable[[Row], None]) -> None:
        self._write = write
        self._begun = b""

    def write(self, added: bytes) -> None:
        *lines, self._begun = (self._begun + added).split(b"\n")
        for line in lines:
            self._write(row_of(json.loads(line)))

    def flush(self) -> None:
        """Nothing is held back."""
