"""How does a test make a service of its own, beside the example application?"""

import json

from tests.lab.lab import Lab
from tests.lab.wait import wait_until

#: It is on every node, as the example application needs it.
IMAGE = "alpine:3.20"
_GONE_WITHIN_SECONDS = 60


def create(lab: Lab, name: str, *words: str, image: str = IMAGE, command: str = "") -> None:
    """Create a service of tasks that do nothing, or run *command* in a shell."""
    run = command or "trap exit TERM; while true; do sleep 3600 & wait $!; done"
    options = ("--detach", "--no-resolve-image", "--name", name, *words)
    lab.docker(lab.manager, "service", "create", *options, image, "sh", "-c", run)


def remove(lab: Lab, name: str) -> None:
    """Remove the service, and wait until its containers are gone."""
    lab.docker(lab.manager, "service", "rm", name)
    label = f"--filter=label=com.docker.swarm.service.name={name}"

    def gone() -> bool:
        return not any(lab.docker(node, "ps", "--quiet", label) for node in lab.nodes)

    wait_until(gone, _GONE_WITHIN_SECONDS, f"nothing is left of {name}")


def states(lab: Lab, name: str) -> list[str]:
    """List the states of the tasks that should run."""
    wanted = ("--filter", "desired-state=running", "--quiet")
    ids = lab.docker(lab.manager, "service", "ps", name, *wanted).split()
    if not ids:
        return []
    found = json.loads(lab.docker(lab.manager, "inspect", "--type", "task", *ids, check=False))
    return sorted(task["Status"]["State"] for task in found)


def wait_for_states(lab: Lab, name: str, **expected: int) -> None:
    """Wait until so many tasks are in each of these states, and none in another."""
    wanted = sorted(state for state, count in expected.items() for _ in range(count))
    why = f"the tasks of {name} are {wanted}"
    wait_until(lambda: states(lab, name) == wanted, _GONE_WITHIN_SECONDS, why, pause=0.5)


def create_network(lab: Lab, name: str, subnet: str) -> None:
    """Create an overlay."""
    options = ("--driver", "overlay", "--subnet", subnet)
    lab.docker(lab.manager, "network", "create", *options, name)


def remove_network(lab: Lab, name: str) -> None:
    """Remove it; tasks that have just ended may hold it for a moment."""

    def removed() -> bool:
        lab.docker(lab.manager, "network", "rm", name)
        return True

    wait_until(removed, _GONE_WITHIN_SECONDS, f"the network {name} can be removed", pause=0.5)
