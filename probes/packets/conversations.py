"""Which conversations do the packets of overlays belong to, and which of them are one-sided?"""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address

#: A conversation that began before us may be seen from one side for a moment; so many packets
#: without any back are no chance.
_ONE_WAY_PACKETS = 4
#: TCP itself asks again after a second (RFC 6298, 2).
_ANSWERED_WITHIN_SECONDS = 0.5
#: Where clients' ports begin, unless told otherwise (ip_local_port_range in ip-sysctl).
_FIRST_EPHEMERAL = 32768
_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10  # RFC 9293, 3.1


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerPacket:
    """One packet of an overlay, as VXLAN carried it."""

    #: Unix seconds.
    at: float
    #: The VTEPs between which it was carried.
    sender: IPv4Address
    receiver: IPv4Address
    vni: int
    source: IPv4Address
    destination: IPv4Address
    #: "tcp", "udp", "icmp", or the number of another.
    protocol: str
    #: 0 where there are none; an echo's identifier for ICMP.
    source_port: int = 0
    destination_port: int = 0
    size_bytes: int = 0
    flags: int = 0
    sequence: int = 0
    payload_bytes: int = 0
    #: It is an ICMP error about a packet that went the other way; its ends are that packet's.
    complaint: bool = False
    #: It is a later piece of a packet in fragments, and has no ports.
    piece: bool = False


class Judgement(StrEnum):
    """How a conversation looks from the wire."""

    BOTH_WAYS = "both ways"
    #: A connection was asked for, and nothing came back.
    UNANSWERED = "unanswered"
    #: Packets go one way only.
    ONE_WAY = "one way"
    #: The other end, or somebody on the way there, said no at once.
    REFUSED = "refused"
    #: Too few packets to tell.
    UNKNOWN = "too few to tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """All packets between two ends."""

    vni: int
    protocol: str
    #: Who began, as far as we saw.
    source: IPv4Address
    source_port: int
    destination: IPv4Address
    destination_port: int
    #: VTEPs on the source's and on the destination's side.
    source_vtep: IPv4Address
    destination_vtep: IPv4Address
    packets_there: int
    packets_back: int
    bytes_there: int
    bytes_back: int
    #: Segments that were sent more than once.
    repeated: int
    resets: int
    #: ICMP errors about it, such as "port unreachable".
    complaints: int
    first_at: float
    last_at: float
    judgement: Judgement


_End = tuple[IPv4Address, int]
_Key = tuple[int, str, _End, _End]


@dataclass(slots=True)
class _Talk:
    first: InnerPacket
    there: int = 0
    back: int = 0
    bytes_there: int = 0
    bytes_back: int = 0
    repeated: int = 0
    resets: int = 0
    complaints: int = 0
    asked: bool = False
    #: Whether a SYN was answered by a reset at once.
    refused: bool = False
    last_at: float = 0.0
    seen: set[tuple[bool, int]] = field(default_factory=set)


class Conversations:
    """Sorts packets; at most so many conversations are kept, and what does not fit is counted."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._talks: dict[_Key, _Talk] = {}
        self.left_out = 0
        self.pieces = 0

    def add(self, packet: InnerPacket) -> None:
        """Take one packet."""
        if packet.piece:
            self.pieces += 1
            return
        key = _key(packet)
        talk = self._talks.get(key)
        if talk is None:
            if len(self._talks) >= self._at_most:
                self.left_out += 1
                return
            talk = self._talks[key] = _Talk(first=_opening(packet))
        there = (packet.source, packet.source_port) == (talk.first.source, talk.first.source_port)
        _count(talk, packet, there=there)

    def found(self, ended_at: float) -> list[Conversation]:
        """List the conversations: what is one-sided first, then who says most.

        *ended_at* is when we stopped: whoever spoke just then may still get an answer.
        """
        made = (_conversation(talk, ended_at) for talk in self._talks.values())
        return sorted(made, key=_order)


