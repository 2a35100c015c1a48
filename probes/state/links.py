"""Which network devices are there, whose are they, and what do they carry?"""

from collections.abc import Iterator, Mapping

from probes.audit import overlay
from probes.audit.situation import Situation
from probes.kernel.endpoints import match_endpoints
from probes.model.finding import Finding
from probes.model.reading import Link, NamespaceReading
from probes.model.vantage import VantageKind
from probes.state.table import Row, Table

_SHARED = (VantageKind.OVERLAY, VantageKind.LOAD_BALANCER, VantageKind.INGRESS)


def links(situation: Situation) -> Table:
    """List the devices of the host and of all namespaces that tasks share."""
    answers = [answer for check in overlay.CHECKS for answer in check.run(situation)]
    wrong = {
        (item.subject.network, item.subject.item): item.code
        for item in answers
        if isinstance(item, Finding)
    }
    rows = [
        Row(cells=cells, wrong=wrong.get((cells[1], cells[2]), ""))
        for reading in _namespaces(situation)
        for cells in _cells(reading, _ends(reading, situation))
    ]
    return Table(
        kind="links",
        node=situation.node.name,
        columns=("in", "network", "device", "kind", "whose", "mtu", "state", "rx", "tx", "drops"),
        rows=tuple(sorted(rows, key=lambda row: row.cells)),
        key=3,
        own=frozenset({"whose", "rx", "tx", "drops"}),
        judged=True,
    )


def _namespaces(situation: Situation) -> Iterator[NamespaceReading]:
    if situation.reading.host:
        yield situation.reading.host.namespace
    for kind in _SHARED:
        yield from situation.reading.of_kind(kind)


def _cells(reading: NamespaceReading, ends: Mapping[int, str]) -> Iterator[tuple[str, ...]]:
    host = reading.vantage.kind is VantageKind.HOST
    for link in reading.links:
        if link.name == "lo":
            continue
        yield (
            str(reading.vantage.kind),
            "" if host else reading.vantage.name,
            link.name,
            link.kind or "device",
            ends.get(link.index, ""),
            str(link.mtu_bytes),
            _state(link),
            str(link.statistics.receive_bytes),
            str(link.statistics.transmit_bytes),
            str(link.statistics.receive_dropped + link.statistics.transmit_dropped),
        )


def _state(link: Link) -> str:
    if link.up:
        return "up"
    return "no carrier" if link.enabled else "down"


def _ends(reading: NamespaceReading, situation: Situation) -> Mapping[int, str]:
    """Name the task at the other end of each port of an overlay's bridge."""
    if reading.vantage.kind is not VantageKind.OVERLAY:
        return {}
    endpoints = situation.endpoints.get(reading.network_id, {})
    found: dict[int, str] = {}
    for other in situation.reading.namespaces:
        if other.vantage.kind in {VantageKind.TASK, VantageKind.LOAD_BALANCER}:
            for address, index in match_endpoints(other).items():
                if address in endpoints:
                    found[index] = endpoints[address].name
    return found
