"""Which node is cut off from the others' gossip?

Each agent reports whom its Engine knows on a network. When one of two nodes that take part does not
know the other, either may be at fault; the node that most of these pairs have in common is named,
once, by the node that speaks for the Swarm.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import chain

from probes.audit.check import Answer
from probes.audit.situation import Situation
from probes.audit.speaker import speaks_for_swarm
from probes.findings import gossip as findings
from probes.model.finding import Evidence, Subject
from probes.model.topology import Network, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class _Miss:
    """One node that takes part in a network and does not know that another does."""

    network: str
    node: Node
    misses: Node
    knows: tuple[IPv4Address, ...]

    def evidence(self) -> Evidence:
        return Evidence(
            what=f"peers of {self.network}, on {self.node.name}",
            expected=f"{self.misses.address} ({self.misses.name}) among them",
            actual=", ".join(map(str, self.knows)) or "none",
        )


def check_peers(situation: Situation) -> Iterator[Answer]:
    """Name the nodes that are missed; one finding for a node that is missed on all its networks."""
    if not speaks_for_swarm(situation):
        return
    shared = Counter[str]()
    found = defaultdict[str, dict[str, list[_Miss]]](dict)
    for network in situation.topology.networks:
        taking_part = _taking_part(network, situation)
        if len(taking_part) > 1:
            shared.update(node.name for node, _ in taking_part)
        for culprit, misses in _culprits(network, taking_part, situation).items():
            found[culprit][network.name] = misses
    addresses = {node.name: node.address for node in situation.topology.nodes}
    for culprit, by_network in found.items():
        everywhere = len(by_network) > 1 and len(by_network) == shared[culprit]
        groups = {"": [*chain(*by_network.values())]} if everywhere else by_network
        for name, misses in groups.items():
            yield findings.PEER_MISSING.found(
                Subject(network=name, peer=culprit),
                *(miss.evidence() for miss in misses),
                address=str(addresses[culprit]),
            )


_TakesPart = tuple[Node, tuple[IPv4Address, ...]]


def _taking_part(network: Network, situation: Situation) -> list[_TakesPart]:
    """List the ready nodes that have the network, each with the peers that it knows there."""
    return [
        (node, view.peers)
        for report in situation.topology.reports
        if (node := situation.lookup.nodes.get(report.node_id))
        and node.state == "ready"
        and node.address
        for view in report.views
        if view.network_id == network.id
    ]


def _culprits(
    network: Network, taking_part: list[_TakesPart], situation: Situation
) -> dict[str, list[_Miss]]:
    """Blame, one by one, the node that most of the misses left have in common."""
    misses = [
        _Miss(network=network.name, node=node, misses=other, knows=peers)
        for node, peers in taking_part
        for other, _ in taking_part
        if other.address not in peers
    ]
    blamed = {}
    while misses:
        counts = Counter[Node]()
        for miss in misses:
            counts.update({miss.node, miss.misses})
        # In a tie it is not the node that looks, nor a manager, that is thought to be cut off.
        culprit = max(
            counts,
            key=lambda node: (counts[node], node != situation.node, not node.manager, node.name),
        )
        blamed[culprit.name] = [miss for miss in misses if culprit in {miss.node, miss.misses}]
        misses = [miss for miss in misses if culprit not in {miss.node, miss.misses}]
    return blamed
