"""What does the guest's first process do? It runs what the machine asks for, and buries the dead.

A request is a file NAME.ask in the shared folder: the words, the folder and the environment, in
JSON. Its output goes to NAME.out and NAME.err, and when it has ended, its status to NAME.status;
a file NAME.end asks it to end early. Alone in a new kernel this starts in a second: it imports
nothing of ours, and little of Python's.
"""

import json
import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

ASK = ".ask"
OUT = ".out"
ERR = ".err"
STATUS = ".status"
END = ".end"
READY = "ready"

#: Seconds between two looks for a request; what has ended is seen at once.
_PAUSE_SECONDS = 0.05

_CHANGE_FOLDER_AND_RUN = 'cd "$1" && shift && exec "$@"'


def serve(folder: Path) -> NoReturn:
    """Run requests, any number at once, until the power goes."""
    running: dict[int, Path] = {}
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    (folder / READY).touch()
    while True:
        signal.sigtimedwait({signal.SIGCHLD}, _PAUSE_SECONDS)
        _bury(running)
        for file in sorted(folder.iterdir()):
            if file.suffix == ASK:
                running[_start(file)] = file
            elif file.suffix == END:
                file.unlink()
                _interrupt(pid for pid, asked in running.items() if asked.stem == file.stem)


def _start(asked: Path) -> int:
    request = json.loads(asked.read_text())
    asked.unlink()
    _forget_the_machines_files()
    create = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    words = ["sh", "-c", _CHANGE_FOLDER_AND_RUN, "sh", request["folder"], *request["words"]]
    return os.posix_spawn(
        "/bin/sh",
        words,
        request["environment"],
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, asked.with_suffix(OUT), create, 0o600),
            (os.POSIX_SPAWN_OPEN, 2, asked.with_suffix(ERR), create, 0o600),
        ],
        setsid=True,
        setsigmask=(),
    )


def _forget_the_machines_files() -> None:
    """Drop what is cached of them: the kernel cannot know that a file was edited meanwhile."""
    Path("/proc/sys/vm/drop_caches").write_text("3")


def _interrupt(groups: Iterable[int]) -> None:
    for group in groups:
        os.killpg(group, signal.SIGINT)


def _bury(running: dict[int, Path]) -> None:
    """Take leave of every dead child; orphans of the whole guest are among them."""
    with suppress(ChildProcessError):
        while True:
            pid, ending = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            asked = running.pop(pid, None)
            if asked is not None:
                code = os.waitstatus_to_exitcode(ending)
                _put(asked.with_suffix(STATUS), str(code if code >= 0 else 128 - code))


def _put(file: Path, text: str) -> None:
    """Write the file under another name first: the machine looks for it all the time."""
    draft = file.with_suffix(".draft")
    draft.write_text(text)
    draft.rename(file)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
