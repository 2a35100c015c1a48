"""Where can one look from, by a name, and on which nodes?

`host`; a service, a task or a container; an overlay; a node, which is that node's host. `all` is
every node, and `NODE:WHERE` and `all:WHERE` say where to stand there.
"""

from collections.abc import Collection
from dataclasses import dataclass

from probes.addresses import parse_address
from probes.looks.errors import ElsewhereError, UsageError
from probes.looks.names import SHORTEST_ID, Directory, Source, find_container
from probes.model.local import LocalTask
from probes.model.topology import Network, Node, Task

ON_HOST = "host"
EVERYWHERE = "all"
#: Of each node the task that shares a network with what is looked at; the host for an outsider.
NEAREST = "nearest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """From where on which nodes."""

    nodes: tuple[Node, ...]
    #: `ON_HOST`, `NEAREST`, or a name that means something on each of the nodes.
    source: str


def is_for_agents(text: str) -> bool:
    """Tell whether *text* by its form alone names other nodes."""
    return text == EVERYWHERE or ":" in text


def stand_here(name: str, directory: Directory, local: Collection[LocalTask]) -> Source:
    """Find what *name* stands for on this node.

    ElsewhereError where that is on other nodes, UsageError where nothing has the name.
    """
    task = find_container(name, local)
    if task:
        return task
    if directory.knows(name):
        return directory.source(name, local)
    overlay = _overlay(directory, name)
    if overlay:
        return overlay
    if _tasks_in(directory, name) or _node(directory, name):
        raise ElsewhereError(f"{name} is not on this node")
    raise UsageError(
        f"there is no service, task, container, network or node {name!r}"
        f"{directory.hint(name, _places(directory))}",
    )


def stand_anywhere(text: str, directory: Directory, own_node: str) -> Stand:
    """Read what was typed after `--from`; UsageError where nothing has the name.

    A service or a task stands where its tasks run: once, and on the node named *own_node* if one
    of them does.
    """
    if text == EVERYWHERE:
        return Stand(nodes=tuple(_nodes(directory)), source=NEAREST)
    where, colon, name = text.partition(":")
    if colon and not name:
        raise UsageError(f"{text!r} names no place: write NODE:SERVICE, or {EVERYWHERE}:SERVICE")
    if colon and where == EVERYWHERE:
        return Stand(nodes=_nodes_with(directory, name), source=name)
    node = _node(directory, where)
    if colon:
        if node is None:
            names = [item.name for item in _nodes(directory)]
            raise UsageError(f"there is no node {where!r}: there are {', '.join(names)}")
        return Stand(nodes=(node,), source=name)
    if node and not directory.knows(where) and not _overlay(directory, where):
        return Stand(nodes=(node,), source=ON_HOST)
    nodes = _nodes_with(directory, where)
    first = next((item for item in nodes if item.name == own_node), nodes[0])
    return Stand(nodes=(first,), source=where)


def _nodes_with(directory: Directory, name: str) -> tuple[Node, ...]:
    """List the nodes where *name* means something: an overlay may have its part on any."""
    if name in {ON_HOST, NEAREST}:
        return tuple(_nodes(directory))
    tasks = _tasks_in(directory, name)
    if not tasks and not directory.knows(name):
        if _overlay(directory, name):
            return tuple(_nodes(directory))
        hint = directory.hint(name, _places(directory))
        raise UsageError(f"there is no service, task, container or network {name!r}{hint}")
    running = {task.node_id for task in tasks or directory.tasks_named(name) if task.running}
    nodes = tuple(node for node in _nodes(directory) if node.id in running)
    if not nodes:
        raise UsageError(f"no task of {name} runs anywhere")
    return nodes


def nearest(target: str, directory: Directory, local: Collection[LocalTask]) -> LocalTask | None:
    """Choose a task of this node that shares a network with what is looked at.

    One of another service, where there is one. None for what is on no overlay; UsageError where
    nothing here is on its networks.
    """
    networks = _networks_around(directory, target)
    if not networks:
        return None
    near = [
        item for item in local if item.netns and directory.networks_of(item.service_id) & networks
    ]
    if not near:
        raise UsageError(f"no task here is on {directory.named(networks)}, as {target} is")
    own = directory.ends(target)[0].id if directory.knows(target) else ""
    return min(near, key=lambda item: (item.service_id == own, item.container_name))


def _networks_around(directory: Directory, target: str) -> set[str]:
    """Tell which overlays a service, a task or an address is on; an outsider is on none."""
    address = parse_address(target)
    if address is None:
        known = directory.knows(target)
        return directory.networks_of(directory.ends(target)[0].id) if known else set()
    return {
        network.id
        for network in _overlays(directory)
        if any(address in subnet for subnet in network.subnets)
    }


def _tasks_in(directory: Directory, container_id: str) -> list[Task]:
    """List the task whose container's id begins so: one, or none."""
    if len(container_id) < SHORTEST_ID:
        return []
    tasks = directory.lookup.tasks.values()
    return [task for task in tasks if task.container_id.startswith(container_id)]


def _overlay(directory: Directory, name: str) -> Network | None:
    return next((network for network in _overlays(directory) if network.name == name), None)


def _overlays(directory: Directory) -> list[Network]:
    return [item for item in directory.lookup.networks.values() if item.driver == "overlay"]


def _node(directory: Directory, name: str) -> Node | None:
    return next((node for node in _nodes(directory) if node.name == name), None)


def _nodes(directory: Directory) -> list[Node]:
    return sorted(directory.lookup.nodes.values(), key=lambda node: node.name)


def _places(directory: Directory) -> list[str]:
    """Name the places that are no service's."""
    overlays = [network.name for network in _overlays(directory)]
    return overlays + [node.name for node in _nodes(directory)]
