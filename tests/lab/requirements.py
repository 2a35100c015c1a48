"""What does the lab need of this machine?"""

import os
import shutil
import sys

from tests.lab.commands import search_path
from tests.lab.errors import LabError

#: Program, and the Debian package that has it.
PROGRAMS = {
    "docker": "docker.io (docker-cli in newer Debian)",
    "dockerd": "docker.io",
    "iptables": "iptables",
    "ip": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    "busybox": "busybox-static",
}


def missing() -> list[str]:
    """Return what is not there, each with where to get it."""
    if sys.platform != "linux":
        return [f"Linux (this is {sys.platform})"]
    absent = [] if os.geteuid() == 0 else ["root (namespaces and dockerd need it)"]
    for program, package in PROGRAMS.items():
        if shutil.which(program, path=search_path()) is None:
            absent.append(f"{program} (Debian package {package})")
    return absent


def check() -> None:
    """Refuse where something is missing, and name it."""
    absent = missing()
    if absent:
        raise LabError(f"this machine lacks {'; '.join(absent)}")
