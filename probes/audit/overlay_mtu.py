"""Is the way to every peer wide enough for an overlay's largest packets?"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from probes.audit.check import Answer, Check
from probes.audit.local_overlays import overlays_read, peers_on, unread
from probes.audit.situation import Situation
from probes.audit.ways import Way, only, ways_to_peers
from probes.findings import overlay as findings
from probes.model.finding import Evidence, Finding, Subject
from probes.model.reading import CouldNotLook, HostReading, NamespaceReading
from probes.model.topology import Network, Node

#: RFC 7348: outer IPv4 header 20, UDP 8, VXLAN 8, inner Ethernet 14.
VXLAN_BYTES = 50
_IPV4_BYTES = 20
#: RFC 4303 and 4106, as the Engine sets it up: header 8, IV 8, a check value of 8.
_ESP_BYTES = 24
#: Pad length and next header, inside of what is padded to four bytes.
_ESP_TRAILER_BYTES = 2
_ESP_ALIGNMENT = 4


@dataclass(slots=True)
class _Narrow:
    """A device, or a route over it, that is too narrow."""

    peers: dict[str, Node] = field(default_factory=dict)
    #: Network's name -> what its largest packets take.
    needs: dict[str, int] = field(default_factory=dict)


def packet_bytes(mtu: int, *, encrypted: bool) -> int:
    """Give the size of the outer packet that carries an overlay's packet of *mtu* bytes."""
    size = mtu + VXLAN_BYTES
    if not encrypted:
        return size
    secret = size - _IPV4_BYTES + _ESP_TRAILER_BYTES
    return _IPV4_BYTES + _ESP_BYTES + secret + -secret % _ESP_ALIGNMENT


def check(situation: Situation) -> Iterator[Answer]:
    """Compare each overlay's need with the way to each peer that takes part."""
    host = situation.reading.host
    if host is None:
        yield unread(situation, "host") or CouldNotLook(where="host", why="it was not read")
        return
    found = list(ways_to_peers(situation, host))
    yield from (item for item in found if isinstance(item, CouldNotLook))
    yield from _narrow([item for item in found if isinstance(item, Way)], host, situation)


def _narrow(ways: list[Way], host: HostReading, situation: Situation) -> Iterator[Finding]:
    """Find ways that are too narrow; one device is one finding, for however many networks."""
    links = {link.index: link for link in host.namespace.links}
    narrow = defaultdict[tuple[str, int], _Narrow](_Narrow)
    for network, reading in overlays_read(situation):
        need = _need(network, reading)
        there = {peer.id for peer in peers_on(situation, network)}
        for way in ways:
            if way.route is None or way.peer.id not in there:
                continue
            link = links.get(way.route.device_index)
            room = min(way.route.mtu_bytes, link.mtu_bytes) if link else way.route.mtu_bytes
            if 0 < room < need:
                found = narrow[link.name if link else "", room]
                found.peers[way.peer.id] = way.peer
                found.needs[network.name] = need
    for (device, room), found in narrow.items():
        rows = (
            Evidence(what=f"MTU for {network}", expected=f"at least {need}", actual=str(room))
            for network, need in sorted(found.needs.items())
        )
        subject = Subject(peer=only(list(found.peers.values())), item=device)
        yield findings.MTU.found(subject, *rows, mtu=str(max(found.needs.values())))


def _need(network: Network, reading: NamespaceReading) -> int:
    mtus = [link.mtu_bytes for link in reading.links if link.kind == "vxlan"]
    return packet_bytes(max(mtus), encrypted=network.encrypted) if mtus else 0


CHECKS = (Check(name="overlay mtu", finds=(findings.MTU,), run=check),)
