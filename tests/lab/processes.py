"""Which processes are the lab's, and how are they ended?

By what they are in, never by what they are called: a cgroup of the lab's, or a namespace of one of
its nodes.
"""

import os
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from tests.lab.errors import NeverHappenedError
from tests.lab.layout import PREFIX, Pins
from tests.lab.wait import wait_until

_NAMESPACES = ("net", "mnt", "uts")


def in_cgroup(path: str) -> set[int]:
    """Return the living processes in the cgroup *path* or below it, in any hierarchy."""
    return {pid for pid in _living() if _is_in_cgroup(pid, path)}


def of_lab(pins: Iterable[Pins]) -> set[int]:
    """Return the living processes in the lab's cgroups or in the pinned namespaces."""
    namespaces = {file.stat().st_ino for each in pins for file in each.folder.iterdir()}
    return {
        pid
        for pid in _living()
        if _is_in_cgroup(pid, f"/{PREFIX}") or not namespaces.isdisjoint(_namespaces(pid))
    }


def end(find: Callable[[], set[int]], what: str) -> None:
    """Kill what *find* finds until it finds nothing: a fork may be quicker than one look."""
    killed: set[int] = set()

    def none_left() -> bool:
        found = find() - {os.getpid()}
        for pid in found:
            _kill(pid, find)
        killed.update(found)
        return not found

    wait_until(none_left, 20, f"{what} have ended", pause=0.02)
    # Dead, they stay in the process table until their parent asks after them. That is the first
    # process of the machine, whose haste is not ours to command.
    with suppress(NeverHappenedError):
        wait_until(lambda: not any(map(_state, killed)), 5, f"{what} have left the process table")


def _kill(pid: int, find: Callable[[], set[int]]) -> None:
    """Kill *pid* if it is still one of the wanted: numbers are used again, a descriptor is not."""
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            if pid in find():
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)


def _living() -> Iterable[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _state(int(entry.name)) not in {"", "Z", "X"}:
            yield int(entry.name)


def _state(pid: int) -> str:
    try:
        # The command's name stands in parentheses and may hold any character, these too.
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def _is_in_cgroup(pid: int, path: str) -> bool:
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text(errors="replace").splitlines()
    except OSError:
        return False
    # The path may have more before it, where the lab itself runs in a container's cgroup.
    return any(f"{path}/" in f"{line.split(':', 2)[2]}/" for line in lines)


def _namespaces(pid: int) -> set[int]:
    found = set()
    for kind in _NAMESPACES:
        with suppress(OSError):
            found.add(Path(f"/proc/{pid}/ns/{kind}").stat().st_ino)
    return found