def _key(packet: InnerPacket) -> _Key:
    ends = sorted(
        (
            (packet.source, packet.source_port),
            (packet.destination, packet.destination_port),
        )
    )
    return packet.vni, packet.protocol, ends[0], ends[1]


def _opening(packet: InnerPacket) -> InnerPacket:
    """Turn an answer that was seen first around: the other end began.

    It is a SYN-ACK, an error, or what a server says in a conversation that began before us.
    """
    syn = packet.flags & (_SYN | _ACK) if packet.protocol == "tcp" else 0
    served = 0 < packet.source_port < _FIRST_EPHEMERAL <= packet.destination_port
    if syn == _SYN or not (packet.complaint or syn == _SYN | _ACK or served):
        return packet
    return InnerPacket(
        at=packet.at,
        sender=packet.receiver,
        receiver=packet.sender,
        vni=packet.vni,
        source=packet.destination,
        destination=packet.source,
        protocol=packet.protocol,
        source_port=packet.destination_port,
        destination_port=packet.source_port,
    )


def _count(talk: _Talk, packet: InnerPacket, *, there: bool) -> None:
    talk.last_at = packet.at
    if packet.complaint:
        talk.complaints += 1
        return
    if there:
        talk.there += 1
        talk.bytes_there += packet.size_bytes
    else:
        talk.back += 1
        talk.bytes_back += packet.size_bytes
    if packet.protocol != "tcp":
        return
    talk.resets += bool(packet.flags & _RST)
    talk.refused |= talk.asked and talk.back == 1 and not there and bool(packet.flags & _RST)
    talk.asked |= there and packet.flags & (_SYN | _ACK) == _SYN
    if packet.payload_bytes or packet.flags & (_SYN | _FIN):
        segment = (there, packet.sequence)
        talk.repeated += segment in talk.seen
        talk.seen.add(segment)


def _conversation(talk: _Talk, ended_at: float) -> Conversation:
    first = talk.first
    return Conversation(
        vni=first.vni,
        protocol=first.protocol,
        source=first.source,
        source_port=first.source_port,
        destination=first.destination,
        destination_port=first.destination_port,
        source_vtep=first.sender,
        destination_vtep=first.receiver,
        packets_there=talk.there,
        packets_back=talk.back,
        bytes_there=talk.bytes_there,
        bytes_back=talk.bytes_back,
        repeated=talk.repeated,
        resets=talk.resets,
        complaints=talk.complaints,
        first_at=first.at,
        last_at=talk.last_at,
        judgement=_judge(talk, ended_at),
    )


def _judge(talk: _Talk, ended_at: float) -> Judgement:
    if talk.there and talk.back:
        return Judgement.REFUSED if talk.refused else Judgement.BOTH_WAYS
    if talk.complaints:
        return Judgement.REFUSED
    if ended_at - talk.first.at < _ANSWERED_WITHIN_SECONDS and not talk.repeated:
        return Judgement.UNKNOWN
    if talk.asked:
        return Judgement.UNANSWERED
    if max(talk.there, talk.back) >= _ONE_WAY_PACKETS:
        return Judgement.ONE_WAY
    return Judgement.UNKNOWN


#: Others need no answer: UDP may well be meant to have none.
_WANT_ANSWERS = frozenset({"tcp", "icmp"})
_ONE_SIDED = frozenset({Judgement.UNANSWERED, Judgement.ONE_WAY})


def lacks_answer(item: Conversation) -> bool:
    """Tell whether an answer was due, and none was seen."""
    return item.judgement in _ONE_SIDED and item.protocol in _WANT_ANSWERS


def _order(item: Conversation) -> tuple[bool, bool, int, str]:
    spoken = item.bytes_there + item.bytes_back
    one_sided = item.judgement in _ONE_SIDED
    return not lacks_answer(item), not one_sided, -spoken, str(item.source)
