"""What does this node's agent tell the others, that only it can see?"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address

from probes.audit.digest import digest_of
from probes.model.gossip import NetworkView
from probes.model.local import LocalTask
from probes.model.topology import ExposedPorts, NetworkAddress, NodeReport, Topology


def node_report(
    seen: NodeReport,
    local: Sequence[LocalTask],
    views: Sequence[NetworkView],
    topology: Topology,
) -> NodeReport:
    """Add to what the audit has *seen* what the node's own Engine tells; all in a fixed order."""
    return NodeReport(
        node_id=seen.node_id,
        exposed=tuple(_exposed(local)),
        vtep=_vtep(local, views, topology),
        balancers=tuple(
            NetworkAddress(network_id=view.network_id, address=view.balancer)
            for view in views
            if view.balancer
        ),
        containers=tuple(
            NetworkAddress(network_id=view.network_id, address=address)
            for view in views
            for address in view.containers
        ),
        views=tuple(digest_of(view) for view in views),
        outbound=seen.outbound,
        inbound=seen.inbound,
        local_subnets=seen.local_subnets,
        unresolved=seen.unresolved,
        dead_ports=seen.dead_ports,
    )


def _exposed(local: Sequence[LocalTask]) -> Iterator[ExposedPorts]:
    found: dict[str, set[int]] = {}
    for task in local:
        found.setdefault(task.service_id, set()).update(task.exposed)
    for service_id, ports in sorted(found.items()):
        if ports:
            yield ExposedPorts(service_id=service_id, ports=tuple(sorted(ports)))


def _vtep(
    local: Sequence[LocalTask],
    views: Sequence[NetworkView],
    topology: Topology,
) -> IPv4Address | None:
    """Find where gossip says that our own endpoints are: there the others send their frames."""
    ids = {task.task_id for task in local}
    ours = {
        (item.network_id, item.address)
        for task in topology.tasks
        if task.id in ids
        for item in task.addresses
    }
    for view in views:
        own = {address for network_id, address in ours if network_id == view.network_id}
        own.update(view.containers)
        if view.balancer:
            own.add(view.balancer)  # Engine 20.10 gossips the ingress's
        for service in view.services:
            for task in service.tasks:
                if task.vtep and task.address in own:
                    return task.vtep
    return None
