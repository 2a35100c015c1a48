"""How full is each network, and do the nodes know where to send on it?"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.page.forwarding import Forwarding
from exporter.page.state import OF_SEVERITY, State, worst
from exporter.page.swarm import Swarm
from probes.audit.usage import AddressUsage, usage_of
from probes.model.topology import Network

_FLAGS = ("ingress", "internal", "attachable", "encrypted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A node that lacks forwarding entries."""

    node: str
    present: int
    expected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRow:
    """One overlay."""

    name: str
    state: State
    vnis: str
    subnets: str
    #: Such as "encrypted, attachable".
    flags: str
    used: int
    total: int
    #: Nodes that told of its forwarding entries.
    nodes: int
    missing: tuple[Missing, ...]
    findings: int

    @property
    def used_percent(self) -> int:
        """Say how full it is."""
        return round(100 * self.used / self.total) if self.total else 0


def networks(swarm: Swarm) -> tuple[NetworkRow, ...]:
    """Make a row for each overlay, the worst first."""
    told = defaultdict[str, list[tuple[str, Forwarding]]](list)
    found = defaultdict[str, list[State]](list)
    for summary in swarm.summaries:
        for item in summary.forwarding:
            told[item.network].append((summary.node, item))
        for held in summary.findings:
            found[held.finding.subject.network].append(OF_SEVERITY[held.severity])
    usages = {usage.network_id: usage for usage in usage_of(swarm.topology)}
    rows = [
        _row(network, usages, told[network.name], found[network.name])
        for network in swarm.topology.networks
        if network.driver == "overlay"
    ]
    return tuple(sorted(rows, key=lambda row: (row.state.rank, row.name)))


def _row(
    network: Network,
    usages: Mapping[str, AddressUsage],
    told: Sequence[tuple[str, Forwarding]],
    found: Sequence[State],
) -> NetworkRow:
    usage = usages.get(network.id)
    missing = tuple(
        Missing(node=node, present=item.present, expected=item.expected)
        for node, item in told
        if item.present < item.expected
    )
    states = [*found, State.DOUBTFUL if missing else State.OK]
    if usage and usage.nearly_exhausted:
        states.append(State.DOUBTFUL)
    return NetworkRow(
        name=network.name,
        state=worst(states),
        vnis=", ".join(map(str, network.vnis)),
        subnets=", ".join(map(str, network.subnets)),
        flags=", ".join(flag for flag in _FLAGS if getattr(network, flag) and flag != network.name),
        used=usage.used if usage else 0,
        total=usage.total if usage else 0,
        nodes=len(told),
        missing=missing,
        findings=len(found),
    )
