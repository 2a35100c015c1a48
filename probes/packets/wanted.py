"""What is captured, and within which bounds?"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

from probes.packets.conversations import Conversation

MOST_SECONDS, MOST_PACKETS = 300.0, 100_000
#: What a service may have on one overlay; the kernel's filter has room for twice as many.
MOST_ADDRESSES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the capturing process is asked for."""

    interface: str
    seconds: float
    packets: int
    #: UDP port of VXLAN: Swarm's data path port.
    port: int = 4789
    #: Only what goes to or comes from these VTEPs; empty: anybody.
    peers: tuple[IPv4Address, ...] = ()
    #: Only what is on these overlays; empty: on any.
    vnis: tuple[int, ...] = ()
    #: Only what goes to or comes from these on the overlay; empty: anybody.
    addresses: tuple[IPv4Address, ...] = ()
    #: Where the packets are written, as pcap; "" is nowhere.
    file: str = ""


class Ending(StrEnum):
    """Why a capture ended."""

    TIME = "time"
    COUNT = "count"
    INTERRUPT = "interrupt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Encrypted packets from one node to another."""

    sender: IPv4Address
    receiver: IPv4Address
    packets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """What came of it."""

    #: Those that were read, without the encrypted ones.
    packets: int
    #: Packets that carried no IPv4, or lacked a header.
    undecoded: int
    #: Later pieces of packets in fragments, which no conversation can be told of.
    pieces: int
    #: Packets that the kernel could not keep for us: we were too slow.
    dropped: int
    sealed: tuple[Sealed, ...]
    conversations: tuple[Conversation, ...]
    #: Packets of conversations that were too many to keep.
    left_out: int
    #: Packets that went into the file.
    written: int
    seconds: float
    ended_by: Ending
