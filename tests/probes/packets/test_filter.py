"""Does the kernel's own filter let pass what is wanted, and nothing else?"""

import ctypes
import socket
import struct
from ipaddress import IPv4Address
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.ipsec import ESP
from scapy.layers.l2 import ARP, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Raw

from probes.packets.filter import INSTRUCTION, program

_SO_ATTACH_FILTER = 26  # include/uapi/asm-generic/socket.h
NODE1, NODE2, STRANGER = "198.18.0.11", "198.18.0.12", "198.18.0.99"


def passed(code: bytes, *packets: bytes) -> list[bytes]:
    """Let the kernel run the filter: a Unix socket's applies to the bytes as they are sent."""
    sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with sender, receiver:
        buffer = ctypes.create_string_buffer(code, len(code))
        prog = struct.pack("HP", len(code) // INSTRUCTION.size, ctypes.addressof(buffer))
        receiver.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, prog)
        receiver.setblocking(False)  # noqa: FBT003 -- its only argument
        found = []
        for packet in packets:
            sender.send(packet)
            try:
                found.append(receiver.recv(65535))
            except BlockingIOError:
                continue
        return found


def vxlan(
    *,
    source: str = NODE1,
    port: int = 4789,
    vni: int = 4097,
    inner: tuple[str, str] = ("10.0.1.3", "10.0.1.4"),
    **header: Any,
) -> bytes:
    segment = IP(src=inner[0], dst=inner[1]) / TCP(sport=5, dport=80)
    outer = IP(src=source, dst=NODE2, **header) / UDP(sport=40000, dport=port)
    return bytes(outer / VXLAN(vni=vni, flags=8) / Ether() / segment)


ESP_PACKET = bytes(IP(src=NODE1, dst=NODE2) / ESP(spi=1, seq=1, data=b"x" * 32))


@pytest.mark.parametrize(
    "packet",
    [vxlan(), vxlan(options=[b"\x01\x01\x01\x01"]), vxlan(flags="MF"), ESP_PACKET],
    ids=["vxlan", "with IP options", "the first of its fragments", "esp"],
)
def test_what_may_be_of_an_overlay_passes(packet: bytes) -> None:
    """However long its header is."""
    assert passed(program(4789, 65535), packet) == [packet]


@pytest.mark.parametrize(
    "packet",
    [
        vxlan(port=4790),
        vxlan(frag=5),
        bytes(IP(src=NODE1, dst=NODE2) / TCP(dport=4789)),
        bytes(IP(src=NODE1, dst=NODE2) / ICMP()),
        bytes(ARP()),
        b"\x60" + bytes(60),
        vxlan()[:21],
    ],
    ids=["another port", "a later fragment", "tcp", "icmp", "arp", "ipv6", "cut short"],
)
def test_everything_else_falls(packet: bytes) -> None:
    """In the kernel, so that it costs us nothing."""
    assert passed(program(4789, 65535), packet) == []


def test_only_as_much_is_handed_over_as_is_wanted() -> None:
    """Headers are enough to tell who talks to whom."""
    assert passed(program(4789, 40), vxlan()) == [vxlan()[:40]]


def test_peers_are_those_at_either_end() -> None:
    """Of ESP, too."""
    code = program(4789, 65535, peers=[IPv4Address(NODE1), IPv4Address("198.18.0.77")])

    assert passed(code, vxlan(), ESP_PACKET) == [vxlan(), ESP_PACKET]
    assert passed(code, vxlan(source=STRANGER)) == []


def test_networks_and_addresses_are_those_inside() -> None:
    """At either end there, too; what is encrypted may be anybody's."""
    code = program(
        4789,
        65535,
        vnis=[4097, 4098],
        addresses=[IPv4Address("10.0.1.4"), IPv4Address("10.0.1.9")],
    )
    there, back = vxlan(), vxlan(inner=("10.0.1.4", "10.0.1.3"))

    assert passed(code, there, back, ESP_PACKET) == [there, back, ESP_PACKET]
    assert passed(code, vxlan(vni=4099), vxlan(inner=("10.0.1.3", "10.0.1.5"))) == []


def test_hundreds_of_addresses_are_not_too_many() -> None:
    """Farther than a conditional jump can reach, and the kernel accepts it."""
    addresses = [IPv4Address("10.0.4.0") + number for number in range(500)]
    code = program(4789, 65535, addresses=addresses)
    last = vxlan(inner=("10.0.1.3", "10.0.5.243"))
    beyond = vxlan(inner=("10.0.1.3", "10.0.5.244"))

    assert passed(code, last, beyond) == [last]


def test_a_payload_is_no_header() -> None:
    """Plain UDP that is too short for VXLAN falls where VXLAN is looked into."""
    short: Packet = IP(src=NODE1, dst=NODE2) / UDP(dport=4789) / Raw(b"x" * 8)

    assert passed(program(4789, 65535, vnis=[4097]), bytes(short)) == []
