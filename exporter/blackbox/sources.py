"""Where does a source stand, by the names that people use: here, or on which other node?"""

from dataclasses import dataclass
from ipaddress import IPv4Address

from exporter.blackbox.errors import BadRequestError, UnableError
from exporter.view import View
from probes.looks.errors import UsageError
from probes.looks.looker import vantage_of
from probes.looks.names import Directory, find_container
from probes.model.local import LocalTask
from probes.model.topology import Node
from probes.model.vantage import HOST, Vantage

_HOST = "host"


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """A vantage on this node."""

    vantage: Vantage
    #: None for the host.
    task: LocalTask | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """Another node, whose agent can look from there."""

    node: str
    address: IPv4Address


def find_source(name: str, view: View, directory: Directory) -> Here | There:
    """Find a service's or a task's place, a container's, a node's, or "host".

    Raises BadRequestError for a name that nobody has, UnableError where nobody can look.
    """
    if name in {"", _HOST}:
        return Here(vantage=HOST)
    container = find_container(name, view.local)
    if container:
        return Here(vantage=vantage_of(container), task=container)
    node = next((node for node in view.topology.nodes if node.name == name), None)
    if node:
        return Here(vantage=HOST) if name == view.node_name else _there(node)
    try:
        tasks = directory.tasks_named(name)
    except UsageError as exc:
        raise BadRequestError(f"source: {exc}") from exc
    wanted = {task.id for task in tasks}
    here = [item for item in view.local if item.task_id in wanted]
    if here:
        first = min(here, key=lambda item: item.container_name)
        return Here(vantage=vantage_of(first), task=first)
    running = {task.node_id for task in tasks if task.running}
    nodes = [node for node in view.topology.nodes if node.id in running]
    if not nodes:
        raise UnableError(f"no task of {name} runs anywhere")
    return _there(min(nodes, key=lambda node: node.name))


def _there(node: Node) -> There:
    if node.address is None:
        raise UnableError(f"Swarm knows no address of {node.name}")
    return There(node=node.name, address=node.address)
