"""Do frames of one sender arrive: at the node, in VXLAN, and in the overlay's namespace?

Packet sockets see a frame before any firewall of the namespace does, so what the node got and what
the overlay got can be told apart. They are open for a moment, and read a bounded number of frames.
"""

import ctypes
import socket
import struct
import time
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Address
from select import select

from probes.errnos import translated_opening
from probes.model.vantage import HOST, Vantage
from probes.vantage import inside

_ETH_P_ALL = 0x0003  # include/uapi/linux/if_ether.h
_ETH_P_IP = 0x0800
_SO_ATTACH_FILTER = 26  # include/uapi/asm-generic/socket.h
_PACKET_OUTGOING = 4  # include/uapi/linux/if_packet.h
_MOST_FRAMES = 20_000
_FRAME_BYTES = 256
_UDP = 17
#: Ethernet, VXLAN (RFC 7348), and Ethernet once more.
_ETHERNET_BYTES = 14
_UDP_AND_VXLAN_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """How many frames of the sender were seen."""

    #: In VXLAN packets at the node's own devices.
    outer: int
    #: On the overlay's VXLAN device, unpacked.
    inner: int


def watch(
    overlay: Vantage,
    sender: IPv4Address,
    port: int,
    seconds: float,
    *,
    host: Vantage = HOST,
) -> Arrivals:
    """Count what comes from *sender* for so many seconds; only for a worker thread.

    *port* is VXLAN's UDP port. Raises LookError.
    """
    outer = inner = 0
    with ExitStack() as stack:
        outside = stack.enter_context(_open(host, _udp_to(port)))
        within = stack.enter_context(_open(overlay, _from(sender)))
        deadline = time.monotonic() + seconds
        frames = 0
        while frames < _MOST_FRAMES and (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select((outside, within), (), (), left)
            for each in ready:
                frame, origin = each.recvfrom(_FRAME_BYTES)
                frames += 1
                if origin[2] == _PACKET_OUTGOING:
                    continue
                if each is within:
                    inner += origin[0].startswith("vxlan")
                else:
                    outer += _carries(frame, sender)
    return Arrivals(outer=outer, inner=inner)


def _open(vantage: Vantage, program: bytes) -> socket.socket:
    with inside(vantage), translated_opening(vantage.name):
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK)
        try:
            buffer = ctypes.create_string_buffer(program)
            count = len(program) // struct.calcsize("HBBI")
            fprog = struct.pack("HP", count, ctypes.addressof(buffer))
            opened.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, fprog)
            # Bound only now: nothing that the filter would drop is in the queue.
            opened.bind(("", _ETH_P_ALL))
        except BaseException:
            opened.close()
            raise
        return opened


def _carries(frame: bytes, sender: IPv4Address) -> bool:
    """Tell whether the VXLAN packet in *frame* carries an IPv4 packet of the sender's."""
    inner = _ETHERNET_BYTES + (frame[_ETHERNET_BYTES] & 0x0F) * 4 + _UDP_AND_VXLAN_BYTES
    packet = inner + _ETHERNET_BYTES
    return frame[packet + 12 : packet + 16] == sender.packed


# Classic BPF (include/uapi/linux/filter.h), so that only what counts wakes us up.
_LOAD_HALF, _LOAD_BYTE, _LOAD_WORD = 0x28, 0x30, 0x20
_LOAD_HALF_INDEXED = 0x48
_HEADER_LENGTH = 0xB1
_EQUAL, _RETURN = 0x15, 0x06


def _program(*instructions: tuple[int, int, int, int]) -> bytes:
    return b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)


def _udp_to(port: int) -> bytes:
    """Pass IPv4 UDP packets to *port*."""
    return _program(
        (_LOAD_HALF, 0, 0, 12),
        (_EQUAL, 0, 6, _ETH_P_IP),
        (_LOAD_BYTE, 0, 0, 23),
        (_EQUAL, 0, 4, _UDP),
        (_HEADER_LENGTH, 0, 0, _ETHERNET_BYTES),
        (_LOAD_HALF_INDEXED, 0, 0, _ETHERNET_BYTES + 2),
        (_EQUAL, 0, 1, port),
        (_RETURN, 0, 0, _FRAME_BYTES),
        (_RETURN, 0, 0, 0),
    )


def _from(sender: IPv4Address) -> bytes:
    """Pass IPv4 packets of *sender*."""
    return _program(
        (_LOAD_HALF, 0, 0, 12),
        (_EQUAL, 0, 3, _ETH_P_IP),
        (_LOAD_WORD, 0, 0, 26),
        (_EQUAL, 0, 1, int(sender)),
        (_RETURN, 0, 0, _FRAME_BYTES),
        (_RETURN, 0, 0, 0),
    )
