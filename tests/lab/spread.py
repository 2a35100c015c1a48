"""Are a stack's tasks on every node? What Swarm moves off a node that is down stays away."""

from tests.lab.lab import Lab
from tests.lab.wait import at_once, wait_until

_READY_WITHIN_SECONDS = 120
_MOVED_WITHIN_SECONDS = 180


def is_spread(lab: Lab, stack: str) -> bool:
    """Tell whether each node runs some of it."""
    label = f"--filter=label=com.docker.stack.namespace={stack}"
    return all(lab.docker(node, "ps", "--quiet", label) for node in lab.nodes)


def spread(lab: Lab, stack: str) -> None:
    """Replace all of its tasks: Swarm spreads what is new."""
    wait_until(lambda: not lab.complaints(), _READY_WITHIN_SECONDS, "every node is ready")
    names = lab.docker(lab.manager, "stack", "services", stack, "--format={{.Name}}").split()
    options = ("--force", "--no-resolve-image", "--update-parallelism=0")
    at_once(
        lambda name: lab.docker(
            lab.manager, "service", "update", *options, name, timeout=_MOVED_WITHIN_SECONDS
        ),
        names,
    )
