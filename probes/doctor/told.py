"""What does one node have to tell of its looks? Folded as far as the doctor needs it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from probes.doctor.case import Counted, FailingLook, Reached, Way
from probes.model.probe import Kind, ProbeId, Target
from probes.model.result import Result, Verdict

#: Fifty nodes of them are some megabytes; what is behind them is seen in fewer.
_MOST_FAILING = 300
_LONGEST_DETAIL = 200
#: One lost run is no outage: TCP alone loses one now and then.
LASTS_TIMES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one probe ended last, and since when it has failed, if it has."""

    result: Result
    #: Failures in a row.
    times: int = 0
    #: Unix seconds; 0 while it does not fail.
    since: float = 0.0

    @property
    def probe(self) -> ProbeId:
        """Say which one."""
        return self.result.probe.id

    @property
    def verdict(self) -> Verdict:
        """Fold how it ended."""
        return self.result.outcome.verdict


def count(looks: Iterable[Look]) -> tuple[Counted, ...]:
    """Count looks by what they are aimed at."""
    by_target = defaultdict[Target, list[Look]](list)
    for look in looks:
        by_target[look.probe.target].append(look)
    return tuple(_counted(target, by_target[target]) for target in Target if target in by_target)


def _counted(target: Target, looks: Sequence[Look]) -> Counted:
    verdicts = [look.verdict for look in looks]
    unseen = (look.result for look in looks if look.verdict is Verdict.UNKNOWN)
    first = next(unseen, None)
    return Counted(
        target=target,
        looks=len(looks),
        failed=verdicts.count(Verdict.FAILED),
        unknown=verdicts.count(Verdict.UNKNOWN),
        why_unknown=(first.detail or str(first.outcome))[:_LONGEST_DETAIL] if first else "",
    )


def failing(looks: Iterable[Look]) -> tuple[tuple[FailingLook, ...], int]:
    """List the looks that fail, the longest first, and count those that there is no room for."""
    found = sorted(
        (look for look in looks if look.verdict is Verdict.FAILED),
        key=lambda look: (look.since, repr(look.probe)),
    )
    shown = tuple(
        FailingLook(
            probe=look.probe,
            outcome=str(look.result.outcome),
            detail=look.result.detail[:_LONGEST_DETAIL],
            times=look.times,
            since=look.since,
        )
        for look in found[:_MOST_FAILING]
    )
    return shown, len(found) - len(shown)


def reached(looks: Iterable[Look]) -> tuple[Reached, ...]:
    """List what tasks serve that was reached, each once, however many looked."""
    found = {
        Reached(
            service=look.probe.destination_service,
            task=look.probe.destination_task,
            node=look.probe.destination_node,
            network=look.probe.network,
            endpoint=served(look.probe),
        ): None
        for look in looks
        if look.probe.target is Target.TASK and look.verdict is Verdict.WORKED
    }
    return tuple(found)


def served(probe: ProbeId) -> str:
    """Name what is looked at of a task; an echo of full size is another thing than a small one."""
    return str(Kind.MTU) if probe.probe is Kind.MTU else probe.endpoint


def ways(looks: Iterable[Look]) -> tuple[Way, ...]:
    """Fold the looks at tasks on other nodes."""
    by_node = defaultdict[str, list[Look]](list)
    for look in _across(looks):
        by_node[look.probe.destination_node].append(look)
    return tuple(
        Way(
            node=node,
            tasks=tuple(sorted({look.probe.destination_task for look in found})),
            looks=len(found),
            failing=sum(look.times >= LASTS_TIMES for look in found),
        )
        for node, found in sorted(by_node.items())
    )


def _across(looks: Iterable[Look]) -> Iterator[Look]:
    for look in looks:
        probe = look.probe
        small = probe.target is Target.TASK and probe.probe is not Kind.MTU
        if small and probe.destination_node not in {"", probe.source_node}:
            yield look
