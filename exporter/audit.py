"""What disagrees on this node, round after round, and for how long?

Each round joins what is known at one moment and asks every check, in a thread. What lasts is shown;
a round never takes more than a small share of the time.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from exporter.view import Source, View
from probes.audit import hold
from probes.audit.changes import Changes, follow
from probes.audit.round import CHECKS, Round, Unanswered, audit
from probes.audit.situation import Seen, Situation, situate
from probes.findings import FINDINGS
from probes.model.finding import Finding, HeldFinding
from probes.model.intent import Intent
from probes.model.reading import NOTHING_READ, NodeReading
from probes.model.result import Result

logger = logging.getLogger(__name__)

#: A round may take at most this share of the time, whatever the Swarm grows to.
_LARGEST_SHARE = 0.05
_UNTIL_THERE_IS_A_SWARM_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the agent has at hand when a round begins."""

    view: View
    intent: Intent
    reading: NodeReading
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditState:
    """What the last round left."""

    #: Unix seconds; 0 before the first.
    at: float = 0.0
    seconds: float = 0.0
    rounds: int = 0
    held: tuple[HeldFinding, ...] = ()
    #: Found, but not for long enough, or where something is still on its way.
    pending: int = 0
    unanswered: tuple[Unanswered, ...] = ()
    situation: Situation | None = None


@dataclass(slots=True)
class _Memory:
    """What one round hands to the next."""

    changes: Changes = field(default_factory=Changes)
    pending: Mapping[hold.Key, hold.Pending] = field(default_factory=dict)
    before: NodeReading = NOTHING_READ


class Auditor:
    """Asks the checks again and again; `state` is what came of it."""

    def __init__(
        self,
        observe: Callable[[], Awaitable[Observed]],
        interval_seconds: float,
        on_round: Callable[[Situation], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._observe = observe
        self.interval_seconds = interval_seconds
        self._on_round = on_round
        self._clock = clock
        self._memory = _Memory()
        self.state = AuditState()

    async def run(self) -> None:
        """Audit for ever."""
        while True:
            began = time.monotonic()
            observed = await self._observe()
            if observed.view.membership is None or observed.view.source is Source.NONE:
                await asyncio.sleep(min(self.interval_seconds, _UNTIL_THERE_IS_A_SWARM_SECONDS))
                continue
            await self._round(observed)
            spent = time.monotonic() - began
            await asyncio.sleep(max(self.interval_seconds - spent, spent / _LARGEST_SHARE))

    async def _round(self, observed: Observed) -> None:
        state = await asyncio.to_thread(self._judge, observed, self._clock())
        self._tell(state)
        self.state = state
        if state.situation is not None:
            self._on_round(state.situation)

    def situation(self, observed: Observed, now: float) -> Situation | None:
        """Join what was observed and what is remembered; None while this node is unknown."""
        view = observed.view
        seen = Seen(
            local=view.local,
            reading=observed.reading,
            before=self._memory.before,
            views=view.views,
            results=observed.results,
            departed=self._memory.changes.departed,
        )
        node_id = view.membership.node_id if view.membership else ""
        return situate(view.topology, observed.intent, node_id, seen, now)

    def _judge(self, observed: Observed, now: float) -> AuditState:
        """Take one round, in a thread."""
        began = time.thread_time()
        memory, view = self._memory, observed.view
        memory.changes = follow(memory.changes, view.topology, now)
        situation = self.situation(observed, now)
        found = audit(situation) if situation else _UNKNOWN_NODE
        memory.pending = hold.advance(
            memory.pending,
            found.findings,
            blind=found.blind,
            unsettled=lambda item: (
                FINDINGS[item.code].patient
                and memory.changes.unsettled(item.subject, view.node_name, now)
            ),
            hold_of=lambda code: FINDINGS[code].hold_seconds,
            now=now,
        )
        memory.before = observed.reading
        lasting = [item for item in memory.pending.values() if item.lasting]
        return AuditState(
            at=now,
            seconds=time.thread_time() - began,
            rounds=self.state.rounds + 1,
            held=tuple(sorted((_shown(item, view.node_name) for item in lasting), key=_order)),
            pending=len(memory.pending) - len(lasting),
            unanswered=found.unanswered,
            situation=situation,
        )

    def _tell(self, state: AuditState) -> None:
        """Log what came and what went, once each."""
        before = {_key(item.finding) for item in self.state.held}
        now = {_key(item.finding): item for item in state.held}
        for key, item in now.items():
            if key not in before:
                logger.warning("found %s", describe(item))
        for key in before - now.keys():
            logger.info("no longer found: %s %s", key[0], key[1])


_UNKNOWN_NODE = Round(
    unanswered=tuple(
        Unanswered(check=check.name, where="topology", why="it does not know this node yet")
        for check in CHECKS
    ),
    blind=frozenset(spec.code for check in CHECKS for spec in check.finds),
)


def _shown(item: hold.Pending, node: str) -> HeldFinding:
    spec = FINDINGS[item.finding.code]
    return HeldFinding(
        finding=item.finding,
        since=item.since,
        severity=spec.severity,
        meaning=spec.meaning,
        remedy=spec.remedy_of(item.finding, node),
        references=spec.references,
    )


def _key(finding: Finding) -> hold.Key:
    return finding.code, finding.subject


def _order(item: HeldFinding) -> tuple[object, ...]:
    """Sort the worst first, then by what is concerned."""
    return list(type(item.severity)).index(item.severity), item.finding.code, item.finding.subject


def describe(item: HeldFinding) -> str:
    """Say in one line what was found, about what, and by which evidence."""
    subject = item.finding.subject
    about = [
        f"{name} {value}"
        for name, value in (
            ("network", subject.network),
            ("service", subject.service),
            ("task", subject.task),
            ("node", subject.peer),
        )
        if value
    ]
    rows = "; ".join(
        f"{row.what}: expected {row.expected}, found {row.actual}" for row in item.finding.evidence
    )
    return f"{item.finding.code} ({', '.join((*about, subject.item)).rstrip(', ')}): {rows}"
