"""Does the host carry its overlays' packets from the right address, and to every peer?

Docker gives its VXLAN devices no source: the route to the peer chooses it, and a peer drops frames
from an address that its entries do not name (kernel drivers/net/vxlan, vxlan_snoop()).
"""

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Address

from probes.audit.check import Answer, Check
from probes.audit.expected import vteps
from probes.audit.local_overlays import unread
from probes.audit.situation import Situation
from probes.audit.ways import Way, only, ways_to_peers
from probes.findings import overlay as findings
from probes.model.finding import Evidence, Finding, Subject
from probes.model.reading import CouldNotLook, HostReading, NamespaceReading, NodeReading
from probes.model.vantage import VantageKind


def check(situation: Situation) -> Iterator[Answer]:
    """Look at the own address, and at the way to each peer that is up."""
    host, own = situation.reading.host, vteps(situation.topology).get(situation.node.id)
    closed = unread(situation, "host", "host, addresses")
    if host is None or closed is not None:
        yield closed or CouldNotLook(where="host", why="it was not read")
    elif own is None:
        yield CouldNotLook(where="host, VTEP", why="neither gossip nor Swarm tells our address")
    elif own in {item.address for item in host.namespace.addresses}:
        yield from _routes(own, host, situation)
    elif not _arrives(situation):
        yield _gone(own, host)


def _gone(own: IPv4Address, host: HostReading) -> Finding:
    there = {item.address for item in host.namespace.addresses if not item.address.is_loopback}
    evidence = Evidence(
        what="address",
        expected=f"{own} on a device, as advertised",
        actual=", ".join(map(str, sorted(there))) or "none",
    )
    return findings.ADDRESS_GONE.found(Subject(item=str(own)), evidence)


def _arrives(situation: Situation) -> bool:
    """Tell whether frames reach us, or whether that is unknown.

    Behind a one-to-one NAT the advertised address is on no device of ours, and yet all is well.
    """
    before, now = _received(situation.before), _received(situation.reading)
    if not before or not now:
        return True
    return any(count > before.get(netns, count) for netns, count in now.items())


def _received(reading: NodeReading) -> dict[str | None, int]:
    """Count the frames that each overlay took from other nodes, by its namespace's file."""
    return {item.vantage.netns: _frames(item) for item in reading.of_kind(VantageKind.OVERLAY)}


def _frames(overlay: NamespaceReading) -> int:
    devices = (link for link in overlay.links if link.kind == "vxlan")
    return sum(link.statistics.receive_packets for link in devices)


def _routes(own: IPv4Address, host: HostReading, situation: Situation) -> Iterator[Answer]:
    """Find peers without a way, and ways with another source; the latter count once a source."""
    if not situation.reading.of_kind(VantageKind.OVERLAY):
        return  # nothing to send
    wrong = defaultdict[IPv4Address, list[Way]](list)
    for way in ways_to_peers(situation, host):
        if isinstance(way, CouldNotLook):
            yield way
        elif way.route is None:
            evidence = Evidence(what="route", expected=f"a route to {way.vtep}", actual="none")
            subject = Subject(peer=way.peer.name, item=str(way.vtep))
            yield findings.NO_ROUTE.found(subject, evidence)
        elif way.route.source != own:
            wrong[way.route.source].append(way)
    for source, ways in wrong.items():
        names = ", ".join(f"{way.peer.name} ({way.vtep})" for way in ways)
        evidence = Evidence(
            what="source of the route",
            expected=f"{own}, as advertised, to {names}",
            actual=str(source),
        )
        yield findings.SOURCE.found(
            Subject(peer=only([way.peer for way in ways]), item=str(source)),
            evidence,
            destination=str(ways[0].vtep),
            address=str(own),
        )


CHECKS = (
    Check(
        name="overlay underlay",
        finds=(findings.SOURCE, findings.ADDRESS_GONE, findings.NO_ROUTE),
        run=check,
    ),
)
