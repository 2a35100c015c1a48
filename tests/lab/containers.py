"""Where does a container of a service, or of a task, run?"""

from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node


def container_of(lab: Lab, service: str) -> tuple[Node, str]:
    """Return a node that runs the service, as `shop_web`, and the id of its container there."""
    label = f"--filter=label=com.docker.swarm.service.name={service}"
    for node in lab.nodes:
        if found := lab.docker(node, "ps", "--quiet", label).split():
            return node, found[0]
    raise LabError(f"no container of {service} runs")


def container_of_task(lab: Lab, task: str) -> tuple[Node, str]:
    """Return the node and the id of the container of a task, such as `shop_web.2`."""
    for node in lab.nodes:
        for line in lab.docker(node, "ps", "--format={{.ID}} {{.Names}}").splitlines():
            container, _, name = line.partition(" ")
            if name.startswith(f"{task}."):
                return node, container
    raise LabError(f"no container of {task} runs")
