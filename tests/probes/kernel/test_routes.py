import socket
from ipaddress import IPv4Address, IPv4Network

import pytest

from probes.errors import UnreachableError
from probes.kernel.links import fetch_links, parse_link
from probes.kernel.netlink import read_table
from probes.kernel.routes import fetch_routes, parse_route, route_to
from probes.model.reading import ChosenRoute, Route
from probes.model.vantage import Vantage
from probes.vantage import inside
from tests.probes.kernel.place import TASK, Place

pytestmark = pytest.mark.netns


@pytest.fixture
def task(place: Place) -> Vantage:
    """Make a task's namespace with eth0 at 10.77.0.5/24, MTU 1450."""
    place.add_overlay()
    return place.join(TASK, "veth0", 5)


def routes_in(vantage: Vantage) -> dict[IPv4Network, Route]:
    with inside(vantage):
        found = read_table(fetch_routes(), parse_route, 100).rows
    return {route.destination: route for route in found if route}


def chosen(vantage: Vantage, address: str) -> ChosenRoute:
    with inside(vantage):
        links = read_table(fetch_links(), parse_link, 10).rows
        return route_to(IPv4Address(address), {link.index: link.mtu_bytes for link in links})


def index_of_eth0(vantage: Vantage) -> int:
    with inside(vantage):
        return socket.if_nametoindex("eth0")


def test_routes_of_all_tables_are_read_as_ip_route_shows_them(place: Place, task: Vantage) -> None:
    """Gateway, source, table and MTU are the kernel's; its own addresses are not listed."""
    place.ip(
        TASK,
        """
        route add default via 10.77.0.1 src 10.77.0.5
        route add 172.16.0.0/12 via 10.77.0.9 mtu 1300 table 1000
        route add blackhole 192.0.2.0/24
        """,
    )

    device = index_of_eth0(task)
    gateway, source = IPv4Address("10.77.0.1"), IPv4Address("10.77.0.5")
    assert routes_in(task) == {
        route.destination: route
        for route in (
            Route(
                destination=IPv4Network("0.0.0.0/0"),
                device_index=device,
                gateway=gateway,
                source=source,
                table=254,
            ),
            Route(
                destination=IPv4Network("10.77.0.0/24"),
                device_index=device,
                gateway=None,
                source=source,
                table=254,
            ),
            Route(
                destination=IPv4Network("172.16.0.0/12"),
                device_index=device,
                gateway=IPv4Address("10.77.0.9"),
                source=None,
                table=1000,
                mtu_bytes=1300,
            ),
            Route(
                destination=IPv4Network("192.0.2.0/24"),
                device_index=None,
                gateway=None,
                source=None,
                table=254,
            ),
        )
    }


def test_of_several_next_hops_the_first_is_named() -> None:
    """Its device and gateway stand for the route; not every kernel has such routes."""
    hops = [
        {"oif": 7, "attrs": [("RTA_GATEWAY", "10.77.0.8")]},
        {"oif": 9, "attrs": [("RTA_GATEWAY", "10.77.0.9")]},
    ]
    message = {
        "dst_len": 24,
        "type": 1,
        "attrs": [("RTA_TABLE", 254), ("RTA_DST", "192.0.2.0"), ("RTA_MULTIPATH", hops)],
    }

    found = parse_route(message)

    assert found == Route(
        destination=IPv4Network("192.0.2.0/24"),
        device_index=7,
        gateway=IPv4Address("10.77.0.8"),
        source=None,
        table=254,
    )


def test_the_kernels_choice_names_its_source(place: Place, task: Vantage) -> None:
    """A node with a second address sends VXLAN from the one that the route prefers."""
    place.ip(TASK, "address add 10.77.0.200/24 dev eth0")
    before = chosen(task, "10.77.0.7")

    place.ip(TASK, "route add 10.77.0.7 dev eth0 src 10.77.0.200")

    assert before.source == IPv4Address("10.77.0.5")
    assert chosen(task, "10.77.0.7") == ChosenRoute(
        source=IPv4Address("10.77.0.200"),
        device_index=index_of_eth0(task),
        gateway=None,
        mtu_bytes=1450,
    )


def test_a_routes_own_mtu_wins_over_its_devices(place: Place, task: Vantage) -> None:
    """What somebody set for a route is what packets on it may have."""
    place.ip(TASK, "route add 192.0.2.0/24 via 10.77.0.1 mtu 1300")

    found = chosen(task, "192.0.2.9")

    assert (found.mtu_bytes, found.gateway) == (1300, IPv4Address("10.77.0.1"))


@pytest.mark.parametrize("kind", ["", "unreachable", "prohibit", "blackhole"])
def test_where_the_kernel_would_not_send_it_says_so(place: Place, task: Vantage, kind: str) -> None:
    """No route, and each kind of route that refuses, come out as the same answer."""
    if kind:
        place.ip(TASK, f"route add {kind} 192.0.2.0/24")

    with pytest.raises(UnreachableError, match=r"no route to 192\.0\.2\.9: "):
        chosen(task, "192.0.2.9")
