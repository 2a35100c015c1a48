"""Where does a container of a service run?"""

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
