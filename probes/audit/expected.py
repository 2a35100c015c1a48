"""Who should be at which address of each overlay, and behind which VTEP?"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

from probes.model.topology import Topology
from probes.plan.lookup import Lookup


class EndpointKind(StrEnum):
    """What can have an address of its own on an overlay."""

    TASK = "task"
    BALANCER = "load balancer"
    CONTAINER = "container"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedEndpoint:
    """Who should be at one address."""

    address: IPv4Address
    kind: EndpointKind
    #: Such as "shop_api.2", or "the load balancer of node2".
    name: str
    #: Name of its service; "" for what is no task.
    service: str
    node_id: str
    #: Whether it must be there; otherwise it is on its way up or down, and may be.
    certain: bool


def expected_endpoints(
    topology: Topology,
    lookup: Lookup,
) -> Mapping[str, Mapping[IPv4Address, ExpectedEndpoint]]:
    """Say who should be where: network id -> address -> endpoint.

    Load balancers and plain containers are no part of the Swarm API: they come from the agents'
    reports, and count as uncertain, since a report may be older than the topology.
    """
    found = defaultdict[str, dict[IPv4Address, ExpectedEndpoint]](dict)
    for network_id, endpoint in (*_tasks(topology, lookup), *_reported(topology, lookup)):
        known = found[network_id].get(endpoint.address)
        if known is None or endpoint.certain > known.certain:
            found[network_id][endpoint.address] = endpoint
    return found


def _tasks(topology: Topology, lookup: Lookup) -> Iterator[tuple[str, ExpectedEndpoint]]:
    for task in topology.tasks:
        if not (task.running or task.in_transition):
            continue
        service = lookup.services.get(task.service_id)
        for item in task.addresses:
            yield (
                item.network_id,
                ExpectedEndpoint(
                    address=item.address,
                    kind=EndpointKind.TASK,
                    name=lookup.name_of(task),
                    service=service.name if service else "",
                    node_id=task.node_id,
                    certain=task.running,
                ),
            )


def _reported(topology: Topology, lookup: Lookup) -> Iterator[tuple[str, ExpectedEndpoint]]:
    for report in topology.reports:
        node = lookup.nodes.get(report.node_id)
        for kind, addresses in (
            (EndpointKind.BALANCER, report.balancers),
            (EndpointKind.CONTAINER, report.containers),
        ):
            for item in addresses:
                yield (
                    item.network_id,
                    ExpectedEndpoint(
                        address=item.address,
                        kind=kind,
                        name=f"a {kind} on {node.name if node else report.node_id}",
                        service="",
                        node_id=report.node_id,
                        certain=False,
                    ),
                )


def vteps(topology: Topology) -> Mapping[str, IPv4Address]:
    """Give each node's VTEP by node id: what its agent saw, else the address that Swarm knows.

    They differ where a node was joined with `--data-path-addr`.
    """
    found = {node.id: node.address for node in topology.nodes if node.address}
    found.update({report.node_id: report.vtep for report in topology.reports if report.vtep})
    return found
