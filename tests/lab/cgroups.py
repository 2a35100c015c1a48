"""Which cgroups are the lab's?

Every process of a node lives under `/swarm-lab/nodeI`: its containers by the Engine's own
`cgroup-parent`, the Engine and what a person runs on the node because they are started there.
A process cannot leave by dying parents or new sessions, so this is how all of them are found.

Works with the one hierarchy of cgroup v2, with the many of v1, and with both at once (hybrid).
"""

import os
from pathlib import Path

from tests.lab.errors import LabError
from tests.lab.layout import PREFIX, Node
from tests.lab.wait import wait_until

#: Leaves beside the containers' groups: in v2 a group has processes or children, never both.
ENGINE = "engine"
VISITORS = "visitors"


def hierarchies() -> list[Path]:
    """Return where cgroup file systems are mounted, a v2 one first."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    found = [(kind != "cgroup2", Path(where)) for _, where, kind, *_ in mounts if "cgroup" in kind]
    return [where for _, where in sorted(found)]


def entrance(node: Node, leaf: str) -> Path:
    """Make the node's *leaf* and return the file into which a process writes its number to enter.

    One hierarchy is enough to be found by. It is v2 where there is one, else the one for `pids`:
    others, such as `cpuset`, take no process before they are configured.
    """
    all_of_them = hierarchies()
    if not all_of_them:
        raise LabError("no cgroup file system is mounted: mount one on /sys/fs/cgroup")
    is_v2 = (all_of_them[0] / "cgroup.controllers").exists()
    fit = all_of_them[0] if is_v2 else next((h for h in all_of_them if h.name == "pids"), None)
    if fit is None:
        raise LabError(f"neither cgroup v2 nor the pids controller is among {all_of_them}")
    folder = fit / node.cgroup.lstrip("/") / leaf
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "cgroup.procs"


def ours() -> list[Path]:
    """Return the top cgroups of the lab's, one per hierarchy that has any."""
    return [top for hierarchy in hierarchies() if (top := hierarchy / PREFIX).is_dir()]


def remove() -> None:
    """Remove the lab's cgroups; a group stays busy for a moment after its last process."""
    wait_until(_removed, 10, "the lab's cgroups are empty and gone")


def _removed() -> bool:
    for top in ours():
        for folder, _, _ in os.walk(top, topdown=False):
            try:
                Path(folder).rmdir()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise LabError(f"cannot remove the cgroup {folder}: {error}") from error
    return True
