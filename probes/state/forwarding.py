"""Where do this node's overlays send what? Forwarding and neighbour entries, with their owners."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address

from probes.audit import fdb as audited
from probes.audit.expected import vteps
from probes.audit.fdb import address_of
from probes.audit.situation import Situation
from probes.model.finding import Finding
from probes.model.reading import NamespaceReading
from probes.model.vantage import VantageKind
from probes.state.judged import by_item, codes
from probes.state.table import Row, Table

#: Findings about entries that are not there, and so have no row of their own to be shown in.
_NO_ENTRY = frozenset({"fdb_missing", "fdb_peer_missing"})
_NO_NEIGHBOUR = frozenset({"neighbour_missing", "fdb_peer_missing"})
_ABSENT = _NO_ENTRY | _NO_NEIGHBOUR


def fdb(situation: Situation) -> Table:
    """List the forwarding entries of each overlay here, and those that are missing."""
    findings = by_item(audited.check(situation))
    nodes = _nodes_by_vtep(situation)
    rows = []
    for network, reading in _overlays(situation):
        addresses = {item.mac: item.address for item in reading.neighbours if item.mac}
        for entry in reading.fdb:
            if entry.vtep is None:
                continue
            address = addresses.get(entry.mac) or address_of(entry.mac)
            about = findings.get((network, str(address)), [])
            strange = findings.get((network, str(entry.vtep)), [])
            rows.append(
                Row(
                    cells=(
                        network,
                        _whose(address, reading, situation),
                        str(address or ""),
                        entry.mac,
                        str(entry.vtep),
                        nodes.get(entry.vtep, "no node"),
                        "written" if entry.permanent else "learned",
                    ),
                    wrong=codes(item for item in (*about, *strange) if item.code not in _ABSENT),
                )
            )
        rows.extend(_missing(network, findings, _NO_ENTRY, columns=7))
    return Table(
        kind="fdb",
        node=situation.node.name,
        columns=("network", "whose", "address", "mac", "vtep", "node", "kind"),
        rows=tuple(sorted(rows, key=lambda row: row.cells)),
        key=3,
        judged=True,
    )


def neigh(situation: Situation) -> Table:
    """List the neighbour entries of each overlay here, and those that are missing."""
    findings = by_item(audited.check(situation))
    rows = []
    for network, reading in _overlays(situation):
        for item in reading.neighbours:
            about = findings.get((network, str(item.address)), [])
            rows.append(
                Row(
                    cells=(
                        network,
                        _whose(item.address, reading, situation),
                        str(item.address),
                        item.mac or "",
                        item.device,
                        item.state,
                    ),
                    wrong=codes(one for one in about if one.code not in _ABSENT),
                )
            )
        rows.extend(_missing(network, findings, _NO_NEIGHBOUR, columns=6))
    return Table(
        kind="neigh",
        node=situation.node.name,
        columns=("network", "whose", "address", "mac", "device", "state"),
        rows=tuple(sorted(rows, key=lambda row: row.cells)),
        key=3,
        judged=True,
    )


def _overlays(situation: Situation) -> Iterator[tuple[str, NamespaceReading]]:
    for reading in situation.reading.of_kind(VantageKind.OVERLAY):
        network = situation.network(reading.network_id)
        yield network.name if network else reading.vantage.name, reading


def _nodes_by_vtep(situation: Situation) -> Mapping[IPv4Address, str]:
    names = {node.id: node.name for node in situation.topology.nodes}
    return {address: names.get(node, node) for node, address in vteps(situation.topology).items()}


def _whose(address: IPv4Address | None, reading: NamespaceReading, situation: Situation) -> str:
    endpoints = situation.endpoints.get(reading.network_id, {})
    endpoint = endpoints.get(address) if address else None
    return endpoint.name if endpoint else "nobody"


def _missing(
    network: str,
    findings: Mapping[tuple[str, str], Iterable[Finding]],
    meant: frozenset[str],
    *,
    columns: int,
) -> Iterator[Row]:
    """Make a row for what should be there and is not."""
    for (where, item), found in findings.items():
        for finding in found:
            if where == network and finding.code in meant:
                name = finding.subject.task or finding.subject.peer
                cells = (network, name, item, "none")
                yield Row(cells=(*cells, *[""] * (columns - len(cells))), wrong=finding.code)
