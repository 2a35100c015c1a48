"""How is Swarmscope deployed on the lab, and how are its parts asked?"""

import json
import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from probes.documents.units import DEFAULT_PORT
from tests.lab import swarmscope_images
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.swarmscope_images import STACK, image_of
from tests.lab.wait import at_once, wait_until

STACK_NAME = "swarmscope"
AGENT_PORT = DEFAULT_PORT
PROMETHEUS_PORT = 9090
ALERTMANAGER_PORT = 9093

_SECRETS = ("swarmscope_token", "swarmscope_grafana_password")
#: The user's proxy cannot know the lab's addresses.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def deploy(lab: Lab, say: Callable[[str], None], stack: Path = STACK) -> None:
    """Deploy deploy/stack.yml as it stands, or *stack*, and wait until every agent is ready."""
    swarmscope_images.put(lab, say)
    known = lab.docker(lab.manager, "secret", "ls", "--format={{.Name}}").split()
    for name in _SECRETS:
        if name not in known:
            lab.docker(lab.manager, "secret", "create", name, "-", input=secrets.token_hex(32))
    # No image of it is to be had here.
    os.environ["GRAFANA_REPLICAS"] = "0"
    for variable, port in (
        ("PROMETHEUS_URL", PROMETHEUS_PORT),
        ("ALERTMANAGER_URL", ALERTMANAGER_PORT),
    ):
        os.environ[variable] = f"http://{lab.manager.address}:{port}"
    lab.deploy(stack, STACK_NAME)
    _replace_old_agents(lab)
    at_once(wait_until_ready, lab.nodes)


def _replace_old_agents(lab: Lab) -> None:
    """Start agents of the image that the nodes have now: to Swarm, the same tag is no change."""
    if all(_is_current(lab, node) for node in lab.nodes):
        return
    options = ("--force", "--detach", "--no-resolve-image", "--update-parallelism=0")
    lab.docker(lab.manager, "service", "update", *options, f"{STACK_NAME}_agent")
    wait_until(
        lambda: all(_is_current(lab, node) for node in lab.nodes),
        90,
        "every agent runs from the image that its node has",
    )


def _is_current(lab: Lab, node: Node) -> bool:
    container = agent_container(lab, node)
    image = "--format={{.Image}}"
    runs = lab.docker(node, "inspect", image, container) if container else ""
    has = lab.docker(node, "image", "inspect", "--format={{.Id}}", image_of("swarmscope"))
    return runs == has


def wait_until_ready(node: Node, port: int = AGENT_PORT) -> None:
    """Wait until the agent on *node*, or whoever has *port* there, says that it is ready."""
    why = f"{node.name}:{port} is ready"
    wait_until(lambda: get(node, port, "/-/ready"), 60, why)


def wait_until_scraped(lab: Lab) -> None:
    """Wait until Prometheus has scraped every agent."""
    wait_until(
        lambda: len(scraped_nodes(lab)) == len(lab.nodes),
        60,
        "Prometheus has scraped every agent",
    )


def scraped_nodes(lab: Lab) -> list[str]:
    """List the nodes whose agents Prometheus has scraped."""
    return sorted(row["metric"]["node"] for row in query(lab, 'up{job="swarmscope"} == 1'))


def query(lab: Lab, expression: str) -> list[dict[str, Any]]:
    """Ask Prometheus for an instant vector."""
    answer = json.loads(
        get(lab.manager, PROMETHEUS_PORT, f"/api/v1/query?query={quote(expression)}")
    )
    result: list[dict[str, Any]] = answer["data"]["result"]
    return result


def get(node: Node, port: int, path: str) -> str:
    """Get a page of a node's; LabError while there is none."""
    url = f"http://{node.address}:{port}{path}"
    try:
        with _DIRECT.open(url, timeout=5) as answer:
            body: bytes = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            said = error.read().decode(errors="replace").strip()
        raise LabError(f"{url}: status {error.code}: {said}") from error
    except OSError as error:
        raise LabError(f"{url}: {error}") from error
    return body.decode()


def agent_container(lab: Lab, node: Node) -> str:
    """Give the name of the agent's container on *node*."""
    label = f"--filter=label=com.docker.swarm.service.name={STACK_NAME}_agent"
    return lab.docker(node, "ps", label, "--format={{.Names}}").strip()
