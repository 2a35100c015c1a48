"""What does VXLAN carry in a frame of the underlay?"""

import struct
from ipaddress import IPv4Address

from scapy.error import Scapy_Exception
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet

from probes.packets.conversations import InnerPacket

_ESP = 50
_ECHO, _ECHO_REPLY = 8, 0


def decode(frame: bytes, at: float) -> InnerPacket | IPv4Address | None:
    """Read one Ethernet frame.

    An ESP packet gives the address that it comes from: it is encrypted, and may be VXLAN. None for
    what is neither, or not IPv4 inside, or cut short.
    """
    try:
        outer = Ether(frame).getlayer(IP)
        if outer is None:
            return None
        if outer.proto == _ESP:
            return IPv4Address(outer.src)
        vxlan = outer.getlayer(VXLAN) or _unbound(outer)
        inner = vxlan.getlayer(IP) if vxlan is not None else None
        if inner is None or vxlan is None:
            return None
        return _inner(inner, outer, vxlan, at)
    except (Scapy_Exception, struct.error, ValueError, TypeError, IndexError, AttributeError):
        return None  # whatever came: a stranger may have made it


def _unbound(outer: Packet) -> Packet | None:
    """Read VXLAN on another port than 4789, for which scapy has no binding."""
    udp = outer.getlayer(UDP)
    return VXLAN(bytes(udp.payload)) if udp is not None else None


def _inner(inner: Packet, outer: Packet, vxlan: Packet, at: float) -> InnerPacket:
    protocol, source_port, destination_port = str(inner.proto), 0, 0
    flags = sequence = payload = 0
    if TCP in inner:
        tcp = inner[TCP]
        protocol, source_port, destination_port = "tcp", tcp.sport, tcp.dport
        flags, sequence = int(tcp.flags), tcp.seq
        payload = inner.len - (inner.ihl + tcp.dataofs) * 4
    elif UDP in inner:
        udp = inner[UDP]
        protocol, source_port, destination_port = "udp", udp.sport, udp.dport
    elif ICMP in inner:
        protocol = "icmp"
        if inner[ICMP].type in {_ECHO, _ECHO_REPLY}:
            source_port = destination_port = inner[ICMP].id
    return InnerPacket(
        at=at,
        sender=IPv4Address(outer.src),
        receiver=IPv4Address(outer.dst),
        vni=vxlan.vni,
        source=IPv4Address(inner.src),
        destination=IPv4Address(inner.dst),
        protocol=protocol,
        source_port=source_port,
        destination_port=destination_port,
        size_bytes=inner.len,
        flags=flags,
        sequence=sequence,
        payload_bytes=payload,
    )
