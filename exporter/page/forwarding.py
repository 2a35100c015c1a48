"""How many of the other nodes' endpoints does this node know where to send to?"""

from collections.abc import Iterator
from dataclasses import dataclass

from probes.audit.fdb import mac_of
from probes.audit.situation import Situation
from probes.model.reading import NamespaceReading
from probes.model.vantage import VantageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """One overlay's forwarding entries on one node."""

    network: str
    #: Running endpoints on other nodes.
    expected: int
    #: Of those, such as have an entry. Whether it is the right one, the audit says.
    present: int


def forwarding(situation: Situation | None) -> tuple[Forwarding, ...]:
    """Count them in the last round's reading; nothing before the first."""
    return tuple(_counted(situation)) if situation else ()


def _counted(situation: Situation) -> Iterator[Forwarding]:
    for reading in situation.reading.of_kind(VantageKind.OVERLAY):
        network = situation.network(reading.network_id)
        if network is None:
            continue
        known = _known_macs(reading)
        resolved = {item.address: item.mac for item in reading.neighbours if item.mac}
        remote = [
            resolved.get(address) or mac_of(address)
            for address, endpoint in situation.endpoints.get(network.id, {}).items()
            if endpoint.certain and endpoint.node_id != situation.node.id
        ]
        yield Forwarding(
            network=network.name,
            expected=len(remote),
            present=sum(mac in known for mac in remote),
        )


def _known_macs(reading: NamespaceReading) -> frozenset[str]:
    return frozenset(entry.mac for entry in reading.fdb if entry.vtep)
