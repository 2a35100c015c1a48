"""Is every local task, and the load balancer, on the bridge of its overlay, and is there room?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from probes.audit.check import Answer, Check
from probes.audit.local_overlays import (
    LocalEndpoint,
    LocalOverlay,
    local_overlays,
    pasted,
    ports_of,
    state_of,
    unread,
)
from probes.audit.situation import Situation
from probes.findings import overlay as findings
from probes.kernel.endpoints import match_endpoints
from probes.model.finding import Evidence, Finding, Subject
from probes.model.reading import CouldNotLook, Link, NamespaceReading
from probes.model.vantage import VantageKind

#: Kernel net/bridge/br_private.h: BR_MAX_PORTS is 1024, and no port has the number 0.
MOST_PORTS = 1023
_NEARLY_ALL_PORTS = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bridge:
    """What joins an overlay's ports."""

    netns: str
    bridges: Mapping[int, Link]
    links: Mapping[int, Link]

    def judge(self, index: int | None, subject: Subject, service: str) -> Iterator[Finding]:
        """Look at the port with this index; None for a device that is not there."""
        name = next(iter(self.bridges.values())).name
        link = self.links.get(index) if index is not None else None
        expected = f"a port of {name} UP, for {subject.task or 'the load balancer'} {subject.item}"
        if link is None:
            evidence = Evidence(what="port", expected=expected, actual="none")
            yield findings.PORT_MISSING.found(subject, evidence, service=service)
            return
        bridge = self.bridges.get(link.master_index) if link.master_index is not None else None
        if bridge is None or not link.up:
            evidence = Evidence(what="port", expected=expected, actual=state_of(link, bridge))
            yield findings.PORT_DOWN.found(
                subject,
                evidence,
                netns=self.netns,
                device=link.name,
                bridge=bridge.name if bridge else name,
            )


def check(situation: Situation) -> Iterator[Answer]:
    """Follow each local address of an overlay to its port.

    Without its namespace, or a bridge in it, an overlay has no ports: that is found elsewhere.
    """
    places = {item.vantage.netns: item for item in situation.reading.of_kind(VantageKind.TASK)}
    for overlay in local_overlays(situation):
        if overlay.closed is not None:
            yield overlay.closed
            continue
        bridge = _bridge(overlay.reading)
        if bridge is None:
            continue
        for endpoint in overlay.endpoints:
            yield from _task(endpoint, overlay, bridge, places, situation)
        yield from _balancer(overlay, bridge, situation)


def _bridge(reading: NamespaceReading | None) -> _Bridge | None:
    if reading is None:
        return None
    bridges = {link.index: link for link in reading.links if link.kind == "bridge"}
    if not bridges:
        return None
    return _Bridge(
        netns=pasted(reading),
        bridges=bridges,
        links={link.index: link for link in reading.links},
    )


def _task(
    endpoint: LocalEndpoint,
    overlay: LocalOverlay,
    bridge: _Bridge,
    places: Mapping[str | None, NamespaceReading],
    situation: Situation,
) -> Iterator[Answer]:
    if endpoint.local.netns is None:
        return  # it shares the node's own
    place = places.get(endpoint.local.netns)
    if place is None:
        yield CouldNotLook(where=f"task {endpoint.name}", why="its namespace was not read")
        return
    closed = _closed(place, situation)
    if closed is not None:
        yield closed
        return
    subject = Subject(
        network=overlay.network.name,
        service=endpoint.local.service_name,
        task=endpoint.name,
        item=str(endpoint.address),
    )
    index = match_endpoints(place).get(endpoint.address)
    yield from bridge.judge(index, subject, endpoint.local.service_name)


def _balancer(overlay: LocalOverlay, bridge: _Bridge, situation: Situation) -> Iterator[Answer]:
    """Look at the load balancer's port; one that has no namespace is another finding's."""
    kind = VantageKind.INGRESS if overlay.network.ingress else VantageKind.LOAD_BALANCER
    reading = situation.namespace(kind, overlay.network.id)
    if reading is None:
        return
    closed = _closed(reading, situation)
    if closed is not None:
        yield closed
        return
    subnets = overlay.network.subnets
    ends = match_endpoints(reading)
    # Its VIPs are on the same device, and lead to the same port.
    ports = {port: address for address, port in ends.items() if any(address in s for s in subnets)}
    for port in ports or (None,):
        subject = Subject(network=overlay.network.name, item="load balancer")
        yield from bridge.judge(port, subject, overlay.service)


def _closed(reading: NamespaceReading, situation: Situation) -> CouldNotLook | None:
    """Tell why not all of its devices and addresses are known."""
    where = f"{reading.vantage.kind} {reading.vantage.name}"
    return unread(situation, f"{where}, links", f"{where}, addresses")


def check_room(situation: Situation) -> Iterator[Answer]:
    """Count the ports of every overlay's bridge, and of the host's bridges for containers."""
    host = situation.reading.host
    if host is None:
        yield unread(situation, "host") or CouldNotLook(where="host", why="it was not read")
    places = list(situation.reading.of_kind(VantageKind.OVERLAY))
    for reading in (*places, *((host.namespace,) if host else ())):
        for bridge in (link for link in reading.links if link.kind == "bridge"):
            taken = len(ports_of(bridge, reading))
            if taken > _NEARLY_ALL_PORTS:
                evidence = Evidence(
                    what=f"ports of {bridge.name}",
                    expected=f"at most {_NEARLY_ALL_PORTS} of {MOST_PORTS}",
                    actual=str(taken),
                )
                network = reading.vantage.name if reading in places else ""
                subject = Subject(network=network, item=bridge.name)
                yield findings.BRIDGE_FULL.found(subject, evidence)


CHECKS = (
    Check(
        name="overlay ports",
        finds=(findings.PORT_MISSING, findings.PORT_DOWN),
        run=check,
    ),
    Check(
        name="overlay bridges",
        finds=(findings.BRIDGE_FULL,),
        run=check_room,
        needs_topology=False,
    ),
)
