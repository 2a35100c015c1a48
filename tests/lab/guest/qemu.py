"""How is Debian's kernel booted in QEMU, on this machine's file system?"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.lab.commands import search_path
from tests.lab.guest.folder import Folder
from tests.lab.guest.uml import PROCESSORS

EMULATOR = "qemu-system-x86_64"

#: Debian packages it apart since version 13, and with QEMU before.
_FILE_SERVERS = ("/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd")

# Two of them. What the guest knows of the machine's files it keeps, until it drops it for the next
# request: else every program would be read anew whenever it starts, a second each. Of the shared
# folder it keeps nothing, or it would never see a request.
_SERVE_FILES_AND_BOOT = """
server=$1 folder=$2
shift 2
serve() {
  "$server" --socket-path="$folder/$1.sock" -o source="$2" -o cache="$3" -o sandbox=chroot &
  until [ -S "$folder/$1.sock" ]; do
    kill -0 $! || exit 1
    sleep 0.05
  done
}
serve machine / always
serve shared "$folder" none
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Emulated:
    """Debian's kernel in QEMU; *modules* is its own /lib/modules."""

    image: Path
    initrd: Path
    modules: Path

    def command(self, folder: Folder, init: Path, memory: str) -> tuple[str, ...]:
        """Return the words; its console is its standard output."""
        accelerator = "kvm" if has_kvm() else "tcg"
        return (
            *("sh", "-ec", _SERVE_FILES_AND_BOOT, "sh", file_server(), str(folder.path)),
            *(EMULATOR, "-nodefaults", "-no-user-config", "-no-reboot"),
            *("-display", "none", "-serial", "stdio"),
            *("-machine", f"q35,accel={accelerator}", "-cpu", "max", "-smp", str(PROCESSORS)),
            # The file server works on the guest's memory, so the two share it.
            *("-m", memory, "-numa", "node,memdev=memory"),
            *("-object", f"memory-backend-memfd,id=memory,size={memory},share=on"),
            *_files("machine", folder),
            *_files("shared", folder),
            *("-kernel", str(self.image), "-initrd", str(self.initrd)),
            *("-append", f"console=ttyS0 panic=-1 quiet -- {init}"),
        )


def _files(tag: str, folder: Folder) -> tuple[str, ...]:
    """Return the words for the device of the file server of that name, see also initrd.sh."""
    channel = f"socket,id={tag},path={folder.path / tag}.sock"
    return ("-chardev", channel, "-device", f"vhost-user-fs-pci,chardev={tag},tag={tag}")


def file_server() -> str:
    """Return the program that serves a folder as virtiofs; "" where there is none."""
    return next((path for path in _FILE_SERVERS if os.access(path, os.X_OK)), "")


def has_kvm() -> bool:
    """Tell whether the processor can run another kernel.

    The device alone says little: in some virtual machines it is there, and its guests hang.
    """
    flags = Path("/proc/cpuinfo").read_text().split()
    return os.access("/dev/kvm", os.R_OK | os.W_OK) and not {"vmx", "svm"}.isdisjoint(flags)


def missing() -> list[str]:
    """Return what this machine lacks, each with where to get it."""
    absent = []
    if shutil.which(EMULATOR, path=search_path()) is None:
        absent.append(f"{EMULATOR} (Debian package qemu-system-x86)")
    if not file_server():
        absent.append("virtiofsd (Debian package virtiofsd; before Debian 13 qemu-system-common)")
    if shutil.which("modprobe", path=search_path()) is None:
        absent.append("modprobe (Debian package kmod)")
    return absent
