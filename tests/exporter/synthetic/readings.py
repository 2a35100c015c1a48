"""What do the kernels of a healthy Swarm hold? Every overlay's entries, every VIP's backends."""

from collections.abc import Iterable
from ipaddress import IPv4Address

from probes.audit.fdb import mac_of
from probes.model.reading import (
    DeviceAddress,
    FdbEntry,
    Firewall,
    NamespaceReading,
    NodeReading,
)
from probes.model.topology import Network, Node, Task, Topology
from probes.model.vantage import Vantage, VantageKind
from probes.plan.lookup import Lookup
from tests.probes.audit.balancing import backend, balanced, link, marking


def healthy(node: Node, topology: Topology) -> NodeReading:
    """Read one node's kernel."""
    lookup = Lookup(topology)
    here = {
        item.network_id
        for task in topology.tasks
        if task.node_id == node.id
        for item in task.addresses
    }
    namespaces = [
        made
        for network in topology.networks
        if network.id in here
        for made in (_overlay(network, node, topology), _balancer(network, lookup))
    ]
    return NodeReading(read_at=topology.read_at, namespaces=tuple(namespaces), ipvs=True)


def _overlay(network: Network, node: Node, topology: Topology) -> NamespaceReading:
    vteps = {item.id: item.address for item in topology.nodes}
    return NamespaceReading(
        vantage=Vantage(kind=VantageKind.OVERLAY, name=network.name, netns="/netns/1-x"),
        network_id=network.id,
        fdb=tuple(
            FdbEntry(
                mac=mac_of(item.address),
                device="vxlan0",
                vtep=vteps[task.node_id],
                permanent=True,
                bridge=False,
            )
            for task in topology.tasks
            if task.node_id != node.id
            for item in task.addresses
            if item.network_id == network.id
        ),
    )


def _balancer(network: Network, lookup: Lookup) -> NamespaceReading:
    served = [
        (vip.address, _addresses(lookup.tasks_of(service), network))
        for service in lookup.services.values()
        for vip in service.vips
        if vip.network_id == network.id
    ]
    addresses = (DeviceAddress(address=vip, prefix_length=32, device_index=7) for vip, _ in served)
    return NamespaceReading(
        vantage=Vantage(kind=VantageKind.LOAD_BALANCER, name=network.name, netns="/netns/lb_x"),
        network_id=network.id,
        links=(link(1, "lo"), link(7, "eth0")),
        addresses=tuple(addresses),
        virtual_services=tuple(
            balanced(*(backend(address) for address in tasks), mark=mark)
            for mark, (_, tasks) in enumerate(served, 256)
        ),
        firewall=Firewall(
            rules=tuple(marking(vip, mark) for mark, (vip, _) in enumerate(served, 256))
        ),
    )


def _addresses(tasks: Iterable[Task], network: Network) -> list[IPv4Address]:
    return [
        item.address for task in tasks for item in task.addresses if item.network_id == network.id
    ]
