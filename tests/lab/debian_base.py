"""How does a base image come about where no registry can be reached?

From Debian's packages, which this machine can install anyway: a minimal system with Python, of the
release that the machine itself runs, so that wheels made here fit.
"""

import os
import platform
from collections.abc import Callable
from pathlib import Path

from tests.lab.commands import run
from tests.lab.errors import LabError

_PACKAGES = "python3,python3-venv"
_LEFT_OUT = ("doc", "info", "locale", "man")
#: Where Debian lists its own mirrors: since Debian 13, and before.
_SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
_OS_RELEASE = Path("/etc/os-release")


def cache() -> Path:
    """Give the folder for what takes long to make; only root can have put something there."""
    folder = Path(os.environ.get("SWARM_LAB_CACHE") or "/var/cache/swarm-lab")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def base_image(say: Callable[[str], None]) -> Path:
    """Give the base's root file system, made on the first call; a newer release makes it anew."""
    tar = cache() / f"base-{_release()}-{platform.machine()}.tar"
    if not tar.exists():
        say(f"making a base image of Debian {_release()} (once, about a minute)")
        unfinished = tar.with_suffix(".part.tar")
        left_out = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _LEFT_OUT]
        options = ["--quiet", "--variant=minbase", f"--include={_PACKAGES}", *left_out, *_proxies()]
        run("mmdebstrap", *options, _release(), str(unfinished), *_mirrors(), timeout=600)
        unfinished.rename(tar)
    return tar


def _release() -> str:
    text = _OS_RELEASE.read_text(encoding="utf-8")
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    if fields.get("ID") != "debian" or "VERSION_CODENAME" not in fields:
        raise LabError("this machine is no Debian release: there is no base image to be made of it")
    return fields["VERSION_CODENAME"].strip('"')


def _mirrors() -> list[str]:
    """Give the machine's own list; mmdebstrap knows the public mirrors where there is none."""
    return [str(path) for path in _SOURCES if path.exists()][:1]


def _proxies() -> list[str]:
    """Hand on how apt reaches its mirrors; mmdebstrap does not read the machine's settings."""
    dumped = run("apt-config", "dump", "Acquire::http", "Acquire::https")
    return [f"--aptopt={line}" for line in dumped.splitlines() if "proxy" in line.lower()]
