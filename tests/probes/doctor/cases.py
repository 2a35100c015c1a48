"""What do agents tell a doctor? Small cases for tests of the command."""

from dataclasses import replace
from typing import Any

from probes.doctor.case import Case, Counted, FailingLook, Reached, Silence, Told, Way
from probes.findings import FINDINGS
from probes.model.finding import Evidence, HeldFinding, Subject
from probes.model.probe import Kind, ProbeId, Target
from tests.swarms import SHOP

NOW = 1_800_000_000.0


def told(node: str, **more: Any) -> Told:
    """Make what the agent of a node tells when all is well."""
    others = [name for name in ("node1", "node2", "node3") if name != node]
    made = Told(
        node=node,
        version="0.1.0",
        at=NOW,
        clock_ahead_seconds=0.1,
        topology_read_at=NOW - 8,
        audited_at=NOW - 2,
        counted=(
            Counted(target=Target.NAME, looks=12, failed=0, unknown=0),
            Counted(target=Target.TASK, looks=20, failed=0, unknown=0),
            Counted(target=Target.NODE, looks=2, failed=0, unknown=0),
        ),
        reached=(
            Reached(
                service="shop_api", task="shop_api.1", node="node1", network="shop_app", endpoint=""
            ),
        ),
        ways=tuple(
            Way(node=other, tasks=("shop_api.1", "shop_web.2"), looks=4, failing=0)
            for other in others
        ),
    )
    return replace(made, **more)


def case(*nodes: Told, silent: tuple[Silence, ...] = ()) -> Case:
    """Make what was gathered on node1."""
    gathered = nodes or (told("node1"), told("node2"), told("node3"))
    topology = replace(SHOP, read_at=NOW - 8)
    return Case(topology=topology, told=gathered, silent=silent, now=NOW)


def failing(
    source: str, towards: str, *, service: str = "shop_api", detail: str = "", **more: Any
) -> FailingLook:
    """Make a look at a task that fails for half a minute."""
    probe = ProbeId(
        probe=Kind.TCP,
        target=Target.TASK,
        network="shop_app",
        source_service="shop_web",
        source_node=source,
        destination_service=service,
        destination_node="node2",
        destination_task=towards,
        endpoint="8080",
    )
    return FailingLook(
        probe=replace(probe, **more), outcome="refused", detail=detail, times=4, since=NOW - 31
    )


def held(code: str, subject: Subject, *evidence: Evidence, node: str = "node1") -> HeldFinding:
    """Make a finding that has lasted for two minutes."""
    spec = FINDINGS[code]
    rows = evidence or (Evidence(what="row", expected="one", actual="none"),)
    finding = spec.found(subject, *rows, address="198.18.0.13")
    return HeldFinding(
        finding=finding,
        since=NOW - 120,
        severity=spec.severity,
        meaning=spec.meaning,
        remedy=spec.remedy_of(finding, node),
        references=spec.references,
    )
