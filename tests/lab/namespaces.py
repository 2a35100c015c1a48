"""How does the lab make namespaces that outlive their processes, enter them, and let them go?"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tests.lab.commands import run
from tests.lab.layout import PREFIX, Layout, Pins
from tests.lab.wait import wait_until

_CHANGE_FOLDER_AND_RUN = 'echo 0 > "$1"; cd "$2" 2>/dev/null || cd /; shift 2; exec "$@"'


def prepare(layout: Layout) -> None:
    """Mount the tmpfs for the pins; a mount namespace can be bound only on a private mount."""
    layout.pins.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", "mode=700", PREFIX, str(layout.pins))
    run("mount", "--make-private", str(layout.pins))


def pin_network(pins: Pins) -> None:
    """Make a network namespace."""
    pins.folder.mkdir(parents=True, exist_ok=True)
    _pin("net", pins.net)


def pin_host(pins: Pins, *first: str) -> None:
    """Make the mount and UTS namespaces beside the network's, and run *first* in all three."""
    _pin("uts", pins.uts)
    # A mount namespace can be bound only in one with a lower number. Linux 6.18 numbers them per
    # processor, so that in any but the machine's first one it can take a few attempts.
    wait_until(
        lambda: _pin("mount", pins.mount, "--propagation=private"),
        10,
        f"a mount namespace is bound on {pins.mount}",
        pause=0,
    )
    run(*in_host(pins, *first))


def _pin(kind: str, file: Path, *options: str) -> bool:
    file.touch()
    run("unshare", f"--{kind}={file}", *options, "true")
    return True


def release_host(pins: Pins) -> None:
    """Let the mount and UTS namespaces go, with every mount inside."""
    for file in (pins.mount, pins.uts):
        run("umount", "--lazy", str(file))


def in_network(pins: Pins, *argv: str) -> tuple[str, ...]:
    """Return the command that runs *argv* in the network namespace alone."""
    return ("nsenter", f"--net={pins.net}", *argv)


def in_host(pins: Pins, *argv: str) -> tuple[str, ...]:
    """Return the command that runs *argv* in the node's three namespaces."""
    spaces = (f"--net={pins.net}", f"--mount={pins.mount}", f"--uts={pins.uts}")
    return ("nsenter", *spaces, *argv)


def visiting(pins: Pins, entrance: Path, folder: Path, *argv: str) -> tuple[str, ...]:
    """Return the command that runs *argv* on the node, in its cgroup, in the caller's folder.

    Entering a mount namespace leaves one at its root, hence the change of folder.
    """
    script = ("sh", "-ec", _CHANGE_FOLDER_AND_RUN, "sh", str(entrance), str(folder))
    return in_host(pins, *script, *argv)


def mounts_below(folder: Path) -> list[Path]:
    """Return what is mounted on *folder* and below, the innermost first."""
    points = [Path(line.split()[1]) for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [point for point in reversed(points) if point == folder or folder in point.parents]


def release_all(layout: Layout) -> None:
    """Unmount everything of the lab's."""
    for point in mounts_below(layout.state):
        run("umount", "--lazy", str(point))


def pinned(layout: Layout) -> Iterable[Pins]:
    """Return every set of pins there is."""
    with suppress(FileNotFoundError):
        return [Pins(folder) for folder in layout.pins.iterdir()]
    return []
