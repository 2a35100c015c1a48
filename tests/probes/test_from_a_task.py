import asyncio
import socket
import time
from ipaddress import IPv4Address

import dns.message
import pytest

from probes import datagram
from probes.model.probe import DnsLook, HttpLook, IcmpLook, Look, TcpLook
from probes.model.result import Outcome, Result
from probes.model.vantage import HOST
from tests.needs import command
from tests.probes.looking import look_once
from tests.probes.servers import answering, records, resolving, serving, silent
from tests.probes.wire import PEER_ADDRESS, TASK_ADDRESS, Wire

pytestmark = [pytest.mark.netns, command("nft", "nftables")]

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#: Behind the peer, which does not forward.
BEYOND = IPv4Address("10.79.0.1")
NOWHERE_PORT = 9


def _every_look(address: IPv4Address, port: int = NOWHERE_PORT) -> tuple[Look, ...]:
    return (
        DnsLook(name="api", server=address, port=port),
        TcpLook(address=address, port=port),
        IcmpLook(address=address),
        HttpLook(address=address, port=port),
    )


async def _looked(wire: Wire, looks: tuple[Look, ...], timeout: float = 5) -> list[Result]:
    looking = (look_once(look, vantage=wire.task, timeout=timeout) for look in looks)
    return await asyncio.gather(*looking)


def _outcomes(results: list[Result]) -> dict[str, Outcome]:
    return {type(result.probe.look).__name__: result.outcome for result in results}


async def test_a_task_sees_what_the_host_does_not(wire: Wire) -> None:
    """Every kind of look works from the task, and its packets carry the task's address."""
    callers: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.append(writer.get_extra_info("peername")[0])
        await answering(ANSWER)(reader, writer)

    async with (
        serving(handle, wire.listen()) as port,
        resolving(records(f"api. 9 IN A {TASK_ADDRESS}"), wire.bind()) as dns_port,
    ):
        looks = (
            DnsLook(name="api", server=PEER_ADDRESS, port=dns_port),
            TcpLook(address=PEER_ADDRESS, port=port),
            IcmpLook(address=PEER_ADDRESS),
            HttpLook(address=PEER_ADDRESS, port=port),
        )
        results = await _looked(wire, looks)
        from_host = await look_once(looks[1], vantage=HOST, timeout=0.3)

    assert [(result.outcome, result.detail) for result in results] == [(Outcome.OK, "")] * 4
    assert callers == [str(TASK_ADDRESS)]
    assert from_host.outcome is not Outcome.OK


async def test_without_a_route_nothing_is_reachable(wire: Wire) -> None:
    """The task's own kernel says so at once."""
    wire.ip("route del default")

    results = await _looked(wire, _every_look(BEYOND))

    assert {result.detail.split(": ")[1] for result in results} == {"Network is unreachable"}
    assert set(_outcomes(results).values()) == {Outcome.UNREACHABLE}


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("blackhole", "a route of type blackhole leads there"),
        ("prohibit", "a route of type prohibit leads there"),
        ("unreachable", "No route to host"),
    ],
)
async def test_a_route_to_nowhere_is_told(wire: Wire, kind: str, why: str) -> None:
    """Each has its own error of the kernel's, and all mean the same."""
    wire.ip(f"route add {kind} {BEYOND}")

    results = await _looked(wire, _every_look(BEYOND))

    assert {result.detail.split(": ")[1] for result in results} == {why}
    assert set(_outcomes(results).values()) == {Outcome.UNREACHABLE}


@pytest.mark.parametrize("why", ["host-unreachable", "net-unreachable", "admin-prohibited"])
async def test_a_router_that_says_no_is_heard(wire: Wire, why: str) -> None:
    """ICMP errors end every kind of look at once, the passing ones too."""
    wire.rule(wire.peer, "input", f"reject with icmp {why}")

    results = await _looked(wire, _every_look(PEER_ADDRESS))

    assert set(_outcomes(results).values()) == {Outcome.UNREACHABLE}
    assert max(result.seconds for result in results) < 3  # as long as an unanswered ARP request


