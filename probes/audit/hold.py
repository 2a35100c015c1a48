"""Which findings last? One comparison proves nothing: a finding counts when it stays."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from probes.model.finding import Finding, Subject

#: What a finding is recognised by; its evidence may differ from round to round.
Key = tuple[str, Subject]

_ENOUGH_ROUNDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A finding, and how long it has been there."""

    finding: Finding
    #: Unix seconds of the first of the consecutive rounds that found it.
    since: float
    rounds: int
    #: Once it counts, it does so until it is gone.
    lasting: bool = False


def advance(
    pending: Mapping[Key, Pending],
    found: Iterable[Finding],
    *,
    blind: Collection[str],
    unsettled: Callable[[Finding], bool],
    hold_of: Callable[[str], float],
    now: float,
) -> Mapping[Key, Pending]:
    """Take the findings of one more round.

    *blind* are the codes that this round could not look for: what was pending of them stays as it
    was. What *unsettled* holds back begins anew, unless it was lasting before.
    """
    kept = {key: item for key, item in pending.items() if key[0] in blind}
    for finding in found:
        key = (finding.code, finding.subject)
        known = pending.get(key)
        if unsettled(finding) and not (known and known.lasting):
            continue
        since = known.since if known else now
        rounds = known.rounds + 1 if known else 1
        long_enough = rounds >= _ENOUGH_ROUNDS and now - since >= hold_of(finding.code)
        kept[key] = Pending(
            finding=finding,
            since=since,
            rounds=rounds,
            lasting=long_enough or bool(known and known.lasting),
        )
    return kept
