import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from probes.model.probe import TcpLook
from probes.model.result import Outcome
from tests.probes.looking import LOOPBACK, look_once
from tests.probes.servers import listener


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with listener() as sock:
        sock.settimeout(0)
        yield sock


def _port(sock: socket.socket) -> int:
    port: int = sock.getsockname()[1]
    return port


async def test_an_open_port_is_ok(listening: socket.socket) -> None:
    """A connection is timed by us, and its round trip by the kernel."""
    look = TcpLook(address=LOOPBACK, port=_port(listening))

    result = await look_once(look)

    assert (result.outcome, result.detail) == (Outcome.OK, "")
    assert [phase.name for phase in result.phases] == ["connect"]
    assert result.observed.rtt_seconds is not None
    assert 0 < result.observed.rtt_seconds <= result.phases[0].seconds


async def test_the_peers_program_is_not_woken(listening: socket.socket) -> None:
    """The look ends before there is a connection to accept, and leaves none behind."""
    look = TcpLook(address=LOOPBACK, port=_port(listening))

    result = await look_once(look)

    assert result.outcome is Outcome.OK
    with pytest.raises(BlockingIOError):
        listening.accept()
    assert _states_of(_port(listening)) == {"0A"}  # TCP_LISTEN: no TIME_WAIT


def _states_of(port: int) -> set[str]:
    with open("/proc/self/net/tcp") as table:  # noqa: PTH123
        rows = [line.split() for line in table][1:]
    wanted = f":{port:04X}"
    return {row[3] for row in rows if row[1].endswith(wanted) or row[2].endswith(wanted)}


async def test_a_closed_port_refuses() -> None:
    """Nobody listens: the peer's kernel says no, and the phase is timed all the same."""
    with listener() as sock:
        port = _port(sock)

    result = await look_once(TcpLook(address=LOOPBACK, port=port))

    assert result.outcome is Outcome.REFUSED
    assert result.detail == f"127.0.0.1:{port}: Connection refused"
    assert [phase.name for phase in result.phases] == ["connect"]


async def test_a_full_backlog_times_out() -> None:
    """A service that no longer accepts lets newcomers wait."""
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        stack.enter_context(socket.create_connection(full.getsockname()))
        look = TcpLook(address=LOOPBACK, port=_port(full))

        result = await look_once(look, timeout=0.2)

    assert result.outcome is Outcome.TIMEOUT
    assert result.detail == "no answer within 0.2 s (step: connect)"
    assert result.phases[0].seconds > 0.19  # the clocks differ in their last digits
