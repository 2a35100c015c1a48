"""What does VXLAN carry in a packet of the underlay?"""

import struct
from ipaddress import IPv4Address

from scapy.error import Scapy_Exception
from scapy.layers.inet import ICMP, IP, TCP, UDP, ICMPerror, IPerror, TCPerror, UDPerror
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet

from probes.packets.conversations import InnerPacket

_ECHO, _ECHO_REPLY = 8, 0
_NAMES = {1: "icmp", 6: "tcp", 17: "udp"}


def decode(packet: bytes, at: float) -> InnerPacket | None:
    """Read one packet, from its IPv4 header on; its end may have been cut off.

    None for what is no VXLAN, or no IPv4 inside, or lacks a header.
    """
    try:
        outer = IP(packet)
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


def _inner(inner: Packet, outer: Packet, vxlan: Packet, at: float) -> InnerPacket | None:
    about = inner.getlayer(IPerror)
    told = about if about is not None else inner
    protocol = _NAMES.get(told.proto, str(told.proto))
    piece = inner.frag > 0 or told.frag > 0
    ports = (0, 0) if piece else _ports(told, protocol)
    if ports is None:
        return None
    tcp = inner.getlayer(TCP) if about is None and not piece else None
    # An error is about a packet that went the other way.
    source, destination = (told.src, told.dst) if about is None else (told.dst, told.src)
    return InnerPacket(
        at=at,
        sender=IPv4Address(outer.src),
        receiver=IPv4Address(outer.dst),
        vni=vxlan.vni,
        source=IPv4Address(source),
        destination=IPv4Address(destination),
        protocol=protocol,
        source_port=ports[0 if about is None else 1],
        destination_port=ports[1 if about is None else 0],
        size_bytes=inner.len,
        flags=int(tcp.flags) if tcp is not None else 0,
        sequence=tcp.seq if tcp is not None else 0,
        payload_bytes=inner.len - (inner.ihl + tcp.dataofs) * 4 if tcp is not None else 0,
        complaint=about is not None,
        piece=piece,
    )


def _ports(packet: Packet, protocol: str) -> tuple[int, int] | None:
    """Give source and destination; None where the header that tells them is cut off."""
    match protocol:
        case "tcp" | "udp":
            kinds = (TCP, TCPerror) if protocol == "tcp" else (UDP, UDPerror)
            found = _first(packet, kinds)
            return (found.sport, found.dport) if found is not None else None
        case "icmp":
            found = _first(packet, (ICMP, ICMPerror))
            if found is None:
                return None
            echo = found.id if found.type in {_ECHO, _ECHO_REPLY} else 0
            return echo, echo
        case _:
            return 0, 0


def _first(packet: Packet, kinds: tuple[type[Packet], ...]) -> Packet | None:
    found = (packet.getlayer(kind) for kind in kinds)
    return next((layer for layer in found if layer is not None), None)
