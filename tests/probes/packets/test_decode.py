"""Is what VXLAN carries decoded, whatever it is?"""

import os
from ipaddress import IPv4Address

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Raw

from probes.packets.conversations import InnerPacket
from probes.packets.decode import decode

NODE1, NODE2 = IPv4Address("198.18.0.11"), IPv4Address("198.18.0.12")
WEB, API = IPv4Address("10.0.1.3"), IPv4Address("10.0.1.4")
FORTH: Packet = IP(src=str(WEB), dst=str(API))
BACK: Packet = IP(src=str(API), dst=str(WEB))


def carried(inner: Packet, port: int = 4789) -> bytes:
    outer = IP(src=str(NODE1), dst=str(NODE2)) / UDP(sport=40000, dport=port)
    return bytes(outer / VXLAN(vni=4097, flags=8) / Ether() / inner)


def decoded(inner: Packet, port: int = 4789) -> InnerPacket:
    found = decode(carried(inner, port), 1.5)
    assert found is not None
    return found


def test_an_inner_segment_is_read_whole() -> None:
    """VTEPs, VNI, ends, flags, and how much it carries."""
    segment = FORTH / TCP(sport=5, dport=80, flags="PA", seq=7)

    assert decoded(segment / Raw(b"hello")) == InnerPacket(
        at=1.5,
        sender=NODE1,
        receiver=NODE2,
        vni=4097,
        source=WEB,
        destination=API,
        protocol="tcp",
        source_port=5,
        destination_port=80,
        size_bytes=45,
        flags=0x18,
        sequence=7,
        payload_bytes=5,
    )


def test_what_was_cut_off_still_counts() -> None:
    """The header says how much there was."""
    whole = carried(FORTH / TCP(sport=5, dport=80) / Raw(b"x" * 1000))

    found = decode(whole[:256], 0)

    assert found is not None
    assert (found.size_bytes, found.payload_bytes) == (1040, 1000)


def test_other_ports_than_the_default_are_read_alike() -> None:
    """A Swarm may be told another data path port."""
    found = decoded(FORTH / ICMP(type=8, id=77), port=7777)

    assert (found.protocol, found.source_port, found.destination_port) == ("icmp", 77, 77)


@pytest.mark.parametrize(
    ("layer", "protocol", "ports"),
    [
        (TCP(sport=5, dport=80), "tcp", (80, 5)),
        (UDP(sport=5, dport=53), "udp", (53, 5)),
        (ICMP(type=8, id=77), "icmp", (77, 77)),
    ],
)
def test_an_error_belongs_to_what_it_is_about(
    layer: Packet, protocol: str, ports: tuple[int, int]
) -> None:
    """Also when a router on the way says it."""
    says: Packet = IP(src="10.0.1.1", dst=str(WEB)) / ICMP(type=3, code=3)

    found = decoded(says / FORTH / layer)

    assert found.complaint
    assert (found.source, found.destination, found.protocol) == (API, WEB, protocol)
    assert (found.source_port, found.destination_port) == ports


@pytest.mark.parametrize("frag", [3, 185])
def test_later_pieces_are_told_from_whole_packets(frag: int) -> None:
    """What stands where ports would be is payload."""
    piece = IP(src=str(WEB), dst=str(API), frag=frag, proto=17) / Raw(b"\x00\x35" * 20)

    found = decoded(piece)

    assert found.piece
    assert (found.protocol, found.source_port, found.destination_port) == ("udp", 0, 0)


def test_the_first_piece_has_its_ports() -> None:
    """It is a packet like any other."""
    found = decoded(IP(src=str(WEB), dst=str(API), flags="MF") / UDP(sport=5, dport=53))

    assert not found.piece
    assert (found.source_port, found.destination_port) == (5, 53)


def test_protocols_without_ports_are_known_by_their_number() -> None:
    """Nothing is left out for being rare."""
    assert decoded(IP(src=str(WEB), dst=str(API), proto=47) / Raw(b"x")).protocol == "47"


@pytest.mark.parametrize("cut", [0, 1, 9, 20, 27, 28, 35, 36, 49, 50, 69, 71, 75])
def test_what_lacks_a_header_is_nothing(cut: int) -> None:
    """And no crash: a stranger may have made it."""
    whole = carried(FORTH / TCP(sport=5, dport=80))

    assert decode(whole[:cut], 0) is None


def test_noise_is_nothing_and_no_crash() -> None:
    """Whatever is behind a header that looks like VXLAN's."""
    head = carried(FORTH)[:36]
    for _ in range(200):
        found = decode(head + os.urandom(60), 0)
        assert found is None or isinstance(found, InnerPacket)


@pytest.mark.parametrize(
    "inner", [ARP(psrc=str(WEB), pdst=str(API)), IPv6() / UDP()], ids=["arp", "ipv6"]
)
def test_what_is_no_ipv4_is_nothing(inner: Packet) -> None:
    """It says nothing of conversations."""
    assert decode(carried(inner), 0) is None
