"""Is an overlay that covers what a node needs, or has itself, told on that node?"""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from probes.audit.overlaps import check
from probes.audit.situation import Situation
from probes.audit.subnets import local_subnets
from probes.model.finding import Finding
from probes.model.reading import (
    CouldNotLook,
    DeviceAddress,
    HostReading,
    Link,
    LinkStatistics,
    NamespaceReading,
    NodeReading,
    Route,
)
from probes.model.topology import NodeReport, Topology
from probes.model.vantage import HOST
from tests.probes.audit.situations import NOW, situation
from tests.swarms import APP, NODE1, NODE2

SWARM = Topology(nodes=(NODE1, NODE2), networks=(APP,), read_at=NOW)
STILL = LinkStatistics(
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
    return Link(index=index, name=name, kind="", mtu_bytes=1500, up=True, mac="", statistics=STILL)


def route(destination: str, gateway: str = "", device: int = 2) -> Route:
    return Route(
        destination=IPv4Network(destination),
        device_index=device,
        gateway=IPv4Address(gateway) if gateway else None,
        source=None,
        table=254,
    )


def address(text: str, prefix: int, device: int = 2) -> DeviceAddress:
    return DeviceAddress(address=IPv4Address(text), prefix_length=prefix, device_index=device)


HOST_NAMESPACE = NamespaceReading(
    vantage=HOST,
    network_id="",
    links=(link(1, "lo"), link(2, "eth0"), link(3, "docker_gwbridge")),
    addresses=(
        address("127.0.0.1", 8, 1),
        address("198.18.0.11", 24),
        address("172.18.0.1", 16, 3),
    ),
    routes=(
        route("0.0.0.0/0", "198.18.0.1"),
        route("198.18.0.0/24"),
        route("172.18.0.0/16", device=3),
        # The sum of a site, and the two halves of a VPN's default route.
        route("10.0.0.0/8", "198.18.0.1"),
        route("0.0.0.0/1", "198.18.0.1"),
    ),
)
HEALTHY = HostReading(namespace=HOST_NAMESPACE, nameservers=(IPv4Address("192.0.2.53"),))


def seen(host: HostReading = HEALTHY, topology: Topology = SWARM) -> Situation:
    return situation(topology, reading=NodeReading(host=host))


def on_subnet(subnet: str) -> Topology:
    return replace(SWARM, networks=(replace(APP, subnets=(IPv4Network(subnet),)),))


def test_an_overlay_of_its_own_is_no_finding() -> None:
    """Defaults and routes of whole sites cover everything, and prove nothing."""
    assert list(check(seen())) == []


@pytest.mark.parametrize(
    ("subnet", "row"),
    [
        ("198.18.0.0/16", "node2 198.18.0.12"),
        ("198.18.0.0/29", "the default gateway 198.18.0.1"),
        ("192.0.2.0/24", "the name server 192.0.2.53"),
    ],
)
def test_what_the_node_needs_counts_most(subnet: str, row: str) -> None:
    """A node's address, the gateway, a name server; the route there is not told beside it."""
    (finding,) = check(seen(topology=on_subnet(subnet)))

    assert isinstance(finding, Finding)
    assert finding.code == "address_overlap_vital"
    assert (finding.subject.network, finding.subject.item) == ("shop_app", subnet)
    assert row in [item.actual for item in finding.evidence]


def test_a_node_is_where_its_data_arrives() -> None:
    """--data-path-addr, which its agent has told."""
    report = NodeReport(node_id=NODE2.id, vtep=IPv4Address("10.0.1.77"))

    (finding,) = check(seen(topology=replace(SWARM, reports=(report,))))

    assert isinstance(finding, Finding)
    assert [item.actual for item in finding.evidence] == ["node2 10.0.1.77"]


@pytest.mark.parametrize(
    ("host", "row"),
    [
        (
            replace(HOST_NAMESPACE, routes=(*HOST_NAMESPACE.routes, route("10.0.1.128/25"))),
            "10.0.1.128/25 dev eth0",
        ),
        (
            replace(HOST_NAMESPACE, routes=(route("10.0.0.0/16", "198.18.0.9"),)),
            "10.0.0.0/16 via 198.18.0.9 dev eth0",
        ),
        (
            replace(HOST_NAMESPACE, addresses=(address("10.0.1.1", 24, 3),)),
            "10.0.1.1/24 dev docker_gwbridge",
        ),
    ],
)
def test_what_the_node_has_is_told(host: NamespaceReading, row: str) -> None:
    """A route, or a local network whose bridge has no carrier; one finding for all of it."""
    (finding,) = check(seen(replace(HEALTHY, namespace=host)))

    assert isinstance(finding, Finding)
    assert finding.code == "address_overlap"
    assert [item.actual for item in finding.evidence] == [row]
    assert "subnet" in dict(finding.values)


def test_the_nodes_own_subnets_are_reported() -> None:
    """Without the loopback, defaults and sums; each once."""
    assert [str(subnet) for subnet in local_subnets(HEALTHY)] == ["172.18.0.0/16", "198.18.0.0/24"]


def test_a_host_that_was_not_read_leaves_the_question_open() -> None:
    """Before the first reading, and where it failed, with the reason."""
    refused = CouldNotLook(where="host", why="no rights")
    routes = CouldNotLook(where="host, routes", why="interrupted")

    assert [type(item) for item in check(situation(SWARM))] == [CouldNotLook]
    assert list(check(situation(SWARM, reading=NodeReading(failures=(refused,))))) == [refused]
    partly = NodeReading(host=HEALTHY, failures=(routes,))
    assert list(check(situation(SWARM, reading=partly))) == [routes]
