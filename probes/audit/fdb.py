"""Does each overlay forward every live address to the node that has it, and nothing else?

Docker writes, on every node that takes part in an overlay, one permanent neighbour and one
permanent forwarding entry for each remote endpoint (moby libnetwork/drivers/overlay/peerdb.go);
the MAC is made of the address unless somebody set another.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import PurePath

from probes.audit.check import Answer, Check
from probes.audit.expected import ExpectedEndpoint, vteps
from probes.audit.situation import Situation
from probes.findings import fdb as findings
from probes.model.finding import Evidence, Finding, Subject
from probes.model.reading import CouldNotLook, FdbEntry, NamespaceReading, Neighbour
from probes.model.topology import Network
from probes.model.vantage import VantageKind

_MAC_PREFIX = "02:42:"
_VXLAN = "vxlan"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Overlay:
    """One overlay on this node: what should be there beside what is."""

    network: Network
    #: File of its namespace in the Engine's folder.
    namespace: str
    situation: Situation
    vteps: Mapping[str, IPv4Address]
    endpoints: Mapping[IPv4Address, ExpectedEndpoint]
    #: Permanent neighbours on the VXLAN devices.
    neighbours: Mapping[IPv4Address, Neighbour]
    #: MAC -> the rows of the VXLAN devices themselves that name a VTEP, written or learned.
    static: Mapping[str, FdbEntry]
    learned: Mapping[str, FdbEntry]
    #: MAC -> the bridge's own row.
    bridged: Mapping[str, FdbEntry]

    def mac_of(self, address: IPv4Address) -> str:
        known = self.neighbours.get(address)
        return known.mac if known and known.mac else mac_of(address)

    def node_of(self, vtep: IPv4Address | None) -> str:
        """Name the node behind a VTEP; "" when no node has it."""
        ids = (node_id for node_id, address in self.vteps.items() if address == vtep)
        return next((self.name(node_id) for node_id in ids), "")

    def name(self, node_id: str) -> str:
        node = self.situation.lookup.nodes.get(node_id)
        return node.name if node else node_id

    def is_ready(self, node_id: str) -> bool:
        node = self.situation.lookup.nodes.get(node_id)
        return node is not None and node.state == "ready"

    def subject(self, endpoint: ExpectedEndpoint) -> Subject:
        here = endpoint.node_id == self.situation.node.id
        return Subject(
            network=self.network.name,
            service=endpoint.service,
            task=endpoint.name,
            peer="" if here else self.name(endpoint.node_id),
            item=str(endpoint.address),
        )


def mac_of(address: IPv4Address) -> str:
    """Make the MAC that Docker gives an overlay endpoint (moby libnetwork/netutils)."""
    return _MAC_PREFIX + ":".join(f"{octet:02x}" for octet in address.packed)


def address_of(mac: str) -> IPv4Address | None:
    """Read the address that a MAC was made of; None for a MAC that somebody chose."""
    if not mac.startswith(_MAC_PREFIX):
        return None
    return IPv4Address(bytes.fromhex(mac.removeprefix(_MAC_PREFIX).replace(":", "")))


def check(situation: Situation) -> Iterator[Answer]:
    """Compare every overlay that is on this node."""
    addresses = vteps(situation.topology)
    for reading in situation.reading.of_kind(VantageKind.OVERLAY):
        network = situation.network(reading.network_id)
        if network is None:
            continue  # it is being removed, or newer than the topology
        if reading.links and not any(link.kind == _VXLAN and link.up for link in reading.links):
            continue  # the device is the fault: the kernel forgets its entries with it
        overlay = _overlay(network, reading, situation, addresses)
        by_node = defaultdict[str, list[ExpectedEndpoint]](list)
        for endpoint in overlay.endpoints.values():
            # Swarm lets a dead node's tasks count as running until it has replaced them.
            if endpoint.certain and overlay.is_ready(endpoint.node_id):
                by_node[endpoint.node_id].append(endpoint)
        for endpoint in by_node.pop(situation.node.id, ()):
            yield from _own(endpoint, overlay)
        for node_id, remote in by_node.items():
            if _all_lost(remote, overlay):
                yield _peer_missing(node_id, remote, overlay)
            else:
                for endpoint in remote:
                    yield from _remote(endpoint, overlay)
        yield from _left_over(overlay)


def _overlay(
    network: Network,
    reading: NamespaceReading,
    situation: Situation,
    addresses: Mapping[str, IPv4Address],
) -> _Overlay:
    rows = [entry for entry in reading.fdb if entry.device.startswith(_VXLAN) and entry.vtep]
    return _Overlay(
        network=network,
        namespace=PurePath(reading.vantage.netns or "").name,
        situation=situation,
        vteps=addresses,
        endpoints=situation.endpoints.get(network.id, {}),
        neighbours={
            item.address: item
            for item in reading.neighbours
            if item.state == "permanent" and item.device.startswith(_VXLAN)
        },
        static={entry.mac: entry for entry in rows if entry.permanent},
        learned={entry.mac: entry for entry in rows if not entry.permanent},
        bridged={entry.mac: entry for entry in reading.fdb if entry.bridge and not entry.permanent},
    )


def _all_lost(remote: list[ExpectedEndpoint], overlay: _Overlay) -> bool:
    """Tell whether nothing at all leads to a node: that is one fault, not one for each task."""
    return len(remote) > 1 and not any(
        overlay.mac_of(item.address) in overlay.static or item.address in overlay.neighbours
        for item in remote
    )


def _peer_missing(node_id: str, remote: list[ExpectedEndpoint], overlay: _Overlay) -> Finding:
    names = ", ".join(sorted(f"{item.name} ({item.address})" for item in remote))
    evidence = Evidence(what="fdb", expected=f"entries for {names}", actual="none of them")
    vtep = overlay.vteps.get(node_id)
    subject = Subject(
        network=overlay.network.name, peer=overlay.name(node_id), item=str(vtep or "")
    )
    return findings.PEER_MISSING.found(subject, evidence)


def _remote(endpoint: ExpectedEndpoint, overlay: _Overlay) -> Iterator[Finding]:
    """Look for what must lead to an endpoint on another node."""
    vtep = overlay.vteps.get(endpoint.node_id)
    subject, mac = overlay.subject(endpoint), overlay.mac_of(endpoint.address)
    static, learned = overlay.static.get(mac), overlay.learned.get(mac)
    wanted = f"{mac} dst {vtep} self permanent"
    if static is None and learned is None:
        yield findings.MISSING.found(subject, Evidence(what="fdb", expected=wanted, actual="none"))
    elif static is None and learned is not None:
        actual = f"{mac} dst {learned.vtep} self, learned"
        evidence = Evidence(what="fdb", expected=wanted, actual=actual)
        yield findings.LEARNED_ONLY.found(subject, evidence)
    elif static is not None and vtep is not None and static.vtep != vtep:
        whose = overlay.node_of(static.vtep) or "no node of the Swarm"
        actual = f"{mac} dst {static.vtep} ({whose}) self permanent"
        evidence = Evidence(what="fdb", expected=wanted, actual=actual)
        yield findings.WRONG_VTEP.found(subject, evidence)
    if endpoint.address not in overlay.neighbours:
        wanted = f"{endpoint.address} lladdr {mac} PERMANENT"
        evidence = Evidence(what="neighbour", expected=wanted, actual="none")
        yield findings.NEIGHBOUR_MISSING.found(subject, evidence)
    bridged = overlay.bridged.get(mac)
    if bridged is not None and not bridged.device.startswith(_VXLAN):
        actual = f"{mac} dev {bridged.device} master"
        wanted = f"{mac} dev vxlan0 master"
        evidence = Evidence(what="bridge fdb", expected=wanted, actual=actual)
        yield findings.WRONG_PORT.found(subject, evidence)


def _own(endpoint: ExpectedEndpoint, overlay: _Overlay) -> Iterator[Finding]:
    """Look for rows that send an endpoint of this node out through VXLAN."""
    mac = overlay.mac_of(endpoint.address)
    row = overlay.static.get(mac) or overlay.learned.get(mac)
    bridged = overlay.bridged.get(mac)
    if row is None and bridged is not None and bridged.device.startswith(_VXLAN):
        row = bridged
    neighbour = overlay.neighbours.get(endpoint.address)
    actual = []
    if row is not None:
        actual.append(f"{mac} dev {row.device} dst {row.vtep}" if row.vtep else f"{mac} vxlan0")
    if neighbour is not None:
        actual.append(f"{endpoint.address} dev {neighbour.device} PERMANENT")
    if actual:
        evidence = Evidence(what="fdb", expected="no row: it is local", actual="; ".join(actual))
        yield findings.SELF_REFERENCE.found(overlay.subject(endpoint), evidence)


def _left_over(overlay: _Overlay) -> Iterator[Answer]:
    """Look at the rows that nobody stands behind, and at VTEPs that are no node's."""
    by_mac = {item.mac: item.address for item in overlay.neighbours.values() if item.mac}
    strangers = defaultdict[IPv4Address, list[str]](list)
    stale: dict[IPv4Address, FdbEntry | None] = dict.fromkeys(overlay.neighbours)
    for mac, entry in overlay.static.items():
        address = by_mac.get(mac) or address_of(mac)
        if address in overlay.endpoints:
            continue
        if entry.vtep and not overlay.node_of(entry.vtep):
            strangers[entry.vtep].append(f"{address or mac}")
            stale.pop(address, None) if address else None
        elif address:
            stale[address] = entry
    for vtep, rows in strangers.items():
        yield _unknown_vtep(vtep, rows, overlay)
    for address, row in stale.items():
        if address not in overlay.endpoints:
            yield _stale(address, row, overlay)


