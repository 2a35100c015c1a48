"""Which names did tasks of this node ask for, and what came of it?"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from probes.audit.situation import Situation
from probes.model.probe import DnsLook, ExpectedAnswer, Target
from probes.model.reading import CouldNotLook
from probes.model.result import Outcome, Result
from probes.model.topology import Service
from probes.model.vantage import VantageKind
from probes.plan import answers
from probes.plan.lookup import Lookup

#: A probe that has missed so many of its turns says nothing of what is now.
_STALE_INTERVALS = 3
_SILENT = frozenset(
    {Outcome.TIMEOUT, Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.RESET, Outcome.BAD_REPLY},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A name that a task here asked for, and what came of it."""

    look: DnsLook
    result: Result
    source: Service
    destination: Service

    @property
    def task(self) -> str:
        """Name the task, such as "shop_web.2"."""
        return self.result.probe.vantage.name

    @property
    def ended_at(self) -> float:
        """Tell when the look ended, in Unix seconds."""
        return self.result.started_at + self.result.seconds

    @property
    def silent(self) -> bool:
        """Whether nothing came that could be called an answer."""
        return self.result.outcome in _SILENT


def asked_here(situation: Situation) -> Iterator[Asked]:
    """List the looks at names whose expectation is still the one that they were held against."""
    services = {service.name: service for service in situation.topology.services}
    here = {task.netns for task in situation.local}
    for result in situation.results:
        probe = result.probe
        look, vantage = probe.look, probe.vantage
        if not isinstance(look, DnsLook) or probe.id.target is not Target.NAME:
            continue
        source = services.get(probe.id.source_service)
        destination = services.get(probe.id.destination_service)
        if source is None or destination is None or vantage.kind is not VantageKind.TASK:
            continue
        if vantage.netns not in here or result.outcome is Outcome.VANISHED:
            continue  # the task that asked is gone
        expected = _expected(look.name, source, destination, situation.lookup)
        if expected and look.expected == expected:
            yield Asked(look=look, result=result, source=source, destination=destination)


def _expected(
    name: str,
    source: Service,
    destination: Service,
    lookup: Lookup,
) -> tuple[ExpectedAnswer, ...]:
    shared = sorted(lookup.overlays_of(source) & lookup.overlays_of(destination))
    if name == destination.name:
        return answers.of_service_name(destination, shared, lookup)
    return answers.of_tasks_name(destination, shared, lookup)


def _is_stale(item: Asked, now: float) -> bool:
    probe = item.result.probe
    limit = _STALE_INTERVALS * probe.interval_seconds + probe.timeout_seconds
    return now - item.result.started_at > limit


def not_lately(asked: Iterable[Asked], now: float) -> Iterator[CouldNotLook]:
    """Tell which tasks' names have not been asked for in a long time."""
    overdue = defaultdict[str, list[float]](list)
    for item in asked:
        if _is_stale(item, now):
            overdue[item.task].append(now - item.result.started_at)
    for task, ages in overdue.items():
        why = f"{len(ages)} names were last asked for up to {max(ages):.0f} s ago"
        yield CouldNotLook(where=f"task {task}, names", why=why)


def by_task(asked: Iterable[Asked], now: float) -> Mapping[str, Sequence[Asked]]:
    """Group the looks of late by the task that they were taken from."""
    found = defaultdict[str, list[Asked]](list)
    for item in asked:
        if not _is_stale(item, now):
            found[item.task].append(item)
    return found
