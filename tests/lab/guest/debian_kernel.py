"""How does Debian's kernel come to lie beside this machine's, without being installed?

Its package is unpacked into the cache, with an initrd that knows one way only: to the machine's
own file system.
"""

import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.lab.commands import run, search_path
from tests.lab.debian_base import cache
from tests.lab.errors import LabError
from tests.lab.guest.qemu import Emulated

#: The kernel for virtual machines: the smallest that has IPVS, ESP, VXLAN and netem.
_PACKAGE = "linux-image-cloud-amd64"

#: What the initrd needs to reach the machine's files and to lay a tmpfs over them.
_MODULES = ("virtio_pci", "virtiofs", "overlay")

_PACK = 'cd "$1"; find . | busybox cpio -o -H newc > "$2"'


def debian_kernel(say: Callable[[str], None]) -> Emulated:
    """Give the kernel, fetched on the first call."""
    if platform.machine() != "x86_64":
        raise LabError(f"QEMU is prepared for x86_64 alone (this is {platform.machine()})")
    folder = cache() / "kernel-debian"
    if not folder.exists():
        say(f"fetching Debian's {_PACKAGE} (once)")
        draft = folder.with_suffix(f".{os.getpid()}.part")
        try:
            _make(draft)
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    release = _release(folder)
    image = folder / "boot" / f"vmlinuz-{release}"
    return Emulated(image=image, initrd=folder / "initrd", modules=folder / "lib" / "modules")


def _make(folder: Path) -> None:
    with TemporaryDirectory() as downloads:
        run("sh", "-ec", 'cd "$1"; apt-get download "$2"', "sh", downloads, _package(), timeout=600)
        for package in Path(downloads).glob("*.deb"):
            run("dpkg", "-x", str(package), str(folder))
    release = _release(folder)
    run("depmod", f"--basedir={folder}", release)
    with TemporaryDirectory() as root:
        _furnish(Path(root), folder, release)
        run("sh", "-ec", _PACK, "sh", root, str(folder / "initrd"))


def _package() -> str:
    """Return the package of the kernel's present version: the other only depends on it."""
    for line in run("apt-cache", "depends", _PACKAGE).splitlines():
        relation, _, name = line.strip().partition(": ")
        if relation == "Depends":
            return name
    raise LabError(f"apt knows no {_PACKAGE}: run apt-get update, on Debian")


def _release(folder: Path) -> str:
    return next((folder / "lib" / "modules").iterdir()).name


def _furnish(root: Path, folder: Path, release: str) -> None:
    for name in ("bin", "machine", "modules"):
        (root / name).mkdir()
    busybox = shutil.which("busybox", path=search_path())
    if busybox is None:
        raise LabError("busybox is not installed (Debian package busybox-static)")
    shutil.copy(busybox, root / "bin" / "busybox")
    for number, module in enumerate(_in_order(folder, release), start=10):
        shutil.copy(module, root / "modules" / f"{number}-{module.name}")
    shutil.copy(Path(__file__).with_name("initrd.sh"), root / "init")
    (root / "init").chmod(0o755)


def _in_order(folder: Path, release: str) -> list[Path]:
    """Return the modules' files, each after those that it needs."""
    found: dict[Path, None] = {}
    for module in _MODULES:
        options = (f"--dirname={folder}", f"--set-version={release}", "--show-depends")
        for line in run("modprobe", *options, module).splitlines():
            action, _, path = line.strip().partition(" ")
            if action == "insmod":
                found[Path(path)] = None
    return list(found)
