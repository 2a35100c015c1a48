"""Is what VXLAN carries decoded, from real devices too, and within bounds?"""

import os
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.ipsec import ESP
from scapy.layers.l2 import ARP, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Raw

from probes.packets.capture import CAPTURED, WANTED
from probes.packets.conversations import InnerPacket, Judgement
from probes.packets.decode import decode
from probes.packets.wanted import Captured, Wanted
from tests.needs import command
from tests.probes.kernel.place import Place, clean_leftovers, folder_of

NODE1, NODE2 = IPv4Address("198.18.0.11"), IPv4Address("198.18.0.12")
ROOT = Path(__file__).parents[3]


def _carried(inner: Packet, port: int = 4789) -> bytes:
    outer = Ether() / IP(src=str(NODE1), dst=str(NODE2)) / UDP(sport=40000, dport=port)
    return bytes(outer / VXLAN(vni=4097, flags=8) / Ether() / inner)


def test_an_inner_segment_is_read_whole() -> None:
    """VTEPs, VNI, ends, flags, and how much it carries."""
    segment = IP(src="10.0.1.3", dst="10.0.1.4") / TCP(sport=5, dport=80, flags="PA", seq=7)

    found = decode(_carried(segment / Raw(b"hello")), 1.5)

    assert found == InnerPacket(
        at=1.5,
        sender=NODE1,
        receiver=NODE2,
        vni=4097,
        source=IPv4Address("10.0.1.3"),
        destination=IPv4Address("10.0.1.4"),
        protocol="tcp",
        source_port=5,
        destination_port=80,
        size_bytes=45,
        flags=0x18,
        sequence=7,
        payload_bytes=5,
    )


def test_other_ports_than_the_default_are_read_alike() -> None:
    """A Swarm may be told another data path port."""
    echo = IP(src="10.0.1.3", dst="10.0.1.4") / ICMP(type=8, id=77)

    found = decode(_carried(echo, port=7777), 0)

    assert isinstance(found, InnerPacket)
    assert (found.protocol, found.source_port, found.destination_port) == ("icmp", 77, 77)


def test_what_is_encrypted_is_told_by_its_sender() -> None:
    """Nobody can say what is in it."""
    frame = Ether() / IP(src=str(NODE1), dst=str(NODE2)) / ESP(spi=1, seq=1, data=b"x" * 32)

    assert decode(bytes(frame), 0) == NODE1


@pytest.mark.parametrize("cut", [0, 10, 20, 40, 45, 55, 70])
def test_what_is_cut_short_is_nothing(cut: int) -> None:
    """And no crash: a stranger may have made it."""
    whole = _carried(IP(src="10.0.1.3", dst="10.0.1.4") / TCP(sport=5, dport=80))

    found = decode(whole[:cut], 0)

    assert found is None or isinstance(found, InnerPacket)
    assert decode(os.urandom(cut), 0) is None or cut > 20


def test_what_is_no_ipv4_is_nothing() -> None:
    """ARP does not cross an overlay of Docker's, and says nothing of conversations."""
    assert decode(_carried(ARP(psrc="10.0.1.3", pdst="10.0.1.4")), 0) is None
    assert decode(bytes(Ether() / ARP()), 0) is None


_LINKS = """
link set lo up
address add 198.18.9.{own}/24 dev under
link set under up
link add over type vxlan id 4097 dstport 4789 local 198.18.9.{own} remote 198.18.9.{other}
address add 10.88.0.{own}/24 dev over
link set over up
"""


