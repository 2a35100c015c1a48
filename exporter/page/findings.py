"""What disagrees anywhere, said once, however many nodes see it?"""

from collections import defaultdict
from dataclasses import dataclass

from exporter.page.state import OF_SEVERITY, State
from exporter.page.swarm import Swarm
from probes.model.finding import Evidence, HeldFinding, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one node saw of it."""

    node: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One finding, of all nodes that hold it."""

    code: str
    state: State
    severity: str
    #: Such as ("network shop_app", "task shop_api.2").
    about: tuple[str, ...]
    #: Unix seconds at which the first node saw it.
    since: float
    meaning: str
    seen: tuple[Seen, ...]
    #: Commands to paste, each once.
    remedies: tuple[str, ...]
    references: tuple[str, ...]


def found(swarm: Swarm) -> tuple[Found, ...]:
    """Join the findings of all nodes, the worst and then the oldest first."""
    held = defaultdict[tuple[str, Subject], list[tuple[str, HeldFinding]]](list)
    for summary in swarm.summaries:
        for item in summary.findings:
            held[item.finding.code, item.finding.subject].append((summary.node, item))
    rows = (_joined(code, subject, items) for (code, subject), items in held.items())
    return tuple(sorted(rows, key=lambda row: (row.state.rank, row.since, row.code, row.about)))


def _joined(code: str, subject: Subject, items: list[tuple[str, HeldFinding]]) -> Found:
    first = items[0][1]
    return Found(
        code=code,
        state=OF_SEVERITY[first.severity],
        severity=str(first.severity),
        about=about(subject),
        since=min(item.since for _, item in items),
        meaning=first.meaning,
        seen=tuple(Seen(node=node, evidence=item.finding.evidence) for node, item in items),
        remedies=tuple(dict.fromkeys(item.remedy for _, item in items if item.remedy)),
        references=first.references,
    )


def about(subject: Subject) -> tuple[str, ...]:
    """Name what a finding is about, each with what it is."""
    named = (
        ("network", subject.network),
        ("service", subject.service),
        ("task", subject.task),
        ("node", subject.peer),
        ("", subject.item),
    )
    return tuple(f"{what} {value}".strip() for what, value in named if value)
