"""Probes from a task of this node: its names, its network, and its end."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import dns.message
import pytest

from exporter.blackbox import metrics
from exporter.blackbox.modules import load_modules
from exporter.blackbox.service import Blackbox
from exporter.peers import Peers
from exporter.settings import BlackboxSettings
from exporter.view import View
from probes.swarm.membership import Membership
from probes.vantage import open_socket
from tests.exporter.blackbox.asking import ask, samples
from tests.probes.servers import Handler, answering, records, resolving, serving
from tests.probes.wire import PEER_ADDRESS, TASK_ADDRESS, Wire
from tests.swarms import API, NODE1, NODE2, NODE3, SHOP, WEB_1, local, with_service

pytestmark = pytest.mark.netns

SUCCESS = (metrics.SUCCESS.name, frozenset[tuple[str, str]]())
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"


@pytest.fixture
def serve(wire: Wire, tmp_path: Path) -> Callable[..., Blackbox]:
    """Make the endpoint of an agent on node1, where a task of shop_web runs."""
    path = tmp_path / "blackbox.yml"
    path.write_text(
        "modules:\n"
        "  page: {prober: http, timeout: 5s}\n"
        "  port: {prober: tcp, timeout: 5s}\n"
        "  echo: {prober: icmp, timeout: 5s}\n",
    )
    there = replace(local(WEB_1), netns=wire.task.netns)
    # The peer is shop_api's VIP, and node3 is nowhere.
    address = replace(API.vips[0], address=PEER_ADDRESS)
    nodes = (NODE1, NODE2, replace(NODE3, address=IPv4Address("127.0.0.1")))
    topology = with_service(replace(SHOP, nodes=nodes), replace(API, vips=(address,)))
    view = View(
        topology=topology,
        version="1",
        membership=Membership(
            node_id="n1", address=IPv4Address("127.0.0.1"), manager=True, managers=()
        ),
        local=(there,),
    )

    def begin(*allow: str) -> Blackbox:
        settings = BlackboxSettings.model_validate({"modules_file": str(path), "allow": [*allow]})
        return Blackbox(settings, load_modules(path), lambda: view, Peers(9, lambda: ""))

    return begin


def _resolver(wire: Wire) -> socket.socket:
    """Stand where Docker's resolver does, inside the task."""
    sock = open_socket(wire.task, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.11", 53))
    return sock


@pytest.mark.parametrize("source", ["shop_web", "shop_web.1", "s-shop_web.1"])
async def test_a_task_looks_by_the_names_that_it_knows(
    wire: Wire, serve: Callable[..., Blackbox], source: str
) -> None:
    """The name is asked for inside the task, and the packets carry its address."""
    callers: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.append(writer.get_extra_info("peername")[0])
        await answering(PAGE)(reader, writer)

    blackbox = serve("10.78.0.0/24")
    async with (
        serving(handle, wire.listen()) as port,
        resolving(records(f"api. 9 IN A {PEER_ADDRESS}"), _resolver(wire)),
    ):
        target = f"http://api:{port}/"
        told = await ask(blackbox, {"module": "page", "target": target, "source": source})

    assert samples(told.text)[SUCCESS] == 1
    assert callers == [str(TASK_ADDRESS)]


async def test_a_service_is_allowed_by_its_name(wire: Wire, serve: Callable[..., Blackbox]) -> None:
    """At the addresses that Swarm gave it, which no list of networks has."""
    blackbox = serve("shop_api", "db")
    query = {"module": "echo", "source": "shop_web"}
    answers = [f"{name}. 9 IN A {PEER_ADDRESS}" for name in ("shop_api", "db")]
    async with resolving(records(*answers), _resolver(wire)):
        own = await ask(blackbox, {**query, "target": "shop_api"})
        other = await ask(blackbox, {**query, "target": "db"})

    assert samples(own.text)[SUCCESS] == 1
    assert (other.status, other.text) == (
        403,
        f"db, which is at {PEER_ADDRESS}, is not in blackbox.allow of the agent's configuration\n",
    )


async def test_a_name_that_moves_is_held_to_the_list_each_time(
    wire: Wire, serve: Callable[..., Blackbox]
) -> None:
    """One lookup, one check, one connection: what a resolver says next does not count."""
    answers = iter([str(PEER_ADDRESS), "10.78.0.66", str(TASK_ADDRESS)])
    asked: list[str] = []

    def rebind(query: dns.message.Message) -> dns.message.Message:
        asked.append(next(answers))
        reply = records(f"page.test. 0 IN A {asked[-1]}")(query)
        assert isinstance(reply, dns.message.Message)
        return reply

    blackbox = serve(str(PEER_ADDRESS))
    query = {"module": "echo", "target": "page.test", "source": "shop_web"}
    async with resolving(rebind, _resolver(wire)):
        told = [await ask(blackbox, query) for _ in range(3)]

    assert [one.status for one in told] == [200, 403, 403]
    assert samples(told[0].text)[SUCCESS] == 1
    assert len(asked) == 3


async def test_a_source_that_ended_is_no_failure_of_the_target(
    wire: Wire, serve: Callable[..., Blackbox]
) -> None:
    """The scrape fails instead, before the look and in the middle of it."""
    blackbox = serve("10.78.0.0/24")
    query = {"module": "page", "source": "shop_web"}
    connected = asyncio.Event()
    async with serving(_hanging(connected), wire.listen()) as port:
        target = f"{PEER_ADDRESS}:{port}"
        under_way = asyncio.create_task(ask(blackbox, {**query, "target": target}, "1.5"))
        await connected.wait()
        wire.vanish()
        meanwhile = await under_way
    before = await ask(blackbox, {**query, "target": target})

    assert meanwhile.status == before.status == 503
    assert meanwhile.text.startswith("could not look: the namespace of s-shop_web.1 went away")
    assert before.text.startswith(f"could not look: cannot look from {wire.task.netns}: ")


async def test_a_closed_port_is_a_failure(serve: Callable[..., Blackbox]) -> None:
    """The target's own: it was looked, and it said no."""
    blackbox = serve("10.78.0.0/24")
    query = {"module": "port", "target": f"{PEER_ADDRESS}:9", "source": "shop_web"}

    told = await ask(blackbox, query)

    assert told.status == 200
    assert samples(told.text)[SUCCESS] == 0


async def test_a_task_elsewhere_takes_an_agent_that_answers(
    serve: Callable[..., Blackbox],
) -> None:
    """That one is named, and it is no failure of the target."""
    blackbox = serve("10.78.0.0/24")

    async with Peers(9, lambda: "") as peers:
        blackbox._peers = peers  # noqa: SLF001 -- entered only now
        told = await ask(
            blackbox,
            {"module": "port", "target": f"{PEER_ADDRESS}:9", "source": "shop_db"},
            "0.6",
        )

    assert told.status == 503
    assert told.text.startswith("could not look: node3: agent on 127.0.0.1: ")


def _hanging(connected: asyncio.Event) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader, writer
        connected.set()
        await asyncio.Event().wait()

    return handle
