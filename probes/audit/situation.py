"""What does an audit look at? Everything that one node knows at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from probes.audit.expected import ExpectedEndpoint, expected_endpoints
from probes.model.gossip import NetworkView
from probes.model.intent import Intent
from probes.model.local import LocalTask
from probes.model.reading import NOTHING_READ, CouldNotLook, NamespaceReading, NodeReading
from probes.model.result import Result
from probes.model.topology import Network, Node, NodeReport, Topology
from probes.model.vantage import VantageKind
from probes.plan.lookup import Lookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Departed:
    """Who had an address before, and when it went."""

    name: str
    node_id: str
    #: Unix seconds.
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What should be there and what is, on one node; made by `situate`."""

    topology: Topology
    intent: Intent
    lookup: Lookup
    #: The node that looks.
    node: Node
    local: tuple[LocalTask, ...]
    reading: NodeReading
    #: The reading of the round before, for what rises; NOTHING_READ in the first.
    before: NodeReading
    #: How this node's Engine sees each network that it takes part in.
    views: tuple[NetworkView, ...]
    #: The last result of each probe that this node runs.
    results: tuple[Result, ...]
    #: (network id, address) -> who had it.
    departed: Mapping[tuple[str, IPv4Address], Departed]
    #: Reports of the nodes' agents, by node id.
    reports: Mapping[str, NodeReport]
    #: Network id -> address -> who should be there; tasks, load balancers and plain containers.
    endpoints: Mapping[str, Mapping[IPv4Address, ExpectedEndpoint]]
    #: Unix seconds.
    now: float

    def network(self, network_id: str) -> Network | None:
        """Find a network; None for one that the topology does not know."""
        return self.lookup.networks.get(network_id)

    def namespace(self, kind: VantageKind, network_id: str) -> NamespaceReading | None:
        """Find the overlay's, or the load balancer's, namespace of a network on this node."""
        found = (item for item in self.reading.of_kind(kind) if item.network_id == network_id)
        return next(found, None)

    def unread(self, name: str) -> CouldNotLook | None:
        """Tell whether, and why, something of this name could not be read."""
        return next((item for item in self.reading.failures if name in item.where), None)

    def overlays_here(self) -> tuple[Network, ...]:
        """List the overlays of which a running task stands on this node."""
        wanted = {
            item.network_id
            for task in self.topology.tasks
            if task.node_id == self.node.id and task.running
            for item in task.addresses
        }
        return tuple(
            network
            for network in self.topology.networks
            if network.id in wanted and network.driver == "overlay"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was observed, as `situate` takes it."""

    local: tuple[LocalTask, ...] = ()
    reading: NodeReading = NOTHING_READ
    before: NodeReading = NOTHING_READ
    views: tuple[NetworkView, ...] = ()
    results: tuple[Result, ...] = ()
    departed: Mapping[tuple[str, IPv4Address], Departed] = field(default_factory=dict)


def situate(
    topology: Topology,
    intent: Intent,
    node_id: str,
    seen: Seen,
    now: float,
) -> Situation | None:
    """Join what should be and what was seen; None while the topology does not know the node."""
    lookup = Lookup(topology, intent)
    node = lookup.nodes.get(node_id)
    if node is None:
        return None
    return Situation(
        topology=topology,
        intent=intent,
        lookup=lookup,
        node=node,
        local=seen.local,
        reading=seen.reading,
        before=seen.before,
        views=seen.views,
        results=seen.results,
        departed=seen.departed,
        reports={report.node_id: report for report in topology.reports},
        endpoints=expected_endpoints(topology, lookup),
        now=now,
    )
