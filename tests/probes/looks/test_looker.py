import socket
from dataclasses import replace
from ipaddress import IPv4Address
from typing import cast

import dns.rcode
import pytest

from probes.cli.around import Around
from probes.looks.errors import CannotLookError
from probes.looks.looker import Looker
from probes.looks.names import Directory, Place
from probes.model.local import LocalTask
from probes.model.probe import Look, Target, TcpLook
from probes.model.result import Outcome
from probes.vantage import open_socket
from tests.probes.looking import LOOPBACK
from tests.probes.servers import code, listener, records, resolving
from tests.probes.wire import PEER_ADDRESS, Wire
from tests.swarms import API, SHOP, WEB_1, local

pytestmark = pytest.mark.netns

API_VIP = API.vips[0].address


class FakeAround:
    """A node of the shop whose one task is web's, in a namespace of ours."""

    def __init__(self, netns: str | None) -> None:
        self.local: tuple[LocalTask, ...] = (replace(local(WEB_1), netns=netns),)
        self.directory = Directory(SHOP)


class FakeAroundWithoutEngine:
    """A node without Docker, whose resolver is one of ours."""

    host_resolver = IPv4Address("127.9.9.9")

    @property
    def directory(self) -> Directory:
        raise CannotLookError("engine unix:///nowhere cannot be asked")


def _looker(around: object, source: str, timeout_seconds: float = 5.0) -> Looker:
    return Looker(cast(Around, around), source, timeout_seconds)


def _resolver(wire: Wire) -> socket.socket:
    """Open the port that Docker's resolver has in every task's namespace."""
    sock = open_socket(wire.task, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.11", 53))
    return sock


def _port_of(sock: socket.socket) -> int:
    port: int = sock.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("address", "outcome"),
    [(API_VIP, Outcome.OK), (IPv4Address("10.0.1.99"), Outcome.WRONG_ANSWER)],
)
async def test_a_services_name_must_answer_as_the_swarm_says(
    wire: Wire,
    address: IPv4Address,
    outcome: Outcome,
) -> None:
    """Asked of Docker's resolver in the task's own namespace."""
    looker = _looker(FakeAround(wire.task.netns), "shop_web")

    async with resolving(records(f"shop_api. 600 IN A {address}"), _resolver(wire)):
        report = await looker.at_name("shop_api", None)

    assert report.result.outcome is outcome


async def test_another_resolver_can_be_asked(wire: Wire) -> None:
    """By its address and port."""
    looker = _looker(FakeAround(wire.task.netns), "shop_web")

    async with resolving(records("example.org. 9 IN A 192.0.2.1"), wire.bind()) as port:
        report = await looker.at_name("example.org", (PEER_ADDRESS, port))

    assert report.result.outcome is Outcome.OK


async def test_a_name_of_the_resolvers_is_asked_for_first(wire: Wire) -> None:
    """The look at the name is told beside the look at its address."""
    looker = _looker(FakeAround(wire.task.netns), "shop_web")
    respond = records(f"example.org. 9 IN A {PEER_ADDRESS}")

    with wire.listen() as sock:
        port = _port_of(sock)

        def make(place: Place) -> Look:
            return TcpLook(address=place.address, port=port)

        async with resolving(respond, _resolver(wire)):
            report = await looker.at_host("example.org", make, str(port))

    assert report.result.outcome is Outcome.OK
    assert report.result.probe.look == TcpLook(address=PEER_ADDRESS, port=port)
    assert report.resolution is not None
    assert report.resolution.outcome is Outcome.OK


@pytest.mark.parametrize("name", ["shop_apo", "shop_bpi"])
async def test_a_name_that_nobody_knows_is_the_result(wire: Wire, name: str) -> None:
    """Nothing is connected to, and what may have been meant is suggested."""
    looker = _looker(FakeAround(wire.task.netns), "shop_web")

    async with resolving(code(dns.rcode.NXDOMAIN), _resolver(wire)):
        report = await looker.at_host(name, _unwanted, "1")

    assert report.result.outcome is Outcome.NXDOMAIN
    assert report.hint == "did you mean shop_api?"


def _unwanted(address: Place) -> Look:
    raise AssertionError(f"nobody should look at {address}")


async def test_a_node_is_looked_at_where_swarm_has_it() -> None:
    """By its address on the underlay, as the other nodes reach it; nobody is asked for its name."""
    node = replace(SHOP.nodes[1], address=LOOPBACK)
    around = FakeAround(None)
    around.directory = Directory(replace(SHOP, nodes=(SHOP.nodes[0], node, SHOP.nodes[2])))
    looker = _looker(around, "host")

    def make(place: Place) -> Look:
        return TcpLook(address=place.address, port=port)

    with listener() as sock:
        port = _port_of(sock)
        report = await looker.at_host("node2", make, str(port))

    assert report.result.outcome is Outcome.OK
    probe = report.result.probe.id
    assert (probe.target, probe.destination_node) == (Target.NODE, "node2")
    assert report.resolution is None


async def test_without_an_engine_the_host_has_its_resolvers_names() -> None:
    """And it is said that nobody looked for a service of that name."""
    looker = _looker(FakeAroundWithoutEngine(), "host")
    resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    resolver.bind((str(FakeAroundWithoutEngine.host_resolver), 53))

    with listener() as sock:
        port = _port_of(sock)

        def make(place: Place) -> Look:
            return TcpLook(address=place.address, port=port)

        async with resolving(records("example.org. 9 IN A 127.0.0.1"), resolver):
            report = await looker.at_host("example.org", make, str(port))

    assert report.result.outcome is Outcome.OK
    assert report.hint.endswith("only the resolver asked: engine unix:///nowhere cannot be asked")