async def test_a_closed_port_refuses_in_the_task(wire: Wire) -> None:
    """TCP by a reset, UDP by an ICMP error."""
    dns_look, tcp_look, _, http_look = _every_look(PEER_ADDRESS)

    results = await _looked(wire, (dns_look, tcp_look, http_look))

    assert set(_outcomes(results).values()) == {Outcome.REFUSED}


async def test_silence_times_out(wire: Wire) -> None:
    """A peer that drops everything is waited for."""
    wire.rule(wire.peer, "input", "drop")

    results = await _looked(wire, _every_look(PEER_ADDRESS), timeout=0.3)

    assert set(_outcomes(results).values()) == {Outcome.TIMEOUT}


async def test_a_rule_of_the_tasks_own_is_the_networks_no(wire: Wire) -> None:
    """A packet dropped on its way out fails for the service as it does for us."""
    wire.rule(wire.task, "output", "drop")

    results = await _looked(wire, _every_look(PEER_ADDRESS), timeout=0.3)

    assert _outcomes(results) == {
        "DnsLook": Outcome.UNREACHABLE,
        "IcmpLook": Outcome.UNREACHABLE,
        "TcpLook": Outcome.TIMEOUT,  # the kernel keeps trying
        "HttpLook": Outcome.TIMEOUT,
    }
    assert "a firewall rule of this namespace" in results[0].detail


async def test_the_kernels_clock_does_not_grow_when_we_are_busy(wire: Wire) -> None:
    """The round trip is that of the packets, however late we come to read them."""
    busy_seconds = 0.3
    addresses = records(f"api. 9 IN A {TASK_ADDRESS}")

    def respond(query: dns.message.Message) -> dns.message.Message | bytes | None:
        asyncio.get_running_loop().call_soon(time.sleep, busy_seconds)
        return addresses(query)

    with datagram.stamping():
        await _until_stamped()
        async with resolving(respond, wire.bind()) as port:
            look = DnsLook(name="api", server=PEER_ADDRESS, port=port)
            result = await look_once(look, vantage=wire.task)

    assert result.observed.rtt_seconds is not None
    assert result.observed.rtt_seconds < busy_seconds < result.phases[0].seconds


async def _until_stamped() -> None:
    """Wait until datagrams bear the moment of their arrival, and not that of being read."""
    read_later_seconds = 0.05
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)  # noqa: FBT003 -- its own signature
        sock.bind(("127.0.0.1", 0))
        datagram.prepare(sock)
        for _ in range(100):
            sock.sendto(b"?", sock.getsockname())
            await asyncio.sleep(read_later_seconds)
            _, arrived_at = await datagram.receive(sock, 1)
            if time.time() - arrived_at > read_later_seconds / 2:
                return
    pytest.fail("the kernel does not stamp datagrams")


async def test_a_task_that_ends_meanwhile_is_no_failure(wire: Wire) -> None:
    """Its silence proves nothing of the network."""
    arrived = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await silent(reader, writer)

    async with serving(handle, wire.listen()) as port:
        look = HttpLook(address=PEER_ADDRESS, port=port)
        looking = asyncio.create_task(look_once(look, vantage=wire.task, timeout=0.5))
        await arrived.wait()
        wire.vanish()
        result = await looking

    assert result.outcome is Outcome.VANISHED
    assert result.detail.startswith("the namespace went away meanwhile (no answer within 0.5 s")


async def test_a_task_that_ended_before_is_no_failure(wire: Wire) -> None:
    """Nothing is sent from elsewhere instead."""
    wire.vanish()

    results = await _looked(wire, _every_look(PEER_ADDRESS))

    assert set(_outcomes(results).values()) == {Outcome.VANISHED}
    assert {result.phases for result in results} == {()}
