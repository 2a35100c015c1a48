"""Which second kernel can this machine boot?"""

import hashlib
import lzma
import os
import shutil
from pathlib import Path

from tests.lab.debian_base import cache
from tests.lab.errors import LabError
from tests.lab.guest.uml import UserMode

VARIABLE = "SWARM_LAB_KERNEL"


def choose() -> UserMode:
    """Give the kernel that the environment names; a LabError says how to get one."""
    named = os.environ.get(VARIABLE, "")
    if not named:
        raise LabError(
            f"set {VARIABLE} to a user-mode Linux that has what is lacking, or to one packed by xz"
        )
    return _named(Path(named))


def _named(path: Path) -> UserMode:
    if not path.is_file():
        raise LabError(f"{VARIABLE}={path}: there is no such file")
    kernel = _unpacked(path) if path.suffix == ".xz" else path.resolve()
    if not os.access(kernel, os.X_OK):
        raise LabError(f"{VARIABLE}={path} cannot be executed: is it a user-mode Linux?")
    return UserMode(kernel)


def _unpacked(packed: Path) -> Path:
    """Unpack the kernel on the first call; other contents are another kernel."""
    with packed.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    kernel = cache() / f"kernel-{digest[:16]}"
    if not kernel.exists():
        # Two may do it at once.
        draft = kernel.with_suffix(f".{os.getpid()}.part")
        try:
            with lzma.open(packed) as source, draft.open("wb") as target:
                shutil.copyfileobj(source, target)
            draft.chmod(0o755)
            draft.rename(kernel)
        except lzma.LZMAError as error:
            raise LabError(f"{VARIABLE}={packed} is not packed by xz: {error}") from error
        finally:
            draft.unlink(missing_ok=True)
    return kernel
