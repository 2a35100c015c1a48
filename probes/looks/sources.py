"""Where can one look from, by a name, and on which nodes?

`host`; a service, a task or a container; an overlay; a node, which is that node's host. `all` is
every node, and `NODE:WHERE` and `all:WHERE` say where to stand there.
"""

from collections.abc import Collection
from dataclasses import dataclass

from probes.looks.errors import ElsewhereError, UsageError
from probes.looks.names import Directory, Source, find_container
from probes.model.local import LocalTask
from probes.model.topology import Node

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
    overlay = directory.overlay(name)
    if overlay:
        return overlay
    if directory.tasks_in(name) or _node(name, directory):
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
        return Stand(nodes=tuple(directory.nodes), source=NEAREST)
    where, colon, name = text.partition(":")
    if colon and not name:
        raise UsageError(f"{text!r} names no place: write NODE:SERVICE, or {EVERYWHERE}:SERVICE")
    if colon and where == EVERYWHERE:
        return Stand(nodes=_nodes_with(name, directory), source=name)
    node = _node(where, directory)
    if colon:
        if node is None:
            names = [item.name for item in directory.nodes]
            raise UsageError(f"there is no node {where!r}: there are {', '.join(names)}")
        return Stand(nodes=(node,), source=name)
    if node and not directory.knows(where) and not directory.overlay(where):
        return Stand(nodes=(node,), source=ON_HOST)
    nodes = _nodes_with(where, directory)
    first = next((item for item in nodes if item.name == own_node), nodes[0])
    return Stand(nodes=(first,), source=where)


def _nodes_with(name: str, directory: Directory) -> tuple[Node, ...]:
    """List the nodes where *name* means something: an overlay may have its part on any."""
    if name in {ON_HOST, NEAREST}:
        return tuple(directory.nodes)
    tasks = directory.tasks_in(name)
    if not tasks and not directory.knows(name):
        if directory.overlay(name):
            return tuple(directory.nodes)
        hint = directory.hint(name, _places(directory))
        raise UsageError(f"there is no service, task, container or network {name!r}{hint}")
    running = {task.node_id for task in tasks or directory.tasks_named(name) if task.running}
    nodes = tuple(node for node in directory.nodes if node.id in running)
    if not nodes:
        raise UsageError(f"no task of {name} runs anywhere")
    return nodes


def nearest(target: str, directory: Directory, local: Collection[LocalTask]) -> LocalTask | None:
    """Choose a task of this node that shares a network with what is looked at.

    One of another service, where there is one. None for what is on no overlay; UsageError where
    nothing here is on its networks.
    """
    networks = directory.networks_around(target)
    if not networks:
        return None
    near = [
        item for item in local if item.netns and directory.networks_of(item.service_id) & networks
    ]
    if not near:
        raise UsageError(f"no task here is on {directory.named(networks)}, as {target} is")
    own = directory.ends(target)[0].id if directory.knows(target) else ""
    return min(near, key=lambda item: (item.service_id == own, item.container_name))


def _node(name: str, directory: Directory) -> Node | None:
    return next((node for node in directory.nodes if node.name == name), None)


def _places(directory: Directory) -> list[str]:
    overlays = [network.name for network in directory.overlays]
    return overlays + [node.name for node in directory.nodes]
