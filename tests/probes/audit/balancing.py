"""What does a healthy load balancer hold? A service of three tasks, as its node reads it."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from probes.audit.situation import Situation
from probes.model.gossip import GossipService, GossipTask, NetworkView
from probes.model.reading import (
    Backend,
    DeviceAddress,
    Firewall,
    FirewallRule,
    Link,
    LinkStatistics,
    NamespaceReading,
    NodeReading,
    VirtualService,
)
from probes.model.topology import Topology
from probes.model.vantage import Vantage, VantageKind
from tests.probes.audit.situations import NOW, situation
from tests.swarms import APP, node, on, service, task

HERE, THERE, ELSEWHERE = node(1), node(2), node(3)
WEB = service("shop_web", APP, vip=2)
WEB_1, WEB_2, WEB_3 = task(WEB, 1, HERE, 3), task(WEB, 2, THERE, 4), task(WEB, 3, ELSEWHERE, 5)
VIP, BALANCER = on(APP, 2).address, on(APP, 9).address
ONE, TWO, THREE = on(APP, 3).address, on(APP, 4).address, on(APP, 5).address
MARK = 260

SWARM = Topology(
    nodes=(HERE, THERE, ELSEWHERE),
    networks=(APP,),
    services=(WEB,),
    tasks=(WEB_1, WEB_2, WEB_3),
    read_at=NOW,
)

NO_TRAFFIC = LinkStatistics(
    receive_bytes=0,
    receive_packets=0,
    receive_errors=0,
    receive_dropped=0,
    transmit_bytes=0,
    transmit_packets=0,
    transmit_errors=0,
    transmit_dropped=0,
)


def link(index: int, name: str) -> Link:
    """Make a device."""
    return Link(
        index=index,
        name=name,
        kind="veth" if index > 1 else "",
        mtu_bytes=1450,
        up=True,
        mac="02:42:0a:00:01:09",
        statistics=NO_TRAFFIC,
    )


def backend(address: IPv4Address, weight: int = 1, connections: int = 0) -> Backend:
    """Make a destination, without connections that are open."""
    return Backend(
        address=address,
        weight=weight,
        active_connections=0,
        inactive_connections=0,
        connections=connections,
    )


def balanced(*backends: Backend, mark: int = MARK) -> VirtualService:
    """Make a virtual service."""
    count = sum(item.connections for item in backends)
    return VirtualService(mark=mark, scheduler="rr", connections=count, backends=backends)


def marking(address: IPv4Address, mark: int = MARK) -> FirewallRule:
    """Make the rule that marks what comes for a VIP."""
    return FirewallRule(
        table="mangle",
        chain="INPUT",
        target="MARK",
        destination=IPv4Network(f"{address}/32"),
        mark=mark,
    )


SNAT = FirewallRule(
    table="nat",
    chain="POSTROUTING",
    target="SNAT",
    destination=APP.subnets[0],
    conditional=True,
)

HEALTHY = NamespaceReading(
    vantage=Vantage(kind=VantageKind.LOAD_BALANCER, name="shop_app", netns="/netns/lb_app000000"),
    network_id=APP.id,
    links=(link(1, "lo"), link(7, "eth0")),
    addresses=(
        DeviceAddress(address=IPv4Address("127.0.0.1"), prefix_length=8, device_index=1),
        DeviceAddress(address=BALANCER, prefix_length=24, device_index=7),
        DeviceAddress(address=VIP, prefix_length=32, device_index=7),
    ),
    virtual_services=(balanced(backend(ONE), backend(TWO), backend(THREE)),),
    firewall=Firewall(rules=(marking(VIP), SNAT)),
    sysctls=(
        ("net.ipv4.vs.conn_reuse_mode", "0"),
        ("net.ipv4.vs.conntrack", "1"),
        ("net.ipv4.vs.expire_nodest_conn", "1"),
        ("net.ipv4.vs.expire_quiescent_template", "1"),
    ),
)


def told(*addresses: IPv4Address) -> NetworkView:
    """Make what the Engine was told of the service's tasks."""
    tasks = tuple(GossipTask(name="shop_web.x", address=item, vtep=None) for item in addresses)
    known = GossipService(name=WEB.name, vip=VIP, mark=MARK, tasks=tasks)
    return NetworkView(network_id=APP.id, peers=(), services=(known,))


def seen(reading: NamespaceReading = HEALTHY, topology: Topology = SWARM, **more: Any) -> Situation:
    """Stand on node1, whose load balancer is as *reading* says."""
    whole = NodeReading(read_at=NOW, namespaces=(reading,), ipvs=True)
    return seen_whole(whole, topology, **more)


def seen_whole(reading: NodeReading, topology: Topology = SWARM, **more: Any) -> Situation:
    """Stand on node1, of which all that was read is *reading*."""
    return situation(topology, **{"reading": reading, "views": (told(ONE, TWO, THREE),), **more})


def without_vip(reading: NamespaceReading) -> NamespaceReading:
    """Take the VIP off the device."""
    return replace(reading, addresses=reading.addresses[:-1])


def with_rules(reading: NamespaceReading, *rules: FirewallRule) -> NamespaceReading:
    """Have other rules."""
    return replace(reading, firewall=Firewall(rules=rules))


def with_backends(reading: NamespaceReading, *backends: Backend) -> NamespaceReading:
    """Have other destinations."""
    return replace(reading, virtual_services=(balanced(*backends),))
