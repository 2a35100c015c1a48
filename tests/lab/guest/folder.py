"""Where does a guest keep what it shares with the machine, and is it alive?"""

import fcntl
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tests.lab.errors import LabError
from tests.lab.guest.inside import READY
from tests.lab.wait import wait_until

_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Folder:
    """A guest's own folder; the guest sees it under the same path.

    The guest holds the folder's lock from its first instruction to its last, however it ends, so
    that nobody has to believe a file that says whether it lives.
    """

    path: Path

    @property
    def lock(self) -> Path:
        return self.path / _LOCK

    @property
    def pid_file(self) -> Path:
        return self.path / "pid"

    @property
    def console(self) -> Path:
        """What the guest's kernel and its first process say."""
        return self.path / "console.log"

    @property
    def memory(self) -> Path:
        """Where the guest's memory is mounted, in no mount namespace but the guest's."""
        return self.path / "memory"

    @property
    def ready(self) -> bool:
        return (self.path / READY).exists()

    @property
    def alive(self) -> bool:
        try:
            with taken(self):
                return False
        except LabError:
            return True

    def last_words(self, lines: int = 25) -> str:
        """Return the end of what the guest's console says."""
        with suppress(FileNotFoundError):
            said = self.console.read_text(errors="replace").splitlines()
            return "\n".join(said[-lines:]) or "its console said nothing"
        return "it has no console"


def guests() -> Path:
    """Give the folder that holds every guest's; its path is on a kernel's command line."""
    path = Path(os.environ.get("SWARM_LAB_GUESTS") or "/var/tmp/swarm-lab-guests")  # noqa: S108
    if not path.is_absolute() or any(character in " ,:\"'" for character in str(path)):
        raise LabError(f"SWARM_LAB_GUESTS={path}: an absolute path without spaces, , : and quotes")
    return path


def kept() -> Folder:
    """Name the folder of the guest that `up` boots."""
    return Folder(guests() / "up")


@contextmanager
def taken(folder: Folder) -> Iterator[BinaryIO]:
    """Hold the folder's lock; a process that inherits the descriptor goes on holding it."""
    folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    with folder.lock.open("ab") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LabError(f"a guest is up in {folder.path}") from error
        yield handle


def empty(folder: Folder) -> None:
    """Remove what an earlier guest left in the folder."""
    for entry in folder.path.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry != folder.lock:
            entry.unlink()


def sweep() -> None:
    """Remove the folders of guests that are dead: somebody killed who would have done it."""
    with suppress(FileNotFoundError):
        for path in guests().iterdir():
            with suppress(LabError), taken(Folder(path)):
                shutil.rmtree(path)


def kill(folder: Folder) -> None:
    """Cut the guest's power; there is no disk that would mind."""
    if not folder.alive:
        return
    with suppress(FileNotFoundError, ProcessLookupError):
        descriptor = os.pidfd_open(int(folder.pid_file.read_text()))
        try:
            if folder.alive:  # so the number is still the guest's own
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)
    wait_until(lambda: not folder.alive, 20, f"the guest of {folder.path} has ended")
