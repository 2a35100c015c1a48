"""How many tasks should be behind each VIP of this node, and how many are?"""

from collections.abc import Mapping
from dataclasses import dataclass

from probes.audit.balancer_state import ServedVip, balancers, served_vips
from probes.audit.situation import Situation


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendCounts:
    """How many tasks should be behind a VIP on this node, and how many destinations are."""

    #: Running tasks.
    expected: int
    #: Of those, destinations that get connections.
    present: int
    #: Destinations that get connections, and are no task that may be alive.
    stale: int
    #: Destinations of weight 0.
    drained: int


def backend_counts(situation: Situation) -> Mapping[tuple[str, str], BackendCounts]:
    """Count by (network's name, service's name), where this node's load balancer could be read."""
    return {
        (balancer.network.name, served.service.name): _count(served)
        for balancer in balancers(situation)
        for served in served_vips(balancer, situation)
    }


def _count(served: ServedVip) -> BackendCounts:
    active = {address for address, item in served.backends.items() if item.weight}
    return BackendCounts(
        expected=len(served.running),
        present=len(active & served.running.keys()),
        stale=len(active - served.possible.keys()),
        drained=len(served.backends) - len(active),
    )
