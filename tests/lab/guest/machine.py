"""How does a guest boot, and when is it there?"""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab import requirements
from tests.lab.commands import search_path
from tests.lab.errors import LabError
from tests.lab.guest.folder import Folder, empty, guests, kill, sweep, taken
from tests.lab.guest.uml import UserMode
from tests.lab.wait import PAUSE_SECONDS

#: Twice what a Swarm of three nodes with Swarmscope on it takes; what is not used costs nothing.
MEMORY = "4G"

#: It took one to four when measured; the rest is for machines that are busy.
_BOOT_SECONDS = 120

# The kernel keeps its memory in a file of TMPDIR, and executes what is in it. A mount namespace of
# its own holds the tmpfs, and a process namespace every process: both end when the kernel does.
_IN_NAMESPACES = (
    *("unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child=KILL"),
    *("sh", "-ec", 'mount -t tmpfs -o mode=700 swarm-lab "$TMPDIR"; exec "$@"', "sh"),
)
_WITH_ITS_PARENT = ("setpriv", "--pdeathsig", "KILL")


def boot(folder: Folder, kernel: UserMode, memory: str = MEMORY) -> None:
    """Boot a guest that outlives this process, and return when it takes requests.

    A LabError has the last words of its console.
    """
    _wait_until_ready(folder, _start(folder, kernel, memory, ()))


@contextmanager
def booted(kernel: UserMode, memory: str = MEMORY) -> Iterator[Folder]:
    """Boot a guest of this process's own, which ends with it even if it is killed."""
    sweep()
    folder = Folder(guests() / f"of-{os.getpid()}")
    with _start(folder, kernel, memory, _WITH_ITS_PARENT) as started:
        try:
            _wait_until_ready(folder, started)
            yield folder
        finally:
            kill(folder)
    sweep()


def _start(
    folder: Folder, kernel: UserMode, memory: str, before: tuple[str, ...]
) -> "subprocess.Popen[bytes]":
    requirements.check()
    with taken(folder) as lock:
        empty(folder)
        folder.memory.mkdir()
        words = kernel.command(folder, _init(folder), memory)
        with folder.console.open("wb") as console:
            started = subprocess.Popen(
                (*before, *_IN_NAMESPACES, *words),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env={"PATH": search_path(), "TMPDIR": str(folder.memory)},
                pass_fds=(lock.fileno(),),
                start_new_session=True,
            )
        folder.pid_file.write_text(str(started.pid))
    return started


def _init(folder: Folder) -> Path:
    """Write the first program: a kernel's command line would not take every path there is."""
    here = Path(__file__).parent
    words = [here / "init.sh", folder.path, sys.executable, here / "inside.py"]
    file = folder.path / "init"
    file.write_text(f"#!/bin/sh\nexec sh {shlex.join(map(str, words))}\n")
    file.chmod(0o700)
    return file


def _wait_until_ready(folder: Folder, started: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _BOOT_SECONDS
    while not folder.ready:
        ended = started.poll() is not None
        if ended or time.monotonic() > deadline:
            kill(folder)
            how = "ended" if ended else f"was not ready in {_BOOT_SECONDS} s"
            raise LabError(f"the second kernel {how}:\n{folder.last_words()}")
        time.sleep(PAUSE_SECONDS)
