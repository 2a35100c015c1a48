"""How do the nodes become one Swarm, and are they one still?"""

from collections.abc import Sequence

from tests.lab import engine_api
from tests.lab.docker_command import docker
from tests.lab.layout import Node
from tests.lab.wait import at_once, wait_until

_PORT = 2377


def form(nodes: Sequence[Node], managers: int) -> None:
    """Start a Swarm on the first node, let the others join it, and wait until all are ready."""
    first = nodes[0]
    docker(first, "swarm", "init", f"--advertise-addr={first.address}")
    # Managers join one after another: each changes the quorum that the next one needs.
    for node in nodes[1:managers]:
        _join(node, first, "manager")
    at_once(lambda node: _join(node, first, "worker"), nodes[managers:])
    wait_until(lambda: not not_ready(nodes), 60, f"all {len(nodes)} nodes are ready")


def not_ready(nodes: Sequence[Node]) -> list[str]:
    """Return what the first manager holds against the Swarm; nothing when every node is ready."""
    known = {
        row["Description"]["Hostname"]: row["Status"]["State"]
        for row in engine_api.get(nodes[0].socket, "/nodes")
        if "Hostname" in row["Description"]
    }
    wrong = {node.name: known.get(node.name, "not a member") for node in nodes}
    return [f"{name} is {state}" for name, state in wrong.items() if state != "ready"]


def _join(node: Node, first: Node, role: str) -> None:
    token = docker(first, "swarm", "join-token", "--quiet", role).strip()
    at = f"--advertise-addr={node.address}"
    docker(node, "swarm", "join", at, f"--token={token}", f"{first.address}:{_PORT}")
