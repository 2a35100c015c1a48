"""Does something on this node have, or share, what belongs to an overlay?

A VXLAN device's number counts once for each UDP port and namespace that it sends from; Docker makes
its devices on the host and moves them (moby libnetwork/drivers/overlay/ov_network.go), so all of
them send from there.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from probes.audit.check import Answer, Check
from probes.audit.local_overlays import unread
from probes.audit.situation import Situation
from probes.findings import overlay as findings
from probes.model.finding import Evidence, Finding, Subject
from probes.model.reading import CouldNotLook, Link, NamespaceReading
from probes.model.topology import Network
from probes.model.vantage import VantageKind

#: As Docker calls them until they are in their namespace: kind, VNI, beginning of the network's id.
_UNMOVED = re.compile(r"(?:vx|ov)-(?P<vni>[0-9a-f]{6})-[0-9a-z]{1,5}")


def check(situation: Situation) -> Iterator[Answer]:
    """Look at the host's devices, and into namespaces that belong to no network."""
    host = situation.reading.host
    closed = unread(situation, "host", "host, links")
    if closed is not None or host is None:
        yield closed or CouldNotLook(where="host", why="it was not read")
    else:
        for link in host.namespace.links:
            yield from _on_host(link, situation)
    for reading, link in _unclaimed(situation):
        network = _network_of(link.vni, situation)
        if network is not None:
            file = Path(reading.vantage.netns or reading.vantage.name).name
            yield _taken(network, link, f"namespace {file}", situation)


def taken_vnis(situation: Situation) -> frozenset[int]:
    """Give the VNIs that devices outside of their networks' namespaces have."""
    host = situation.reading.host
    outside = [link for _, link in _unclaimed(situation)]
    if host is not None:
        outside += [link for link in host.namespace.links if _on_our_port(link, situation)]
    return frozenset(link.vni for link in outside if link.vni is not None)


def _on_host(link: Link, situation: Situation) -> Iterator[Finding]:
    unmoved = _UNMOVED.fullmatch(link.name)
    if unmoved:
        network = _network_of(int(unmoved["vni"], base=16), situation)
        evidence = Evidence(
            what="device on the host",
            expected=f"none: Docker moves it into {network.name if network else 'a network'}",
            actual=f"{link.name} ({link.kind}, vxlan id {int(unmoved['vni'], base=16)})",
        )
        subject = Subject(network=network.name if network else "", item=link.name)
        yield findings.ORPHAN.found(subject, evidence)
        return
    if not _on_our_port(link, situation):
        return
    network = _network_of(link.vni, situation)
    if network is not None:
        yield _taken(network, link, link.name, situation)
        return
    evidence = Evidence(
        what="VXLAN on the host",
        expected=f"none on UDP port {situation.topology.data_path_port}",
        actual=f"{link.name} id {link.vni} dstport {link.vxlan_port}",
    )
    yield findings.FOREIGN_VXLAN.found(Subject(item=link.name), evidence)


def _on_our_port(link: Link, situation: Situation) -> bool:
    return link.kind == "vxlan" and link.vxlan_port == situation.topology.data_path_port


def _network_of(vni: int | None, situation: Situation) -> Network | None:
    networks = situation.topology.networks
    return next((network for network in networks if vni in network.vnis), None)


def _unclaimed(situation: Situation) -> Iterator[tuple[NamespaceReading, Link]]:
    """List the VXLAN devices in overlay namespaces of networks that are no more."""
    for reading in situation.reading.of_kind(VantageKind.OVERLAY):
        if situation.network(reading.network_id) is None:
            for link in reading.links:
                if _on_our_port(link, situation):
                    yield reading, link


def _taken(network: Network, link: Link, item: str, situation: Situation) -> Finding:
    own = situation.namespace(VantageKind.OVERLAY, network.id)
    file = Path(own.vantage.netns or "").name if own else f"*-{network.id[:10]}"
    evidence = Evidence(
        what=f"vxlan id {link.vni}",
        expected=f"in {file} alone",
        actual=f"{item}, dstport {link.vxlan_port}",
    )
    return findings.VNI_TAKEN.found(Subject(network=network.name, item=item), evidence)


CHECKS = (
    Check(
        name="overlay strangers",
        finds=(findings.ORPHAN, findings.VNI_TAKEN, findings.FOREIGN_VXLAN),
        run=check,
    ),
)
