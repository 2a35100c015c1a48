"""How does the machine have something run in a guest?"""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Protocol

from tests.lab.errors import LabError
from tests.lab.guest.folder import Folder
from tests.lab.guest.inside import ASK, END, ERR, OUT, STATUS

#: Tells the lab and the tests that they run in a guest.
INSIDE = "SWARM_LAB_INSIDE"

_PAUSE_SECONDS = 0.05

#: Where the guest differs from the machine: both folders are on a tmpfs of its own.
_OF_THE_GUEST = {
    INSIDE: "1",
    "SWARM_LAB_STATE": "/mnt/swarm-lab",
    "TMPDIR": "/mnt/tmp",
    "SWARM_LAB_PATIENCE": "3",  # system calls are that slow in user-mode Linux, and more
}


class OutOfTimeError(LabError):
    """What was asked for did not end in time."""


class Sink(Protocol):
    """Takes what a file has gained."""

    def write(self, added: bytes, /) -> object: ...

    def flush(self) -> object: ...


def ask(
    folder: Folder,
    words: Sequence[str],
    sinks: tuple[Sink, Sink],
    *,
    also: Sequence[tuple[Path, Sink]] = (),
    environment: Mapping[str, str] | None = None,
    limit: float | None = None,
) -> int:
    """Run *words* in the guest, in this process's folder and environment; return their status.

    Their output and errors go to the two *sinks* as they come, and so does what they add to the
    files named by *also*. SIGINT and SIGTERM of ours end them, and so does the *limit* in seconds.
    """
    if not folder.ready or not folder.alive:
        raise LabError("no guest is up: python -m tests.lab.guest up")
    stem = folder.path / f"{os.getpid()}-{time.monotonic_ns()}"
    _post(stem, words, environment or {})
    followed = zip((stem.with_suffix(OUT), stem.with_suffix(ERR)), sinks, strict=True)
    files = [_following(path, sink) for path, sink in (*followed, *also)]
    deadline = None if limit is None else time.monotonic() + limit
    with _handing_on_signals(stem):
        while True:
            # Before the last look at what it wrote: nothing follows a status.
            ended = stem.with_suffix(STATUS).exists()
            alive = ended or folder.alive
            for file in files:
                next(file)
            if ended:
                break
            if not alive:
                raise LabError(f"the guest died at its work:\n{folder.last_words()}")
            if deadline is not None and time.monotonic() > deadline:
                stem.with_suffix(END).touch()
                raise OutOfTimeError(f"did not end in {limit:g} s")
            time.sleep(_PAUSE_SECONDS)
    status = int(stem.with_suffix(STATUS).read_text())
    for kind in (OUT, ERR, STATUS):
        stem.with_suffix(kind).unlink(missing_ok=True)
    return status


def _post(stem: Path, words: Sequence[str], environment: Mapping[str, str]) -> None:
    request = {
        "words": list(words),
        "folder": str(Path.cwd()),
        "environment": {**os.environ, **_OF_THE_GUEST, **environment},
    }
    draft = stem.with_suffix(".draft")
    draft.write_text(json.dumps(request))
    draft.rename(stem.with_suffix(ASK))


def _following(path: Path, sink: Sink) -> Iterator[None]:
    """Copy what has been added to the file, at every step."""
    while not path.exists():
        yield
    with path.open("rb") as file:
        while True:
            if added := file.read():
                sink.write(added)
                sink.flush()
            yield


@contextmanager
def _handing_on_signals(stem: Path) -> Iterator[None]:
    def hand_on(_number: int, _frame: FrameType | None) -> None:
        stem.with_suffix(END).touch()

    if threading.current_thread() is not threading.main_thread():
        yield  # Python tells only the main thread of signals; this one ends with the process
        return
    before = {number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
