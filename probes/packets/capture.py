"""Capture VXLAN on one interface, within bounds, and fold it into conversations.

python -m probes.packets.capture WANTED   # one JSON object in, one JSON object out

A process of its own: scapy takes 80 MB, and what it decodes comes from strangers.
"""

import ctypes
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from ipaddress import IPv4Address

from pydantic import TypeAdapter
from scapy.utils import PcapWriter

from probes.packets.conversations import Conversations, InnerPacket
from probes.packets.decode import decode
from probes.packets.wanted import Captured, Wanted

WANTED, CAPTURED = TypeAdapter(Wanted), TypeAdapter(Captured)

_ETH_P_ALL = 0x0003  # include/uapi/linux/if_ether.h
_SO_ATTACH_FILTER = 26  # include/uapi/asm-generic/socket.h
_LONGEST_FRAME = 65535
_MOST_CONVERSATIONS = 2000
_MOST_FILE_BYTES = 64 * 1024 * 1024
#: `struct sock_filter`: code, jump if true, jump if false, operand (include/uapi/linux/filter.h).
_INSTRUCTION = struct.Struct("=HBBI")
_EXIT_COULD_NOT = 3


def main() -> int:
    """Do what standard input asks for."""
    wanted = WANTED.validate_json(sys.stdin.read())
    try:
        captured = capture(wanted)
    except OSError as exc:
        what = f"write {exc.filename}" if exc.filename else f"capture on {wanted.interface}"
        why = f"cannot {what}: {exc.strerror}"
        hint = " (packets need CAP_NET_RAW)" if isinstance(exc, PermissionError) else ""
        sys.stderr.write(f"{why}{hint}\n")
        return _EXIT_COULD_NOT
    sys.stdout.write(CAPTURED.dump_json(captured).decode())
    return 0


def capture(wanted: Wanted) -> Captured:
    """Read frames until there are enough, or the time is over. Raises OSError."""
    table, encrypted = Conversations(_MOST_CONVERSATIONS), Counter[IPv4Address]()
    packets = undecoded = 0
    began = time.monotonic()
    with closing(_open(wanted)) as sock:
        writer = PcapWriter(wanted.file, linktype=1, sync=False) if wanted.file else None
        written = 0
        try:
            for frame in _frames(sock, began + wanted.seconds):
                decoded = decode(frame, time.time())
                if not _concerns(decoded, wanted.peers):
                    continue
                packets += 1
                if isinstance(decoded, InnerPacket):
                    table.add(decoded)
                elif decoded is None:
                    undecoded += 1
                else:
                    encrypted[decoded] += 1
                if writer and written + len(frame) <= _MOST_FILE_BYTES:
                    writer.write(frame)
                    written += len(frame)
                if packets >= wanted.packets:
                    break
        finally:
            if writer:
                writer.close()
    return Captured(
        packets=packets,
        undecoded=undecoded,
        encrypted=tuple(encrypted.most_common()),
        conversations=tuple(table.found(time.time())),
        left_out=table.left_out,
        seconds=time.monotonic() - began,
    )


def _concerns(decoded: InnerPacket | IPv4Address | None, peers: tuple[IPv4Address, ...]) -> bool:
    if not peers or decoded is None:
        return not peers
    ends = {decoded.sender, decoded.receiver} if isinstance(decoded, InnerPacket) else {decoded}
    return bool(ends & {*peers})


def _open(wanted: Wanted) -> socket.socket:
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    try:
        program = b"".join(_INSTRUCTION.pack(*line) for line in _program(wanted.port))
        # `struct sock_fprog` points to the instructions, so they must live through the call.
        buffer = ctypes.create_string_buffer(program)
        count = len(program) // _INSTRUCTION.size
        prog = struct.pack("@HxxxxxxP", count, ctypes.addressof(buffer))
        sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, prog)
        sock.bind((wanted.interface, 0))
    except OSError:
        sock.close()
        raise
    return sock


def _program(port: int) -> Iterator[tuple[int, int, int, int]]:
    """Write the filter "ip and (esp or udp port PORT)", as tcpdump -d shows it for Ethernet."""
    yield (0x28, 0, 0, 12)  # ldh [12]: the EtherType
    yield (0x15, 0, 9, 0x0800)  # IPv4, or drop
    yield (0x30, 0, 0, 23)  # ldb [23]: the protocol
    yield (0x15, 6, 0, 50)  # ESP: take it
    yield (0x15, 0, 6, 17)  # UDP, or drop
    yield (0x28, 0, 0, 20)  # ldh [20]: the fragment
    yield (0x45, 4, 0, 0x1FFF)  # a later one has no ports: drop
    yield (0xB1, 0, 0, 14)  # ldxb 4*([14]&0xf): the header's length
    yield (0x48, 0, 0, 16)  # ldh [x + 16]: the destination port
    yield (0x15, 0, 1, port)  # VXLAN, or drop
    yield (0x06, 0, 0, _LONGEST_FRAME)  # take all of it
    yield (0x06, 0, 0, 0)  # drop


def _frames(sock: socket.socket, end: float) -> Iterator[bytes]:
    while (left := end - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            yield sock.recv(_LONGEST_FRAME)
        except TimeoutError:
            return


if __name__ == "__main__":
    sys.exit(main())
