"""Who may change the lab now? One at a time.

`SWARM_LAB_WAIT` is how many seconds to wait for another to end; without it there is no waiting.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tests.lab.errors import LabError
from tests.lab.wait import wait_until


@contextmanager
def locked(file: Path, purpose: str, patience: float | None = None) -> Iterator[None]:
    """Hold the lock *file*; where another holds it for *patience* seconds, a LabError says who.

    The kernel gives the lock back when its holder ends, however it ends. The file stays: removing
    it would let two holders lock two files of one name.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if patience is None:
        patience = float(os.environ.get("SWARM_LAB_WAIT") or 0)
    with file.open("a+") as handle:
        wait_until(lambda: _taken(handle), patience, f"the lab is free (its lock is {file})")
        _write(handle.fileno(), f"process {os.getpid()} ({purpose})")
        try:
            yield
        finally:
            _write(handle.fileno(), "")


def _taken(handle: TextIO) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.seek(0)
        holder = handle.read().strip() or "somebody who has just begun"
        raise LabError(f"it is in the hands of {holder}: wait until that has ended") from error
    return True


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)
