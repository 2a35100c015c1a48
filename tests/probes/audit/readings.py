"""What does a node's kernel say when all is well? Readings of one overlay for tests of families."""

from dataclasses import replace
from ipaddress import IPv4Address

from probes.model.reading import (
    ChosenRoute,
    DeviceAddress,
    HostReading,
    Link,
    LinkStatistics,
    NamespaceReading,
    NodeReading,
)
from probes.model.topology import Network, NetworkAddress
from probes.model.vantage import HOST, Vantage, VantageKind
from tests.probes.audit.situations import NOW

NO_COUNTS = LinkStatistics(
    receive_bytes=0,
    receive_packets=0,
    receive_errors=0,
    receive_dropped=0,
    transmit_bytes=0,
    transmit_packets=0,
    transmit_errors=0,
    transmit_dropped=0,
)
BRIDGE, VXLAN, TASK_PORT, BALANCER_PORT = 2, 11, 13, 15


def link(index: int, name: str, kind: str = "veth", **more: object) -> Link:
    """Make a device that is up, with the MTU of an overlay."""
    made = Link(
        index=index,
        name=name,
        kind=kind,
        mtu_bytes=1450,
        up=True,
        mac=f"02:00:00:00:00:{index % 256:02x}",
        statistics=NO_COUNTS,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def overlay_reading(network: Network) -> NamespaceReading:
    """Make the namespace of an overlay with one task and the load balancer on its bridge."""
    return NamespaceReading(
        vantage=Vantage(
            kind=VantageKind.OVERLAY, name=network.name, netns=f"/netns/1-{network.id[:10]}"
        ),
        network_id=network.id,
        links=(
            link(1, "lo", ""),
            link(BRIDGE, "br0", "bridge"),
            link(
                VXLAN,
                "vxlan0",
                "vxlan",
                master_index=BRIDGE,
                vni=network.vnis[0],
                vxlan_port=4789,
            ),
            link(TASK_PORT, "veth0", master_index=BRIDGE, peer_index=14),
            link(BALANCER_PORT, "veth1", master_index=BRIDGE, peer_index=16),
        ),
    )


def end_reading(
    kind: VantageKind, netns: str | None, network_id: str, port: int, at: NetworkAddress
) -> NamespaceReading:
    """Make the namespace of a task, or of a load balancer, whose eth0 leads to *port*."""
    return NamespaceReading(
        vantage=Vantage(kind=kind, name=(netns or "").rpartition("/")[2], netns=netns),
        network_id=network_id,
        links=(link(1, "lo", ""), link(port + 1, "eth0", peer_index=port)),
        addresses=(DeviceAddress(address=at.address, prefix_length=24, device_index=port + 1),),
    )


def host_reading(*peers: int) -> HostReading:
    """Make node1's own namespace: eth0 with 198.18.0.11, and direct ways to peers."""
    own = IPv4Address("198.18.0.11")
    return HostReading(
        namespace=NamespaceReading(
            vantage=HOST,
            network_id="",
            links=(link(1, "lo", ""), link(3, "eth0", mtu_bytes=1500)),
            addresses=(
                DeviceAddress(address=IPv4Address("127.0.0.1"), prefix_length=8, device_index=1),
                DeviceAddress(address=own, prefix_length=24, device_index=3),
            ),
        ),
        underlay=tuple(
            (
                IPv4Address(f"198.18.0.1{peer}"),
                ChosenRoute(source=own, device_index=3, gateway=None, mtu_bytes=1500),
            )
            for peer in peers
        ),
    )


def node_reading(host: HostReading, *namespaces: NamespaceReading) -> NodeReading:
    """Put together what was read now."""
    return NodeReading(read_at=NOW, host=host, namespaces=namespaces, ipvs=True)
