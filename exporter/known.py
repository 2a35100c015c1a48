"""Which tasks' namespaces need not be read again?

A task's devices and addresses stay while it lives, and there are many tasks. But its namespace is
there before its devices are, and somebody may plug another network into a container: what was
read is good for as long as the namespace had been there when it was read, and for some minutes at
most.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from probes.model.reading import NamespaceReading, NodeReading
from probes.model.vantage import VantageKind

_MOST_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    #: Of the namespace: another one with the same file's name is another namespace.
    inode: int
    #: In Unix seconds, as all times here.
    since: float
    read_at: float
    reading: NamespaceReading

    def good(self, now: float) -> bool:
        return 0 <= now - self.read_at <= min(self.read_at - self.since, _MOST_SECONDS)


class KnownTasks:
    """What was read of the tasks, by the files of their namespaces."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def good(self, now: float) -> Mapping[str, NamespaceReading]:
        """Give what can be used again, and forget namespaces that are gone or were made anew."""
        self._known = {
            file: known for file, known in self._known.items() if known.inode == _inode(file)
        }
        return {file: known.reading for file, known in self._known.items() if known.good(now)}

    def learn(self, reading: NodeReading) -> None:
        """Remember what was read just now, unless some of it lacks."""
        lacking = {failure.where.partition(",")[0] for failure in reading.failures}
        for task in reading.of_kind(VantageKind.TASK):
            file = task.vantage.netns or ""
            before = self._known.get(file)
            if before and before.reading is task:
                continue
            inode = _inode(file)
            if inode is None or f"{task.vantage.kind} {task.vantage.name}" in lacking:
                continue
            self._known[file] = _Known(
                inode=inode,
                since=before.since if before and before.inode == inode else reading.read_at,
                read_at=reading.read_at,
                reading=task,
            )


def _inode(file: str) -> int | None:
    try:
        return Path(file).stat().st_ino
    except OSError:
        return None
