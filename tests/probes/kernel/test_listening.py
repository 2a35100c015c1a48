"""Is what listens told with the address that it listens at?"""

import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address

import pytest

from probes.errors import VanishedError
from probes.kernel.listening import Listener, parse_listeners, read_listeners
from probes.model.vantage import Vantage, VantageKind
from probes.vantage import inside
from tests.probes.wire import Wire

ANY = IPv4Address(0)
LOOPBACK = IPv4Address("127.0.0.1")

#: proc_pid_net(5), of a task with nginx, a resolver of Docker's, and a connection.
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B00007F:A1B3 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 91 1
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 92 1
   2: 0503000A:0051 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 93 1
   3: 0503000A:0050 0703000A:C001 01 00000000:00000000 00:00000000 00000000     0        0 94 1
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000
   1: 00000000000000000000000001000000:1F91 00000000000000000000000000000000:0000 0A 00000000
   2: 0000000000000000FFFF00000100007F:1F92 00000000000000000000000000000000:0000 0A 00000000
   3: 000080FE00000000FF8D420200FE9A3A:1F93 00000000000000000000000000000000:0000 0A 00000000
"""


def listener(address: IPv4Address, port: int) -> Listener:
    return Listener(address=address, port=port)


def test_listening_sockets_are_told_from_connections() -> None:
    """Each with its address, as the kernel writes it on a little-endian machine."""
    assert parse_listeners([TCP]) == {
        listener(IPv4Address("127.0.0.11"), 41395),
        listener(ANY, 80),
        listener(IPv4Address("10.0.3.5"), 81),
    }


def test_of_ipv6_what_takes_ipv4_counts() -> None:
    """The wildcard and mapped addresses do; its own loopback and link-local ones do not."""
    assert parse_listeners([TCP6]) == {listener(ANY, 8080), listener(LOOPBACK, 8082)}


@pytest.mark.parametrize("text", ["", "sl local_address\n", "sl\n 0: short\n"])
def test_a_table_without_rows_lists_nothing(text: str) -> None:
    """As that of a task that listens on nothing."""
    assert parse_listeners([text]) == set()


def read(vantage: Vantage) -> tuple[Listener, ...]:
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(read_listeners, vantage).result()


@pytest.mark.netns
def test_the_sockets_are_those_of_the_namespace(wire: Wire) -> None:
    """What listens in another one, or stopped listening, is not listed."""
    with wire.listen() as sock:
        port = sock.getsockname()[1]
        with inside(wire.peer):
            dual = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        with dual:
            listed, elsewhere = read(wire.peer), read(wire.task)
            both = dual.getsockname()[1]

    assert listener(IPv4Address("10.78.0.2"), port) in listed
    assert listener(ANY, both) in listed
    assert len(listed) == 2
    assert elsewhere == read(wire.peer) == ()


@pytest.mark.netns
def test_a_namespace_that_is_gone_is_said_to_be() -> None:
    """Rather than to listen on nothing."""
    gone = Vantage(kind=VantageKind.TASK, name="gone", netns="/nonexistent/0123456789ab")

    with pytest.raises(VanishedError, match="0123456789ab"):
        read(gone)
