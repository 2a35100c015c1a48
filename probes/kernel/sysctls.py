"""How is the kernel set?"""

import os
from collections.abc import Iterable
from pathlib import Path

from probes.errors import CouldNotLookError

#: Of the namespace of the thread that opens a file there (fs/proc/proc_sysctl.c).
_SETTINGS = Path("/proc/sys")


def read_sysctls(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Read settings of the namespace that the calling thread stands in.

    *names* are as sysctl(8) writes them; those that the kernel does not have are left out. Values
    of several numbers have single blanks between them. Raises CouldNotLookError.
    """
    found = ((name, read_setting(_SETTINGS / name.replace(".", "/"))) for name in names)
    return tuple((name, value) for name, value in found if value is not None)


def read_setting(file: Path) -> str | None:
    """Read a small file of the kernel's; None where there is none. Raises CouldNotLookError."""
    try:
        return " ".join(file.read_text().split())
    except FileNotFoundError:
        return None
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise CouldNotLookError(f"{file} cannot be read: {why}") from error
