"""Which way does this node's kernel take to each other node's VTEP?"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from probes.audit.expected import vteps
from probes.audit.local_overlays import live_peers, unread
from probes.audit.situation import Situation
from probes.model.reading import ChosenRoute, CouldNotLook, HostReading
from probes.model.topology import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The way to one peer that is up."""

    peer: Node
    vtep: IPv4Address
    #: None where the kernel knows none.
    route: ChosenRoute | None


def ways_to_peers(situation: Situation, host: HostReading) -> Iterator[Way | CouldNotLook]:
    """Give the way to each peer, or why it is unknown."""
    addresses = vteps(situation.topology)
    routes = dict(host.underlay)
    for peer in live_peers(situation):
        vtep = addresses.get(peer.id)
        failed = unread(situation, f"host, route to {vtep}")
        if vtep is None:
            yield CouldNotLook(where=f"VTEP of {peer.name}", why="Swarm does not tell its address")
        else:
            yield failed or Way(peer=peer, vtep=vtep, route=routes.get(vtep))


def only(peers: list[Node]) -> str:
    """Name the peer that alone is concerned; "" where there are several."""
    return peers[0].name if len(peers) == 1 else ""
