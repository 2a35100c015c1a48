"""Which security associations does a node have with which peers? Other nodes' agents ask that."""

from ipaddress import IPv4Address

from probes.model.reading import HostReading
from probes.model.topology import PeerAssociation


def associations(
    host: HostReading,
) -> tuple[tuple[PeerAssociation, ...], tuple[PeerAssociation, ...]]:
    """Give what the node encrypts with, and what it can decrypt; both in a fixed order.

    An association is outbound when its source is an address of the node's own.
    """
    own = {item.address for item in host.namespace.addresses}
    outbound = {
        (item.destination, item.spi)
        for item in host.associations
        if item.source in own and item.destination not in own
    }
    inbound = {(item.source, item.spi) for item in host.associations if item.destination in own}
    return _told(outbound), _told(inbound)


def _told(found: set[tuple[IPv4Address, int]]) -> tuple[PeerAssociation, ...]:
    return tuple(PeerAssociation(peer=peer, spi=spi) for peer, spi in sorted(found))
