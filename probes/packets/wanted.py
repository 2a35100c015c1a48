"""What is captured, and within which bounds?"""

from dataclasses import dataclass
from ipaddress import IPv4Address

from probes.packets.conversations import Conversation

MOST_SECONDS, MOST_PACKETS = 300.0, 100_000


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
    #: Where the frames are written, as pcap; "" is nowhere.
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """What came of it."""

    packets: int
    #: Frames that were no IPv4 in VXLAN, or cut short.
    undecoded: int
    #: Encrypted packets, by whom they came from.
    encrypted: tuple[tuple[IPv4Address, int], ...]
    conversations: tuple[Conversation, ...]
    #: Packets of conversations that were too many to keep.
    left_out: int
    seconds: float
