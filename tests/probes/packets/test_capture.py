"""Is VXLAN between real devices captured, within bounds?"""

import fcntl
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import TCP

from probes.packets.capture import CAPTURED, WANTED
from probes.packets.conversations import Judgement
from probes.packets.tap import Tap
from probes.packets.wanted import Captured, Ending, Sealed, Wanted
from probes.vantage import inside, open_socket
from tests.needs import command
from tests.probes.packets.test_decode import FORTH, carried
from tests.probes.packets.tunnel import Tunnel
from tests.waiting import until

pytestmark = pytest.mark.netns

ROOT = Path(__file__).parents[3]
# include/uapi/linux/if_tun.h
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def start(tunnel: Tunnel, wanted: Wanted, *before: str) -> "subprocess.Popen[bytes]":
    """Begin to capture on node one; the process is fed, and left to run."""
    process = subprocess.Popen(
        tunnel.inside("one", *before, sys.executable, "-m", "probes.packets.capture"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    process.stdin.write(WANTED.dump_json(wanted))
    process.stdin.close()
    process.stdin = None
    return process


def capture(tunnel: Tunnel, wanted: Wanted, what: str) -> Captured:
    """Capture on node one, while it sends."""
    capturing = start(tunnel, wanted)
    with tunnel.sending(what):
        return finished(capturing)


def finished(process: "subprocess.Popen[bytes]") -> Captured:
    out, said = process.communicate(timeout=40)
    assert process.returncode == 0, said
    return CAPTURED.validate_json(out)


DROP_BACK = """
add table ip test
add chain ip test out { type filter hook output priority 0; }
add rule ip test out ip protocol tcp drop
"""
WANT = Wanted(interface="under", seconds=20, packets=6)
BRIEFLY = replace(WANT, seconds=2, packets=1000)


@command("tcpdump", "tcpdump")
def test_a_conversation_is_seen_with_both_its_ends(tunnel: Tunnel, tmp_path: Path) -> None:
    """Refused, and so answered; and the packets are kept for others to read."""
    file = tmp_path / "out.pcap"

    captured = capture(tunnel, replace(WANT, file=str(file)), "tcp")

    assert (captured.packets, captured.written, captured.ended_by) == (6, 6, Ending.COUNT)
    talk = next(item for item in captured.conversations if item.judgement is Judgement.REFUSED)
    assert talk.vni == 4097
    assert (str(talk.source), str(talk.destination)) == ("10.88.0.1", "10.88.0.2")
    assert (str(talk.source_vtep), str(talk.destination_vtep)) == ("198.18.9.1", "198.18.9.2")
    assert (talk.destination_port, talk.packets_there, talk.packets_back) == (81, 1, 1)
    argv = ["tcpdump", "-nr", str(file)]
    read = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert read.stdout.count("VXLAN, flags [I] (0x08), vni 4097") == 6
    assert read.stdout.count("10.88.0.2.81: Flags [S]") >= 3
    assert file.stat().st_mode & 0o777 == 0o600


@command("nft", "nftables")
def test_a_way_back_that_is_blocked_leaves_it_unanswered(tunnel: Tunnel) -> None:
    """The SYN is seen to leave."""
    tunnel.run("two", "nft", "-f", "-", text=DROP_BACK)

    captured = capture(tunnel, BRIEFLY, "tcp")

    judged = {talk.judgement for talk in captured.conversations}
    assert Judgement.UNANSWERED in judged
    assert judged <= {Judgement.UNANSWERED, Judgement.UNKNOWN}


def test_a_closed_udp_port_is_told_by_the_error_that_it_makes(tunnel: Tunnel) -> None:
    """It belongs to the conversation that it is about."""
    tunnel.run("two", "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0")

    captured = capture(tunnel, WANT, "udp")

    talk = next(item for item in captured.conversations if item.complaints)
    assert (talk.protocol, talk.destination_port) == ("udp", 53)
    assert (talk.judgement, talk.complaints) == (Judgement.REFUSED, 1)
    assert {item.protocol for item in captured.conversations} == {"udp"}


@pytest.mark.parametrize(
    "other",
    [
        {"peers": (IPv4Address("198.18.9.77"),)},
        {"vnis": (4098,)},
        {"addresses": (IPv4Address("10.88.0.77"),)},
        {"port": 4790},
    ],
    ids=["peers", "networks", "addresses", "port"],
)
def test_only_what_is_wanted_is_captured_and_the_time_is_a_bound(
    tunnel: Tunnel, other: dict[str, Any]
) -> None:
    """What is of others does not count."""
    captured = capture(tunnel, replace(BRIEFLY, **other), "tcp")

    assert (captured.packets, captured.conversations) == (0, ())
    assert captured.ended_by is Ending.TIME
    assert 2 <= captured.seconds < 10


def test_all_choices_together_let_pass_what_is_wanted(tunnel: Tunnel) -> None:
    """At whichever end it is."""
    peers, addresses = (IPv4Address("198.18.9.2"),), (IPv4Address("10.88.0.1"),)

    captured = capture(tunnel, replace(WANT, peers=peers, vnis=(4097,), addresses=addresses), "tcp")

    assert captured.packets == 6


def test_encrypted_packets_are_counted_by_who_sends_them_to_whom(tunnel: Tunnel) -> None:
    """And are not waited for: their number is no bound."""
    captured = capture(
        tunnel, replace(BRIEFLY, packets=1, peers=(IPv4Address("198.18.9.2"),)), "esp"
    )

    (sealed,) = captured.sealed
    ends = (IPv4Address("198.18.9.1"), IPv4Address("198.18.9.2"))
    assert sealed == Sealed(sender=ends[0], receiver=ends[1], packets=sealed.packets)
    assert sealed.packets > 1
    assert (captured.packets, captured.ended_by) == (0, Ending.TIME)


def test_devices_without_ethernet_are_read_alike(tunnel: Tunnel) -> None:
    """A Swarm's nodes may be joined by a VPN; what is written to this one's file arrives on it."""
    packet = carried(FORTH / TCP(sport=5, dport=80))
    one = tunnel.vantage("one")
    with inside(one), Path("/dev/net/tun").open("r+b", buffering=0) as vpn:
        fcntl.ioctl(vpn, _TUNSETIFF, struct.pack("16sH22x", b"vpn", _IFF_TUN | _IFF_NO_PI))
        tunnel.run("one", "ip", "link", "set", "vpn", "up")
        with closing(Tap(replace(WANT, interface="vpn"), 256)) as tap:
            vpn.write(packet)
            tapped = tap.next(5)

    assert tapped is not None
    assert tapped.data == packet


async def test_an_interrupt_ends_it_with_what_there_is(tunnel: Tunnel, tmp_path: Path) -> None:
    """Ctrl-C is for who has seen enough; and memory has a bound from the beginning."""
    file = tmp_path / "out.pcap"
    capturing = start(tunnel, replace(WANT, file=str(file)))
    await until(file.exists)
    limits = Path(f"/proc/{capturing.pid}/limits").read_text()
    capturing.send_signal(signal.SIGINT)

    captured = finished(capturing)

    assert captured.ended_by is Ending.INTERRUPT
    assert captured.seconds < 10
    bound = next(line for line in limits.splitlines() if line.startswith("Max address space"))
    assert bound.split()[3:5] == [str(1024**3), str(1024**3)]


@pytest.mark.parametrize(
    ("wanted", "before", "said"),
    [
        (replace(WANT, interface="nowhere"), (), "cannot capture on nowhere: No such device"),
        (
            WANT,
            ("setpriv", "--bounding-set=-net_raw"),
            "cannot capture on under: Operation not permitted (packets need CAP_NET_RAW)",
        ),
        (
            replace(WANT, file="/proc/out.pcap"),
            (),
            "cannot write /proc/out.pcap: No such file or directory",
        ),
    ],
    ids=["no interface", "no right", "no file"],
)
def test_what_stands_in_the_way_is_named(
    tunnel: Tunnel, wanted: Wanted, before: tuple[str, ...], said: str
) -> None:
    """With what the kernel says, and what would help."""
    process = start(tunnel, wanted, *before)
    _, told = process.communicate(timeout=40)

    assert process.returncode == 3
    assert told.decode() == f"{said}\n"


def test_what_the_kernel_could_not_keep_is_counted(tunnel: Tunnel) -> None:
    """Nobody reads, and far more comes than its buffer takes."""
    one, two = tunnel.vantage("one"), tunnel.vantage("two")
    with inside(two):
        tap = Tap(WANT, 256)
    with closing(tap), open_socket(one, socket.SOCK_DGRAM) as sock:
        sock.setblocking(True)  # noqa: FBT003 -- its only argument
        dropped, end = 0, time.monotonic() + 30
        while not dropped and time.monotonic() < end:
            for _ in range(1000):
                sock.sendto(bytes(200), ("198.18.9.2", 4789))
            dropped = tap.dropped()
        first = tap.next(0)

    assert dropped > 0
    assert first is not None
    assert first.sealed is None
    assert abs(first.at - time.time()) < 60
