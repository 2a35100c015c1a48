"""How does a newer engine come onto this machine, beside the installed one?

Unpacked from a newer Debian suite, not installed: `up --engine` takes the folder. runc stays the
machine's own, since a newer one wants a newer C library.
"""

from collections.abc import Callable
from pathlib import Path

from tests.lab.commands import run
from tests.lab.debian_base import cache
from tests.lab.errors import LabError

#: Engine 26 and 28 when this was written.
SUITES = ("trixie", "sid")

_PACKAGES = ("docker.io", "containerd")
_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


def unpacked(suite: str, say: Callable[[str], None]) -> Path:
    """Return the folder of *suite*'s engine; it is fetched on the first call."""
    binaries = cache() / "engines" / suite / "bin"
    if not binaries.exists():
        say(f"fetching {' and '.join(_PACKAGES)} of Debian {suite}")
        _fetch(suite, binaries.parent)
        _gather(binaries)
    return binaries


def _fetch(suite: str, folder: Path) -> None:
    """Ask apt, with a source and a memory of its own, so that the machine's stay as they are."""
    for part in ("lists/partial", "tree"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    source = folder / "suite.list"
    source.write_text(f"deb [signed-by={_KEYS}] {_mirror()} {suite} main\n")
    settings = (
        f"Dir::Etc::sourcelist={source}",
        "Dir::Etc::sourceparts=/dev/null",
        f"Dir::State::lists={folder / 'lists'}",
        f"Dir::Cache={folder}",
        # Else apt's own user may not write here, and a warning says so.
        "APT::Sandbox::User=root",
    )
    options = [word for setting in settings for word in ("-o", setting)]
    run("apt-get", *options, "--quiet", "update", timeout=300)
    here = ("env", f"--chdir={folder}")
    run(*here, "apt-get", *options, "--quiet", "download", *_PACKAGES, timeout=300)
    for package in folder.glob("*.deb"):
        run("dpkg", "-x", str(package), str(folder / "tree"))


def _mirror() -> str:
    """Return where this machine gets Debian's packages from, in apt's own words."""
    wanted = "$(ORIGIN) $(COMPONENT) $(LABEL) $(REPO_URI)"
    rows = run("apt-get", "indextargets", "--format", wanted, "Identifier: Packages").splitlines()
    for row in rows:
        if row.startswith("Debian main Debian "):
            return row.split()[-1]
    raise LabError("apt has no list of Debian's packages: run apt-get update")


def _gather(binaries: Path) -> None:
    """Link every program of the unpacked packages into one folder, which appears whole."""
    draft = binaries.with_name("bin.part")
    draft.mkdir(exist_ok=True)
    for folder in ("usr/bin", "usr/sbin"):
        for program in (binaries.parent / "tree" / folder).iterdir():
            link = draft / program.name
            link.unlink(missing_ok=True)
            link.symlink_to(program)
    draft.rename(binaries)
