"""Which overlays do this node's own tasks need, and what was read of them?"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from probes.audit.situation import Situation
from probes.model.local import LocalTask
from probes.model.reading import CouldNotLook, Link, NamespaceReading
from probes.model.topology import Network, Node, Task
from probes.model.vantage import VantageKind

#: Where the Engine keeps its namespaces, for a command that people paste.
NAMESPACES = Path("/var/run/docker/netns")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEndpoint:
    """A running task of this node, by the Swarm and by its own Engine, and its address."""

    task: Task
    local: LocalTask
    address: IPv4Address
    #: Such as "shop_api.2".
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalOverlay:
    """An overlay that running tasks of this node need."""

    network: Network
    endpoints: tuple[LocalEndpoint, ...]
    #: Its namespace here; None where there is none, or it could not be read.
    reading: NamespaceReading | None
    #: Why its namespace, or the devices in it, could not be read; None when they were.
    closed: CouldNotLook | None

    @property
    def vnis(self) -> frozenset[int]:
        """Give the VNIs of the subnets that the tasks are in."""
        pairs = zip(self.network.subnets, self.network.vnis, strict=False)
        addresses = [endpoint.address for endpoint in self.endpoints]
        return frozenset(vni for subnet, vni in pairs if any(it in subnet for it in addresses))

    @property
    def service(self) -> str:
        """Name one of the services that need it."""
        return min(endpoint.local.service_name for endpoint in self.endpoints)


def local_overlays(situation: Situation) -> tuple[LocalOverlay, ...]:
    """List them in the order of the topology.

    A task counts when both the Swarm and the node's Engine say that it runs: otherwise it is on
    its way, or gone, and so may be the namespace.
    """
    found = defaultdict[str, list[LocalEndpoint]](list)
    here = {local.task_id: local for local in situation.local}
    for task in situation.topology.tasks:
        local = here.get(task.id)
        if local is None or not task.running:
            continue
        name = situation.lookup.name_of(task)
        for item in task.addresses:
            found[item.network_id].append(
                LocalEndpoint(task=task, local=local, address=item.address, name=name),
            )
    return tuple(
        LocalOverlay(
            network=network,
            endpoints=tuple(found[network.id]),
            reading=situation.namespace(VantageKind.OVERLAY, network.id),
            closed=_closed(network, situation),
        )
        for network in situation.topology.networks
        if network.id in found and network.driver == "overlay"
    )


def overlays_read(situation: Situation) -> Iterator[tuple[Network, NamespaceReading]]:
    """List the overlays whose namespace is on this node, as far as the topology knows them."""
    for reading in situation.reading.of_kind(VantageKind.OVERLAY):
        network = situation.network(reading.network_id)
        if network is not None:
            yield network, reading


def unread(situation: Situation, *places: str) -> CouldNotLook | None:
    """Tell why the first of these places, named as in NodeReading.failures, was not read."""
    return next((item for item in situation.reading.failures if item.where in places), None)


def live_peers(situation: Situation) -> tuple[Node, ...]:
    """List the other nodes that are up: of one that is down, gossip has forgotten everything."""
    return tuple(
        node
        for node in situation.topology.nodes
        if node.id != situation.node.id and node.state == "ready"
    )


def peers_on(situation: Situation, network: Network) -> tuple[Node, ...]:
    """List the live peers that have a running task on a network; all of them for the ingress."""
    endpoints = situation.endpoints.get(network.id, {}).values()
    there = {endpoint.node_id for endpoint in endpoints if endpoint.certain}
    return tuple(node for node in live_peers(situation) if network.ingress or node.id in there)


def ports_of(bridge: Link, reading: NamespaceReading) -> tuple[Link, ...]:
    """List the devices that are on a bridge."""
    return tuple(link for link in reading.links if link.master_index == bridge.index)


def state_of(link: Link, bridge: Link | None) -> str:
    """Say how a device is that should be up on a bridge."""
    master = f"master {bridge.name}" if bridge else "without master"
    return f"{link.name} {master} {'UP' if link.up else 'DOWN'}"


def pasted(reading: NamespaceReading) -> str:
    """Give a namespace's file as it is called on the node itself."""
    return str(NAMESPACES / Path(reading.vantage.netns or "").name)


def _closed(network: Network, situation: Situation) -> CouldNotLook | None:
    reading = situation.reading
    if not reading.read_at:
        return CouldNotLook(where="kernel", why="nothing was read yet")
    # The folder of namespaces is named by its path.
    folder = next((item for item in reading.failures if item.where.startswith("/")), None)
    where = f"overlay {network.name}"
    return folder or unread(situation, where, f"{where}, links")
