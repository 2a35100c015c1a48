"""Does every published port answer on this node, and can the routing mesh work here?

Cause before symptom: a port that does not answer is told of only where nothing that was found of
the bridge, the mesh, the node's forwarding or its kernel explains it. Where the forwarding family
finds entries of the ingress network missing, those are the cause.
"""

from collections.abc import Iterator

from probes.audit.check import Answer, Check
from probes.audit.host import check_forwarding
from probes.audit.mesh import check_mesh
from probes.audit.published import (
    EVERY_PORT,
    Lacking,
    Published,
    findings_of,
    ingress_network,
    published_ports,
)
from probes.audit.situation import Situation
from probes.audit.speaker import speaks_for_swarm
from probes.findings import ingress as findings
from probes.model.finding import Evidence, Finding, Subject
from probes.model.probe import Kind, Target
from probes.model.reading import CouldNotLook
from probes.model.result import Result, Verdict

_BRIDGE = "docker_gwbridge"


def check_bridge(situation: Situation) -> Iterator[Answer]:
    """Look for the device between this node and its containers; all ports depend on it."""
    if situation.reading.host is None:
        yield situation.unread("host") or CouldNotLook(where="host", why="it was not read")
    elif _needs_bridge(situation):
        yield from _bridge(situation)


def _bridge(situation: Situation) -> Iterator[Finding]:
    host = situation.reading.host
    links = host.namespace.links if host else ()
    bridge = next((item for item in links if item.name == _BRIDGE), None)
    if bridge is None:
        evidence = Evidence(what="ip link", expected=_BRIDGE, actual="none")
        yield findings.GWBRIDGE_MISSING.found(Subject(item=_BRIDGE), evidence)
    elif not bridge.up:
        evidence = Evidence(what="ip link", expected=f"{_BRIDGE} state UP", actual="DOWN")
        yield findings.GWBRIDGE_DOWN.found(Subject(item=_BRIDGE), evidence)


def _needs_bridge(situation: Situation) -> bool:
    """Tell whether something stands on it: ports of the mesh, or tasks that may reach outside."""
    inward = bool(ingress_network(situation) and published_ports(situation))
    return inward or any(not network.internal for network in situation.overlays_here())


def check_ports(situation: Situation) -> Iterator[Answer]:
    """Tell of ports that do not answer on this node's own address, and that nothing explains.

    None does on a kernel without IPVS: that is the host family's one finding.
    """
    network = ingress_network(situation)
    if network is None or not situation.reading.ipvs:
        return
    for result in _own_looks(situation):
        if result.outcome.verdict is Verdict.UNKNOWN:
            where = f"port {result.probe.id.endpoint}"
            yield CouldNotLook(where=where, why=result.detail)
    explained = _explained(situation)
    if EVERY_PORT in explained:
        return
    tcp = [item for item in published_ports(situation) if item.port.protocol == "tcp"]
    silent = dead_ports_here(situation)
    dead = [
        item
        for item in tcp
        if item.number in silent and not explained & {str(item), item.service.name}
    ]
    everywhere = [item for item in dead if _dead_elsewhere_too(item, situation)]
    here = [_lacking(item, situation) for item in dead if item not in everywhere]
    yield from findings_of(findings.PORT_DEAD, network.name, here, tcp)
    if speaks_for_swarm(situation):
        mesh = [_lacking(item, situation) for item in everywhere if _listens(item, situation)]
        yield from findings_of(findings.PORT_DEAD_EVERYWHERE, network.name, mesh, tcp)


def dead_ports_here(situation: Situation) -> tuple[int, ...]:
    """List the published TCP ports that do not answer on this node's own address, in order."""
    failed = (
        int(result.probe.id.endpoint)
        for result in _own_looks(situation)
        if result.outcome.verdict is Verdict.FAILED
    )
    return tuple(sorted(set(failed)))


def _own_looks(situation: Situation) -> list[Result]:
    return [
        result
        for result in situation.results
        if result.probe.id.target is Target.PUBLISHED
        and result.probe.id.destination_node == situation.node.name
    ]


def _explained(situation: Situation) -> set[str]:
    """Name the ports and the services whose silence has a cause that is told, or every port."""
    broken = (*check_bridge(situation), *check_forwarding(situation))
    if any(isinstance(answer, Finding) for answer in broken):
        return {EVERY_PORT}
    found = [answer for answer in check_mesh(situation) if isinstance(answer, Finding)]
    if any(item.code == findings.NAMESPACE_MISSING.code for item in found):
        return {EVERY_PORT}
    stale = {item.subject.service for item in found if item.code == findings.BACKEND_STALE.code}
    return stale | {item.subject.item for item in found}


def _dead_elsewhere_too(published: Published, situation: Situation) -> bool:
    """Tell whether all other agents say the same; nobody else to ask is no "everywhere"."""
    told = [
        published.number in report.dead_ports
        for node_id, report in situation.reports.items()
        if node_id != situation.node.id and _is_ready(node_id, situation)
    ]
    return bool(told) and all(told)


def _is_ready(node_id: str, situation: Situation) -> bool:
    node = situation.lookup.nodes.get(node_id)
    return node is not None and node.state == "ready"


def _listens(published: Published, situation: Situation) -> bool:
    """Tell whether a task may be listening: if none is, that is the service's own fault."""
    verdicts = [
        result.outcome.verdict
        for result in situation.results
        if result.probe.id.target is Target.TASK
        and result.probe.id.probe is Kind.TCP
        and result.probe.id.destination_service == published.service.name
        and result.probe.id.endpoint == str(published.port.target)
    ]
    return not verdicts or Verdict.WORKED in verdicts


def _lacking(published: Published, situation: Situation) -> Lacking:
    """Show what became of the own look, and what the other nodes say."""
    (result, *_) = (
        item for item in _own_looks(situation) if item.probe.id.endpoint == str(published.number)
    )
    rows = [
        Evidence(
            what=f"tcp {situation.node.address}:{published.number}",
            expected="answers",
            actual=f"{result.outcome}: {result.detail}",
        ),
    ]
    for node_id, report in sorted(situation.reports.items()):
        node = situation.lookup.nodes.get(node_id)
        if node and node != situation.node and _is_ready(node_id, situation):
            dead = published.number in report.dead_ports
            rows.append(
                Evidence(
                    what=f"tcp {node.address}:{published.number}, seen by {node.name} itself",
                    expected="answers",
                    actual="does not answer" if dead else "answers",
                ),
            )
    return Lacking(published=published, evidence=tuple(rows))


CHECKS = (
    Check(
        name="ingress bridge",
        finds=(findings.GWBRIDGE_MISSING, findings.GWBRIDGE_DOWN),
        run=check_bridge,
    ),
    Check(
        name="ingress mesh",
        finds=(
            findings.NAMESPACE_MISSING,
            findings.RULE_MISSING,
            findings.MARK_MISSING,
            findings.VIRTUAL_SERVICE_MISSING,
            findings.BACKEND_MISSING,
            findings.BACKEND_STALE,
        ),
        run=check_mesh,
    ),
    Check(
        name="ingress ports",
        finds=(findings.PORT_DEAD, findings.PORT_DEAD_EVERYWHERE),
        run=check_ports,
    ),
)