class Tunnel:
    """Two nodes of our own, with a VXLAN device each."""

    def __init__(self) -> None:
        clean_leftovers()
        self._place = Place(folder_of(os.getpid()))
        self.files = {name: self._place.add(name) for name in ("one", "two")}
        peer = f"link add under type veth peer name under netns {self.files['two']}"
        self._place.ip("one", peer)
        self._place.ip("one", _LINKS.format(own=1, other=2))
        self._place.ip("two", _LINKS.format(own=2, other=1))

    def inside(self, name: str, *argv: str) -> list[str]:
        return ["nsenter", f"--net={self.files[name]}", *argv]

    def run(self, name: str, *argv: str, text: str = "") -> None:
        subprocess.run(self.inside(name, *argv), input=text, text=True, check=True)

    def capture(self, wanted: Wanted) -> "subprocess.Popen[bytes]":
        """Begin to capture on node one; the process is fed, and left to run."""
        process = subprocess.Popen(
            self.inside("one", sys.executable, "-m", "probes.packets.capture"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert process.stdin is not None
        process.stdin.write(WANTED.dump_json(wanted))
        process.stdin.close()
        process.stdin = None
        return process

    def close(self) -> None:
        self._place.close()


@pytest.fixture
def tunnel() -> Iterator[Tunnel]:
    tunnel = Tunnel()
    try:
        yield tunnel
    finally:
        tunnel.close()


_ASK = """
import socket, sys, time
end = time.monotonic() + 20
while time.monotonic() < end:
    with socket.socket() as sock:
        sock.settimeout(0.2)
        sock.connect_ex((sys.argv[1], int(sys.argv[2])))
    time.sleep(0.05)
"""


def _asking(tunnel: Tunnel, port: int) -> "subprocess.Popen[bytes]":
    """Try to connect from node one to node two, over and over."""
    return subprocess.Popen(
        tunnel.inside("one", sys.executable, "-c", _ASK, "10.88.0.2", str(port))
    )


def _captured(process: "subprocess.Popen[bytes]") -> Captured:
    out, _ = process.communicate(timeout=40)
    assert process.returncode == 0
    return CAPTURED.validate_json(out)


@pytest.mark.netns
class TestOnTheWire:
    pytestmark = command("nft", "nftables")

    def test_a_conversation_is_seen_with_both_its_ends(
        self, tunnel: Tunnel, tmp_path: Path
    ) -> None:
        """Refused, and so answered; and the frames are kept for others to read."""
        file = tmp_path / "out.pcap"
        wanted = Wanted(interface="under", seconds=20, packets=6, file=str(file))
        capturing, asking = tunnel.capture(wanted), _asking(tunnel, 81)
        try:
            captured = _captured(capturing)
        finally:
            asking.kill()
            asking.wait()

        assert captured.packets == 6
        talk = next(item for item in captured.conversations if item.judgement is Judgement.REFUSED)
        assert talk.vni == 4097
        assert (str(talk.source), str(talk.destination)) == ("10.88.0.1", "10.88.0.2")
        assert (str(talk.source_vtep), str(talk.destination_vtep)) == ("198.18.9.1", "198.18.9.2")
        assert (talk.destination_port, talk.packets_there, talk.packets_back) == (81, 1, 1)
        read = subprocess.run(
            ["tcpdump", "-nr", str(file)], capture_output=True, text=True, check=True
        )
        assert read.stdout.count("VXLAN, flags [I] (0x08), vni 4097") == 6

    def test_a_way_back_that_is_blocked_leaves_it_unanswered(self, tunnel: Tunnel) -> None:
        """The SYN is seen to leave."""
        rules = (
            "add table ip test\nadd chain ip test out "
            "{ type filter hook output priority 0; }\nadd rule ip test out ip protocol tcp drop\n"
        )
        tunnel.run("two", "nft", "-f", "-", text=rules)
        wanted = Wanted(interface="under", seconds=3, packets=1000)
        capturing, asking = tunnel.capture(wanted), _asking(tunnel, 81)
        try:
            captured = _captured(capturing)
        finally:
            asking.kill()
            asking.wait()

        judged = {talk.judgement for talk in captured.conversations}
        assert Judgement.UNANSWERED in judged
        assert judged <= {Judgement.UNANSWERED, Judgement.UNKNOWN}

    def test_the_time_is_a_bound_too_and_other_peers_are_left_out(self, tunnel: Tunnel) -> None:
        """A capture ends by itself."""
        peers = (IPv4Address("198.18.9.77"),)
        wanted = Wanted(interface="under", seconds=2, packets=1000, peers=peers)
        capturing, asking = tunnel.capture(wanted), _asking(tunnel, 81)
        try:
            captured = _captured(capturing)
        finally:
            asking.kill()
            asking.wait()

        assert (captured.packets, captured.conversations) == (0, ())
        assert 2 <= captured.seconds < 10

    def test_an_interface_that_is_not_there_is_named(self, tunnel: Tunnel) -> None:
        """With what the kernel says."""
        process = subprocess.run(
            tunnel.inside("one", sys.executable, "-m", "probes.packets.capture"),
            input=WANTED.dump_json(Wanted(interface="nowhere", seconds=1, packets=1)),
            capture_output=True,
            cwd=ROOT,
            check=False,
        )

        assert process.returncode == 3
        assert process.stderr.decode() == "cannot capture on nowhere: No such device\n"