def _unknown_vtep(vtep: IPv4Address, rows: list[str], overlay: _Overlay) -> Finding:
    known = ", ".join(sorted(f"{a} ({overlay.name(n)})" for n, a in overlay.vteps.items()))
    evidence = Evidence(
        what="vtep",
        expected=f"one of {known}",
        actual=f"{vtep}, for {', '.join(sorted(rows))}",
    )
    subject = Subject(network=overlay.network.name, item=str(vtep))
    return findings.UNKNOWN_VTEP.found(subject, evidence)


def _stale(address: IPv4Address, row: FdbEntry | None, overlay: _Overlay) -> Answer:
    """Judge a row for an address that nobody has; a silent node's load balancer may have it."""
    silent = _silent_nodes(overlay)
    owner = next((n for n in silent if row is None or overlay.vteps.get(n) == row.vtep), None)
    if owner is not None:
        return CouldNotLook(
            where=f"overlay {overlay.network.name}, {address}",
            why=f"the agent of {overlay.name(owner)} has not told its load balancer's address",
        )
    gone = overlay.situation.departed.get((overlay.network.id, address))
    mac = overlay.mac_of(address)
    rows = [f"{mac} dst {row.vtep} self permanent"] if row else []
    if address in overlay.neighbours:
        rows.append(f"{address} lladdr {mac} PERMANENT")
    expected = "nobody has the address"
    if gone:
        ago = overlay.situation.now - gone.at
        expected = f"nobody: {gone.name} ended {ago:.0f} s ago on {overlay.name(gone.node_id)}"
    peer = overlay.node_of(row.vtep) if row else ""
    subject = Subject(network=overlay.network.name, peer=peer, item=str(address))
    evidence = Evidence(what="fdb", expected=expected, actual="; ".join(rows))
    return findings.STALE.found(subject, evidence, mac=mac, namespace=overlay.namespace)


def _silent_nodes(overlay: _Overlay) -> list[str]:
    """List other nodes that take part in the network and have not told their load balancer."""
    network_id = overlay.network.id
    here = {endpoint.node_id for endpoint in overlay.endpoints.values()}
    if overlay.network.ingress:
        here |= set(overlay.situation.lookup.nodes)
    told = {
        report.node_id
        for report in overlay.situation.reports.values()
        if any(item.network_id == network_id for item in report.balancers)
    }
    return sorted(here - told - {overlay.situation.node.id})


CHECKS = (Check(name="fdb", finds=findings.FINDINGS, run=check),)
