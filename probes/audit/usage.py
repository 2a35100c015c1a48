"""How full is each overlay? Every endpoint takes an address, and a subnet has so many.

What Swarm takes them for: swarmkit manager/allocator (gateways, VIPs, tasks, one load balancer for
each node that takes part) and, on attachable networks, containers that people start.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from probes.audit.situation import Situation
from probes.findings import addresses as findings
from probes.model.topology import Network, Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressUsage:
    """The addresses of one overlay."""

    network: str
    network_id: str
    subnets: tuple[IPv4Network, ...]
    #: How many can be given away, the gateways' included.
    total: int
    gateways: int
    vips: int
    tasks: int
    #: Those that agents told, and one for each other node that must have one.
    balancers: int
    containers: int

    @property
    def used(self) -> int:
        """Count the addresses that somebody has."""
        return self.gateways + self.vips + self.tasks + self.balancers + self.containers

    @property
    def free(self) -> int:
        """Count the tasks that still fit, on nodes that take part already."""
        return max(0, self.total - self.used)

    @property
    def exhausted(self) -> bool:
        """Whether no further task, service or node can join."""
        return self.free == 0

    @property
    def nearly_exhausted(self) -> bool:
        """Whether little is left; of a small subnet, a single address."""
        return self.free <= max(1, self.total // findings.SCARCE_PART)


class _Takers:
    """Who takes addresses of one network."""

    def __init__(self) -> None:
        self.vips: set[IPv4Address] = set()
        self.tasks: set[IPv4Address] = set()
        #: Ids of the nodes with a running task there.
        self.nodes: set[str] = set()
        #: By the id of its node.
        self.balancers: dict[str, IPv4Address] = {}
        self.containers: set[IPv4Address] = set()


def address_usage(situation: Situation) -> tuple[AddressUsage, ...]:
    """Count each overlay's addresses, as far as the Swarm and the agents tell them.

    An address that is given twice counts once. What Swarm has leaked is not seen here.
    """
    return usage_of(situation.topology)


def usage_of(topology: Topology) -> tuple[AddressUsage, ...]:
    """Count them where nothing but the topology is known."""
    takers = _takers(topology)
    everywhere = {node.id for node in topology.nodes}
    return tuple(
        _usage(network, takers.get(network.id, _Takers()), everywhere if network.ingress else set())
        for network in topology.networks
        if network.driver == "overlay" and network.subnets
    )


def _takers(topology: Topology) -> Mapping[str, _Takers]:
    """Go through all endpoints once, and sort them by network."""
    found = defaultdict[str, _Takers](_Takers)
    for service in topology.services:
        for item in service.vips:
            found[item.network_id].vips.add(item.address)
    for task in topology.tasks:
        for item in task.addresses:
            network = found[item.network_id]
            network.tasks.add(item.address)
            if task.running:
                network.nodes.add(task.node_id)
    for report in topology.reports:
        for item in report.balancers:
            found[item.network_id].balancers[report.node_id] = item.address
        for item in report.containers:
            found[item.network_id].containers.add(item.address)
    return found


def _usage(network: Network, takers: _Takers, ingress_nodes: set[str]) -> AddressUsage:
    taken: set[IPv4Address] = set()

    def count(addresses: Iterable[IPv4Address]) -> int:
        """Count those that nobody counted before has."""
        new = set(addresses) - taken
        taken.update(new)
        return len(new)

    silent = (takers.nodes | ingress_nodes) - takers.balancers.keys()
    return AddressUsage(
        network=network.name,
        network_id=network.id,
        subnets=network.subnets,
        total=sum(_usable(subnet) for subnet in network.subnets),
        gateways=count(network.gateways),
        vips=count(takers.vips),
        tasks=count(takers.tasks),
        balancers=count(takers.balancers.values()) + len(silent),
        containers=count(takers.containers),
    )


def _usable(subnet: IPv4Network) -> int:
    """Leave out the network's and the broadcast address (moby libnetwork/ipam, `newAddrSpace`)."""
    addresses = subnet.num_addresses
    return addresses - 2 if addresses > 2 else addresses  # noqa: PLR2004 -- a /31 has neither
