"""Are frames of one sender told from all others, outside and inside of VXLAN?

On the wire the peer is the node that watches; the task is the other one, which sends.
"""

import socket
import struct
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import TypeVar

import pytest

from probes.errors import VanishedError
from probes.kernel.arrival import Arrivals, Sight, watch_arrivals, watch_departures
from probes.model.vantage import Vantage, VantageKind
from probes.vantage import open_socket
from tests.probes.wire import PEER_ADDRESS, TASK_ADDRESS, Wire

pytestmark = pytest.mark.netns

T = TypeVar("T")

SENDER, STRANGER = IPv4Address("10.77.0.7"), IPv4Address("10.77.0.8")
VNI, PORT = 4097, 4789
SIGHT = Sight(sender=SENDER, port=PORT)
SECRET = replace(SIGHT, secret_peer=TASK_ADDRESS)
LONG, SHORT = 10.0, 0.3
#: Of the VXLAN device that unpacks.
MAC = "02:42:0a:4d:00:05"
DEVICE = f"""
link add vxlan0 address {MAC} type vxlan id {VNI} dstport {PORT} dev eth0
link set vxlan0 up
"""


def vxlan(sender: IPv4Address) -> bytes:
    """Wrap an empty IPv4 packet of the sender's (RFC 7348)."""
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20, 0, 0, 64, 253, 0)
    packet = header + sender.packed + IPv4Address("10.77.0.5").packed
    ethernet = bytes.fromhex(MAC.replace(":", "")) + b"\x02\x42\x0a\x4d\x00\x07" + b"\x08\x00"
    return struct.pack("!II", 0x08000000, VNI << 8) + ethernet + packet


def while_sending(send: Callable[[], object], look: Callable[[], T]) -> T:
    """Look in a thread, as the agent does, and send until it has seen enough."""
    done = threading.Event()

    def keep_sending() -> None:
        while not done.wait(0.02):
            send()

    with ThreadPoolExecutor(max_workers=2) as pool:
        sending = pool.submit(keep_sending)
        try:
            return pool.submit(look).result()
        finally:
            done.set()
            sending.result()


def datagrams(wire: Wire, payload: bytes, port: int = PORT) -> Callable[[], object]:
    def send() -> None:
        with open_socket(wire.task, socket.SOCK_DGRAM) as sock:
            sock.sendto(payload, (str(PEER_ADDRESS), port))

    return send


def arrivals(wire: Wire, sight: Sight, seconds: float) -> Callable[[], Arrivals]:
    return lambda: watch_arrivals(wire.peer, sight, seconds, host=wire.peer)


def give_device(wire: Wire) -> None:
    """Let the watching node unpack."""
    argv = ("nsenter", f"--net={wire.peer.netns}", "ip", "-batch", "-")
    subprocess.run(argv, input=DEVICE, text=True, check=True)


def test_what_is_unpacked_is_seen_outside_and_inside(wire: Wire) -> None:
    """And then nobody has to wait for the rest of the time."""
    give_device(wire)

    found = while_sending(datagrams(wire, vxlan(SENDER)), arrivals(wire, SIGHT, LONG))

    assert found.outer > 0
    assert found.inner > 0


def test_what_a_firewall_drops_is_seen_outside_alone(wire: Wire) -> None:
    """The packet sockets stand before it."""
    give_device(wire)
    wire.rule(wire.peer, "input", "udp dport 4789 drop")

    found = while_sending(datagrams(wire, vxlan(SENDER)), arrivals(wire, SIGHT, SHORT))

    assert found.outer > 0
    assert found.inner == 0


@pytest.mark.parametrize(
    ("payload", "port"),
    [
        (vxlan(STRANGER), PORT),
        (vxlan(SENDER), PORT + 1),
        (b"short", PORT),
        (b"", PORT),
    ],
    ids=["another sender", "another port", "too short", "empty"],
)
def test_what_is_not_the_senders_is_not_counted(wire: Wire, payload: bytes, port: int) -> None:
    """The kernel lets it fall, whatever its length."""
    found = while_sending(datagrams(wire, payload, port), arrivals(wire, SIGHT, SHORT))

    assert found == Arrivals(outer=0, inner=0)


def test_on_an_encrypted_network_the_peers_esp_counts(wire: Wire) -> None:
    """What is in it nobody can see."""

    def send() -> None:
        with open_socket(wire.task, socket.SOCK_RAW, socket.IPPROTO_ESP) as sock:
            sock.sendto(bytes(64), (str(PEER_ADDRESS), 0))

    found = while_sending(send, arrivals(wire, SECRET, SHORT))
    of_another = while_sending(send, arrivals(wire, replace(SECRET, secret_peer=STRANGER), SHORT))

    assert found.outer > 0
    assert of_another == Arrivals(outer=0, inner=0)


def test_what_leaves_is_seen_unless_a_firewall_drops_it(wire: Wire) -> None:
    """On its way out, the firewall comes first."""

    def departures() -> int:
        return watch_departures(SIGHT, SHORT, host=wire.task)

    def send() -> None:
        with open_socket(wire.task, socket.SOCK_DGRAM) as sock:
            sock.setblocking(True)  # noqa: FBT003 -- its only argument
            try:
                sock.sendto(vxlan(SENDER), (str(PEER_ADDRESS), PORT))
            except PermissionError:
                return  # so says the kernel where its firewall drops

    assert while_sending(send, departures) > 0
    wire.rule(wire.task, "output", "udp dport 4789 drop")
    assert while_sending(send, departures) == 0


def test_what_arrives_has_not_left(wire: Wire) -> None:
    """A node's own packets and those of others are told apart."""

    def look() -> int:
        return watch_departures(SIGHT, SHORT, host=wire.peer)

    assert while_sending(datagrams(wire, vxlan(SENDER)), look) == 0


def test_nothing_stays_open(wire: Wire) -> None:
    """Not even where one of the namespaces is gone."""
    gone = Vantage(kind=VantageKind.OVERLAY, name="shop_app", netns="/nonexistent/1-k3x9q2m7wa")
    before = len([*Path("/proc/self/fd").iterdir()])

    with pytest.raises(VanishedError, match="1-k3x9q2m7wa"):
        watch_arrivals(gone, SIGHT, SHORT, host=wire.peer)
    watch_arrivals(wire.peer, SIGHT, 0.0, host=wire.peer)
    watch_departures(SIGHT, 0.0, host=wire.peer)

    assert len([*Path("/proc/self/fd").iterdir()]) == before
