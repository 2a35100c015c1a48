"""Do frames of one sender leave a node, arrive at another, and reach the overlay there?

Packet sockets see a frame before the namespace's firewall on its way in, and after it on its way
out, so what a node got, what its overlay got and what it sent can be told apart. They are open for
a moment, and the kernel hands on only what counts.
"""

import ctypes
import os
import socket
import struct
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Address
from select import select

from probes.errnos import translated_opening
from probes.model.vantage import HOST, Vantage
from probes.vantage import inside

_ETH_P_ALL = 0x0003  # include/uapi/linux/if_ether.h
_SO_ATTACH_FILTER = 26  # include/uapi/asm-generic/socket.h
_PACKET_OUTGOING = 4  # include/uapi/linux/if_packet.h
#: include/uapi/linux/if_packet.h, struct sockaddr_ll.
_SOCKADDR_LL = struct.Struct("=HHiHBB8s")
#: Far more than anybody sends to be seen here.
_MOST_FRAMES = 10_000

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Which frames to look for."""

    #: Who sends them, on the overlay.
    sender: IPv4Address
    #: UDP port of VXLAN.
    port: int
    #: VTEP of the other node, on an encrypted network: there, all ESP packets from it, or to it,
    #: count for the sender's. None: the VXLAN packets that carry the sender's.
    secret_peer: IPv4Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """How many frames of the sender were seen."""

    #: In VXLAN, or ESP, packets at the node's own devices.
    outer: int
    #: On the overlay's VXLAN device, unpacked.
    inner: int


def watch_arrivals(
    overlay: Vantage,
    sight: Sight,
    seconds: float,
    *,
    host: Vantage = HOST,
) -> Arrivals:
    """Count what comes in for so many seconds, or until some of it is unpacked.

    Only for a worker thread. Raises LookError.
    """
    with ExitStack() as stack:
        outside = stack.enter_context(_open(host, _outer(sight, _OUTER_SOURCE)))
        within = stack.enter_context(_open(overlay, _inner(sight)))
        seen = {outside: 0, within: 0}
        deadline = time.monotonic() + seconds
        while seen[within] == 0 and seen[outside] < _MOST_FRAMES:
            for each, (device, kind) in _received(seen, deadline):
                incoming = kind != _PACKET_OUTGOING
                seen[each] += incoming and (each is outside or device.startswith("vxlan"))
            if time.monotonic() >= deadline:
                break
        return Arrivals(outer=seen[outside], inner=seen[within])


def watch_departures(sight: Sight, seconds: float, *, host: Vantage = HOST) -> int:
    """Count what goes out for so many seconds, or until something has; raises as the other."""
    with _open(host, _outer(sight, _OUTER_DESTINATION)) as outside:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            kinds = [kind for _, (_, kind) in _received([outside], deadline)]
            if _PACKET_OUTGOING in kinds:
                return kinds.count(_PACKET_OUTGOING)
        return 0


def _received(
    sockets: Iterable[socket.socket],
    deadline: float,
) -> list[tuple[socket.socket, tuple[str, int]]]:
    """Wait for a frame at each socket; gives the device's name and the packet's type."""
    left = max(0.0, deadline - time.monotonic())
    ready, _, _ = select(list(sockets), (), (), left)
    origins = [(each, each.recvfrom(1)[1]) for each in ready]
    return [(each, (origin[0], origin[2])) for each, origin in origins]


def _open(vantage: Vantage, program: bytes) -> socket.socket:
    with inside(vantage), translated_opening(vantage.name):
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK)
        try:
            buffer = ctypes.create_string_buffer(program, len(program))
            count = len(program) // _INSTRUCTION.size
            fprog = struct.pack("HP", count, ctypes.addressof(buffer))
            opened.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, fprog)
            # Bound only now: nothing that the filter would drop is in the queue.
            _bind(opened)
        except BaseException:
            opened.close()
            raise
        return opened


def _bind(opened: socket.socket) -> None:
    """Receive every protocol, of every device: Python's own bind takes the name of one alone."""
    address = _SOCKADDR_LL.pack(socket.AF_PACKET, socket.htons(_ETH_P_ALL), 0, 0, 0, 0, b"")
    if _libc.bind(opened.fileno(), address, len(address)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


# Classic BPF (include/uapi/linux/filter.h). A load beyond the frame's end lets it fall.
_LOAD_HALF, _LOAD_BYTE, _LOAD_WORD = 0x28, 0x30, 0x20
#: X becomes the IPv4 header's length; the other two load from X onward.
_HEADER_LENGTH, _LOAD_HALF_BEHIND, _LOAD_WORD_BEHIND = 0xB1, 0x48, 0x40
_EQUAL, _RETURN = 0x15, 0x06
_INSTRUCTION = struct.Struct("HBBI")
_Step = tuple[int, int]

_ETHERNET_BYTES = 14
_IPV4: tuple[_Step, ...] = ((_LOAD_HALF, 12), (_EQUAL, 0x0800))
_UDP, _ESP = 17, 50
_PROTOCOL: _Step = (_LOAD_BYTE, _ETHERNET_BYTES + 9)
_OUTER_SOURCE: _Step = (_LOAD_WORD, _ETHERNET_BYTES + 12)
_OUTER_DESTINATION: _Step = (_LOAD_WORD, _ETHERNET_BYTES + 16)
_UDP_PORT: _Step = (_LOAD_HALF_BEHIND, _ETHERNET_BYTES + 2)
#: Behind UDP's header, VXLAN's (RFC 7348), and Ethernet's once more.
_INNER_SOURCE: _Step = (_LOAD_WORD_BEHIND, _ETHERNET_BYTES + 8 + 8 + _ETHERNET_BYTES + 12)


def _outer(sight: Sight, peer_address: _Step) -> bytes:
    """Pass what carries the sender's frames, or may carry them in secret."""
    if sight.secret_peer is not None:
        peer = int(sight.secret_peer)
        return _program(*_IPV4, _PROTOCOL, (_EQUAL, _ESP), peer_address, (_EQUAL, peer))
    return _program(
        *_IPV4,
        _PROTOCOL,
        (_EQUAL, _UDP),
        (_HEADER_LENGTH, _ETHERNET_BYTES),
        _UDP_PORT,
        (_EQUAL, sight.port),
        _INNER_SOURCE,
        (_EQUAL, int(sight.sender)),
    )


def _inner(sight: Sight) -> bytes:
    """Pass the sender's own packets."""
    return _program(*_IPV4, _OUTER_SOURCE, (_EQUAL, int(sight.sender)))


def _program(*steps: _Step) -> bytes:
    """Pass a frame for which every comparison holds."""
    fails = len(steps) + 1
    code = [
        (step, 0, fails - number - 1 if step == _EQUAL else 0, value)
        for number, (step, value) in enumerate(steps)
    ]
    return b"".join(
        _INSTRUCTION.pack(*each) for each in (*code, (_RETURN, 0, 0, 1), (_RETURN, 0, 0, 0))
    )
