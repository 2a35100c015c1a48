"""How are packets kept, so that tcpdump and Wireshark can read them?"""

import os
from typing import Self

from scapy.utils import RawPcapWriter

from probes.packets.tap import Tapped

_MOST_BYTES = 64 * 1024 * 1024
_LINKTYPE_RAW = 101  # packets that begin with their IP header


class PacketFile:
    """A new pcap file of no more than a certain size; a context manager. Raises OSError.

    Only its owner may read it: payloads are in it.
    """

    def __init__(self, path: str, most_bytes: int = _MOST_BYTES) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._writer = RawPcapWriter(self._file, linktype=_LINKTYPE_RAW)
        self._writer.write_header(None)
        self._left = most_bytes
        self.written = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, tapped: Tapped) -> None:
        """Add a packet; once one does not fit, none does: a gap in the middle would mislead."""
        if len(tapped.data) > self._left:
            self._left = 0
            return
        self._left -= len(tapped.data)
        self.written += 1
        seconds, rest = divmod(tapped.at, 1)
        self._writer.write_packet(tapped.data, sec=int(seconds), usec=int(rest * 1e6))
