"""How is user-mode Linux booted, on this machine's file system?"""

from dataclasses import dataclass
from pathlib import Path

from tests.lab.guest.folder import Folder

#: As many as small machines have; each takes a processor of this machine's when it works.
_PROCESSORS = 2


@dataclass(frozen=True, slots=True)
class UserMode:
    """A Linux that is a program of this one's, with everything built in."""

    program: Path

    def command(self, folder: Folder, init: Path, memory: str) -> tuple[str, ...]:
        """Return the words; its console is its standard output.

        Parameters that an older one does not know are handed to *init*, which does not mind:
        `seccomp` is much the faster way of running programs, `ncpus` is newer still.
        """
        return (
            str(self.program),
            f"mem={memory}",
            f"ncpus={_PROCESSORS}",
            "seccomp=on",
            f"uml_dir={folder.path}",
            "con=null",
            "con0=null,fd:1",
            "root=/dev/root",
            "rootfstype=hostfs",
            "rootflags=/",
            "rw",
            f"init={init}",
        )
