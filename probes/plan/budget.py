"""Which of the wanted probes fit in the budget?

Over budget, every node keeps a stable, fair sample: of the nodes that could run a probe, one
owns it by rendezvous hashing, so that what is left out here is looked at elsewhere.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from hashlib import blake2b

from probes.model.probe import Kind, Probe


class Tier(IntEnum):
    """What is kept first when not everything can be."""

    NODES = 0  # the mesh between nodes: the ground that all else stands on
    NAMES = 1
    SERVICES = 2  # a service's VIP, or its published port on this very node
    TASKS = 3  # one task, or a published port on another node


@dataclass(frozen=True, slots=True)
class Candidate:
    """A probe that this node could run, and the nodes (ids) that could run its like."""

    probe: Probe
    tier: Tier
    runners: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a node may spend on probing."""

    probes_per_second: float
    series: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a node probes, and what it wanted to and leaves to others."""

    probes: tuple[Probe, ...] = ()
    left_out: tuple[tuple[Kind, int], ...] = ()


NOTHING_PLANNED = Plan()

#: Metric series of one probe: runs, failures, unknown, success, last duration.
SERIES_PER_PROBE = 5


def choose(candidates: Sequence[Candidate], node_id: str, budget: Budget) -> Plan:
    """Keep what fits, in the order of tiers, and count the rest by kind."""
    if _fits((candidate.probe for candidate in candidates), budget):
        return Plan(probes=tuple(candidate.probe for candidate in candidates))
    kept: list[Probe] = []
    left_out = Counter[Kind]()
    rate, series = 0.0, 0
    for candidate in sorted(candidates, key=lambda item: _order(item, node_id)):
        probe = candidate.probe
        rate_with = rate + 1 / probe.interval_seconds
        if rate_with > budget.probes_per_second or series + SERIES_PER_PROBE > budget.series:
            left_out[probe.id.probe] += 1
        else:
            kept.append(probe)
            rate, series = rate_with, series + SERIES_PER_PROBE
    return Plan(probes=tuple(kept), left_out=tuple(sorted(left_out.items())))


def _fits(probes: Iterable[Probe], budget: Budget) -> bool:
    rates = [1 / probe.interval_seconds for probe in probes]
    within_series = len(rates) * SERIES_PER_PROBE <= budget.series
    return sum(rates) <= budget.probes_per_second and within_series


def _order(candidate: Candidate, node_id: str) -> tuple[int, int, int]:
    """Sort by tier, then what this node owns, then what it is next in line for."""
    group = repr(replace(candidate.probe.id, source_node=""))
    scores = {runner: _score(group, runner) for runner in (*candidate.runners, node_id)}
    rank = sorted(scores.values(), reverse=True).index(scores[node_id])
    return candidate.tier, rank, scores[node_id]


def _score(group: str, node_id: str) -> int:
    digest = blake2b(f"{group}|{node_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")
