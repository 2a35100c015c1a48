"""Is a forbidden connection that comes about told from one that does not, and how it does not?"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import IPv4Address

import pytest

from probes.model.probe import PolicyLook
from probes.model.result import Outcome
from tests.probes.looking import LOOPBACK, look_once
from tests.probes.servers import listener

PATIENCE_SECONDS = 0.3


def _look(port: int, address: IPv4Address = LOOPBACK) -> PolicyLook:
    return PolicyLook(address=address, port=port, patience_seconds=PATIENCE_SECONDS)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with listener() as sock:
        yield sock


async def test_a_connection_is_a_failure(listening: socket.socket) -> None:
    """It says who accepted it."""
    port: int = listening.getsockname()[1]

    result = await look_once(_look(port))

    assert result.outcome is Outcome.CONNECTED
    assert result.detail == f"127.0.0.1:{port} accepts connections from here"


async def test_a_closed_port_keeps_us_out(listening: socket.socket) -> None:
    """The packet came there: the port refused it, no policy did."""
    port: int = listening.getsockname()[1]
    listening.close()

    result = await look_once(_look(port))

    assert (result.outcome, result.observed.kept_out_by) == (Outcome.OK, Outcome.REFUSED)


async def test_silence_keeps_us_out() -> None:
    """A listener whose queue is full drops what comes (listen(2)), as a firewall would."""
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port: int = full.getsockname()[1]
        stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        result = await look_once(_look(port))

    assert (result.outcome, result.observed.kept_out_by) == (Outcome.OK, Outcome.TIMEOUT)
    assert PATIENCE_SECONDS <= result.seconds < 5


async def test_what_is_not_on_a_shared_network_is_not_looked_for_in_the_world() -> None:
    """The kernel says so itself, and nothing goes to the default gateway."""
    result = await look_once(_look(80, IPv4Address("203.0.113.1")))

    assert (result.outcome, result.observed.kept_out_by) == (Outcome.OK, Outcome.UNREACHABLE)
    assert result.seconds < PATIENCE_SECONDS
