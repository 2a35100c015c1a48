"""What came of the packets that were taken? Decoded when there is time for it, and counted."""

from collections import Counter, deque
from ipaddress import IPv4Address

from probes.packets.conversations import Conversations
from probes.packets.decode import decode
from probes.packets.file import PacketFile
from probes.packets.tap import Tapped
from probes.packets.wanted import Captured, Ending, Sealed

#: Two IPv4 headers and a TCP header of the greatest length, UDP, VXLAN and Ethernet.
HEADER_BYTES = 256
_MOST_CONVERSATIONS = 2000


class Sorter:
    """Takes packets, and tells in the end what they were."""

    def __init__(self, file: PacketFile | None = None) -> None:
        self._file = file
        self._waiting = deque[tuple[bytes, float]]()
        self._table = Conversations(_MOST_CONVERSATIONS)
        self._sealed = Counter[tuple[IPv4Address, IPv4Address]]()
        self._undecoded = 0
        #: Those taken, without the encrypted ones: they are not kept, so they need no bound.
        self.packets = 0

    @property
    def behind(self) -> bool:
        """Whether packets wait to be decoded."""
        return bool(self._waiting)

    def take(self, tapped: Tapped) -> None:
        """Put a packet aside, and into the file; of an encrypted one there is nothing to decode."""
        if self._file:
            self._file.write(tapped)
        ends = tapped.sealed
        if ends:
            self._sealed[ends] += 1
            return
        self.packets += 1
        self._waiting.append((tapped.data[:HEADER_BYTES], tapped.at))

    def work(self) -> None:
        """Decode the packet that has waited longest."""
        packet = decode(*self._waiting.popleft())
        if packet is None:
            self._undecoded += 1
        else:
            self._table.add(packet)

    def captured(
        self, *, ended_at: float, seconds: float, dropped: int, ended_by: Ending
    ) -> Captured:
        """Decode the rest, and tell what came of all."""
        while self.behind:
            self.work()
        return Captured(
            packets=self.packets,
            undecoded=self._undecoded,
            pieces=self._table.pieces,
            dropped=dropped,
            sealed=tuple(
                Sealed(sender=sender, receiver=receiver, packets=count)
                for (sender, receiver), count in self._sealed.most_common()
            ),
            conversations=tuple(self._table.found(ended_at)),
            left_out=self._table.left_out,
            written=self._file.written if self._file else 0,
            seconds=seconds,
            ended_by=ended_by,
        )
