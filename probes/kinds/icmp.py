"""Does the address answer an echo request?"""

import os
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address

from probes import datagram
from probes.errnos import translated
from probes.model.probe import IcmpLook
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases

_ECHO_REPLY, _ECHO_REQUEST = 0, 8  # RFC 792
_HEADER = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence number
_SOL_RAW, _ICMP_FILTER = 255, 1  # include/uapi/linux/icmp.h
_ONLY_REPLIES = struct.pack("@I", 0xFFFFFFFF & ~(1 << _ECHO_REPLY))
_LARGEST_PACKET = 65535
_TTL_OFFSET = 8  # RFC 791, section 3.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The reply to one request."""

    rtt_seconds: float
    #: What is left of the reply's time to live.
    hop_limit: int


async def look(look: IcmpLook, net: Net, phases: Phases) -> Observation:
    """Send one echo request and wait for its very own reply."""
    with echo_socket(look.address, net) as sock:
        return await echo(sock, look.payload_bytes, phases)


@contextmanager
def echo_socket(
    address: IPv4Address, net: Net, source: IPv4Address | None = None
) -> Iterator[socket.socket]:
    """Open a socket for echoes of *address*; what goes wrong with it is a LookError.

    It is raw, since `net.ipv4.ping_group_range` allows nobody a ping socket by default.
    """
    with net.socket(socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock, translated(str(address)):
        datagram.prepare(sock)
        sock.setsockopt(_SOL_RAW, _ICMP_FILTER, _ONLY_REPLIES)
        if source:
            sock.bind((str(source), 0))
        sock.connect((str(address), 0))
        yield sock


async def echo(sock: socket.socket, payload_bytes: int, phases: Phases) -> Observation:
    """Send one request, and tell the round trip of its reply."""
    reply = await exchange(sock, payload_bytes, phases)
    return Observation(rtt_seconds=reply.rtt_seconds)


async def exchange(sock: socket.socket, payload_bytes: int, phases: Phases) -> Reply:
    """Send one request; the socket sees everybody's replies, and random bytes tell ours."""
    payload = os.urandom(payload_bytes)
    identifier = int.from_bytes(os.urandom(2))
    with phases.timed("echo"):
        sent_at = time.time()
        sock.send(request(identifier, payload))
        while True:
            packet, arrived_at = await datagram.receive(sock, _LARGEST_PACKET)
            if is_reply(packet, identifier, payload):
                rtt_seconds = max(0.0, arrived_at - sent_at)
                return Reply(rtt_seconds=rtt_seconds, hop_limit=packet[_TTL_OFFSET])


def request(identifier: int, payload: bytes) -> bytes:
    """Write an echo request, from behind its IP header."""
    bare = _HEADER.pack(_ECHO_REQUEST, 0, 0, identifier, 1) + payload
    return _HEADER.pack(_ECHO_REQUEST, 0, _checksum(bare), identifier, 1) + payload


def _checksum(data: bytes) -> int:
    """Add up 16-bit words in ones' complement (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def is_reply(packet: bytes, identifier: int, payload: bytes) -> bool:
    """Judge a whole IP packet, as raw sockets give it."""
    header_bytes = (packet[0] & 0x0F) * 4
    message = packet[header_bytes:]
    if len(message) != _HEADER.size + len(payload):
        return False
    kind, _, _, echoed, _ = _HEADER.unpack_from(message)
    return (kind, echoed) == (_ECHO_REPLY, identifier) and message[_HEADER.size :] == payload
