"""What does one agent tell the others of its node, for the page that shows the whole Swarm?

Folded as far as the page needs it: fifty of these make one page.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from pydantic import TypeAdapter

from exporter.audit import AuditState
from exporter.history import towards
from exporter.page.forwarding import Forwarding, forwarding
from exporter.store import Tally
from exporter.view import Source, View
from probes.audit.balancer_counts import backend_counts
from probes.audit.round import Unanswered
from probes.model.finding import HeldFinding
from probes.model.intent import Complaint
from probes.model.probe import ProbeId, Target
from probes.model.result import Result, Verdict
from probes.plan.budget import Plan

_Key = TypeVar("_Key", bound=Hashable)
#: A sentence for each of many cells.
_LONGEST_REASON = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What came last of several probes."""

    probes: int
    failed: int
    unknown: int
    #: Of those that worked, the slowest; None when none did.
    seconds: float | None
    #: Why one of them failed, or could not look; "" when all worked.
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """From one service to another."""

    source: str
    destination: str
    counted: Counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """From this node to another one."""

    node: str
    #: Whether over the overlays; else between the nodes themselves.
    overlay: bool
    counted: Counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Backends:
    """Behind one VIP, as this node's load balancer has it."""

    network: str
    service: str
    expected: int
    present: int
    stale: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFacts:
    """What an agent knows, from which its summary is made."""

    view: View
    tallies: tuple[Tally, ...]
    plan: Plan
    audit: AuditState
    complaints: tuple[Complaint, ...]
    #: Why the configuration could not be loaded again; "" when it could.
    config_error: str
    version: str
    #: Unix seconds.
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One node, as its agent sees it."""

    #: "" where the agent stands alone.
    node: str
    version: str
    #: Unix seconds.
    at: float
    source: Source
    #: Unix seconds at which a manager's Engine was last read; 0 for never.
    topology_read_at: float
    topology_error: str
    config_error: str
    probes: int
    left_out: int
    failed: int
    unknown: int
    #: Unix seconds; 0 before the first round.
    audited_at: float
    findings: tuple[HeldFinding, ...] = ()
    #: Found, but not for long enough yet.
    pending: int = 0
    unanswered: tuple[Unanswered, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    pairs: tuple[Pair, ...] = ()
    ways: tuple[Way, ...] = ()
    forwarding: tuple[Forwarding, ...] = ()
    backends: tuple[Backends, ...] = ()


_SUMMARY = TypeAdapter(Summary)


def dump_summary(summary: Summary) -> bytes:
    """Write a summary as one JSON object, its fields named as here."""
    return _SUMMARY.dump_json(summary)


def load_summary(document: bytes) -> Summary:
    """Read what `dump_summary` wrote; ValueError for anything else."""
    return _SUMMARY.validate_json(document)


def summarise(facts: OwnFacts) -> Summary:
    """Fold what the agent knows."""
    view, audit, latest = facts.view, facts.audit, [tally.latest for tally in facts.tallies]
    verdicts = [result.outcome.verdict for result in latest]
    return Summary(
        node=view.node_name,
        version=facts.version,
        at=facts.now,
        source=view.source,
        topology_read_at=view.topology.read_at,
        topology_error=view.error,
        config_error=facts.config_error,
        probes=len(facts.plan.probes),
        left_out=sum(count for _, count in facts.plan.left_out),
        failed=verdicts.count(Verdict.FAILED),
        unknown=verdicts.count(Verdict.UNKNOWN),
        audited_at=audit.at,
        findings=audit.held,
        pending=audit.pending,
        unanswered=audit.unanswered,
        complaints=facts.complaints,
        pairs=tuple(_pairs(latest)),
        ways=tuple(_ways(latest)),
        forwarding=forwarding(audit.situation),
        backends=tuple(_backends(audit)),
    )


def _pairs(results: Iterable[Result]) -> Iterator[Pair]:
    of_services = (item for item in results if item.probe.id.target is not Target.NODE)
    for (source, destination), found in _grouped(of_services, pair_of):
        yield Pair(source=source, destination=destination, counted=_count(found))


def pair_of(probe: ProbeId) -> tuple[str, str]:
    """Name the two services that a probe is between."""
    return probe.source_service, probe.destination_service


def _ways(results: Iterable[Result]) -> Iterator[Way]:
    """Tell of each other node: of its agent over the underlay, of its tasks over the overlays."""
    across = (item for item in results if _crosses(item.probe.id))
    for (node, overlay), found in _grouped(across, _way_of):
        yield Way(node=node, overlay=overlay, counted=_count(found))


def _crosses(probe: ProbeId) -> bool:
    elsewhere = probe.destination_node not in {"", probe.source_node}
    return elsewhere and probe.target in {Target.NODE, Target.TASK}


def _way_of(probe: ProbeId) -> tuple[str, bool]:
    return probe.destination_node, probe.target is Target.TASK


def _grouped(
    results: Iterable[Result], key: Callable[[ProbeId], _Key]
) -> Iterable[tuple[_Key, list[Result]]]:
    groups = defaultdict[_Key, list[Result]](list)
    for result in results:
        groups[key(result.probe.id)].append(result)
    return groups.items()


def _count(results: list[Result]) -> Counted:
    verdicts = [result.outcome.verdict for result in results]
    worked = (item.seconds for item in results if item.outcome.verdict is Verdict.WORKED)
    failed = (item for item in results if item.outcome.verdict is Verdict.FAILED)
    unseen = (item for item in results if item.outcome.verdict is Verdict.UNKNOWN)
    worst = next(failed, None) or next(unseen, None)
    return Counted(
        probes=len(results),
        failed=verdicts.count(Verdict.FAILED),
        unknown=verdicts.count(Verdict.UNKNOWN),
        seconds=max(worked, default=None),
        why=_reason(worst)[:_LONGEST_REASON] if worst else "",
    )


def _reason(result: Result) -> str:
    what = f"{result.probe.id.probe} {towards(result)}"
    return f"{what}: {result.outcome}" + (f", {result.detail}" if result.detail else "")


def _backends(audit: AuditState) -> Iterator[Backends]:
    if audit.situation is None:
        return
    for (network, service), counts in backend_counts(audit.situation).items():
        yield Backends(
            network=network,
            service=service,
            expected=counts.expected,
            present=counts.present,
            stale=counts.stale,
        )
