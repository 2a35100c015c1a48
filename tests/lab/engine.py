"""How does a node's Engine start, answer and end?"""

import json
from contextlib import suppress
from pathlib import Path

from tests.lab import cgroups, engine_api
from tests.lab.commands import run, search_path
from tests.lab.errors import LabError, NeverHappenedError
from tests.lab.layout import MACHINE_ADDRESS, Layout, Node
from tests.lab.namespaces import in_host, pin_host, release_host
from tests.lab.processes import end, in_cgroup
from tests.lab.wait import wait_until

_ENDED = "ended"

_INSIDE = Path(__file__).with_name("node.sh")

#: It enters its cgroup before it leaves its parent: so it can always be found, and an empty cgroup
#: means that it ended.
_ENTER_AND_LEAVE = 'echo 0 > "$1"; log=$2; shift 2; exec setsid --fork "$@" >>"$log" 2>&1'


def furnish(layout: Layout, node: Node) -> None:
    """Write the node's folder and make its mount and UTS namespaces: an empty machine."""
    for folder in ("docker", "etc-docker", "cgroup"):
        (node.folder / folder).mkdir(parents=True, exist_ok=True)
    for mount_point in ("/var/lib/docker", "/etc/docker"):
        Path(mount_point).mkdir(parents=True, exist_ok=True)
    # Nobody listens there, so a name outside of the Swarm is refused at once, not timed out.
    (node.folder / "resolv.conf").write_text(f"nameserver {MACHINE_ADDRESS}\n")
    (node.folder / "daemon.json").write_text(json.dumps(_settings(node), indent=2))
    pin_host(node.pins, "sh", str(_INSIDE), node.name, str(node.folder), str(layout.pins))


def start(node: Node, engine: Path | None) -> None:
    """Start dockerd and return when it answers; *engine* is a folder of other binaries."""
    node.pid_file.unlink(missing_ok=True)
    path = search_path() if engine is None else f"{engine}:{search_path()}"
    environment = {
        "PATH": path,
        "HOME": "/root",
        # Else every task asks a registry first, and waits for the answer.
        "DOCKER_SERVICE_PREFER_OFFLINE_IMAGE": "1",
    }
    settings = f"--config-file={node.folder / 'daemon.json'}"
    entrance = cgroups.entrance(node, cgroups.ENGINE)
    launcher = ("sh", "-ec", _ENTER_AND_LEAVE, "sh", str(entrance), str(node.log))
    run(*launcher, *in_host(node.pins, "dockerd", settings), env=environment)
    try:
        answers = wait_until(lambda: _answers(node), 60, f"dockerd of {node.name} answers")
    except NeverHappenedError as error:
        raise LabError(f"{error}\n{last_words(node)}") from error
    if answers == _ENDED:
        raise LabError(f"dockerd of {node.name} ended as soon as it began:\n{last_words(node)}")


def stop(node: Node) -> None:
    """Kill the Engine and its containers at once, as a power cut does."""
    end(lambda: in_cgroup(node.cgroup), f"the processes of {node.name}")


def power_on(layout: Layout, node: Node, engine: Path | None) -> None:
    """Start a stopped node as after a power cut: the disk is there, `/run` and mounts are not."""
    release_host(node.pins)
    furnish(layout, node)
    start(node, engine)


def pid(node: Node) -> int | None:
    """Return dockerd's process, or None where it is not running."""
    with suppress(FileNotFoundError, ValueError):
        recorded = int(node.pid_file.read_text())
        # The number may be somebody else's by now.
        if recorded in in_cgroup(f"{node.cgroup}/{cgroups.ENGINE}"):
            return recorded
    return None


def last_words(node: Node, lines: int = 15) -> str:
    """Return the end of the Engine's log."""
    try:
        return "\n".join(node.log.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return f"{node.name} has no log"


def _answers(node: Node) -> str:
    try:
        return str(engine_api.get(node.socket, "/_ping"))
    except LabError:
        if not in_cgroup(f"{node.cgroup}/{cgroups.ENGINE}"):
            return _ENDED
        raise


def _settings(node: Node) -> dict[str, object]:
    """Return the node's daemon.json; the machine's own must not matter."""
    return {
        "hosts": ["unix:///var/run/docker.sock", f"unix://{node.socket}"],
        "pidfile": str(node.pid_file),
        "storage-driver": "overlay2",
        "cgroup-parent": node.cgroup,
        # What systemd manages would be outside of the lab's cgroup, and a guest may not have it.
        "exec-opts": ["native.cgroupdriver=cgroupfs"],
        "labels": [f"lab.node={node.name}"],
    }
