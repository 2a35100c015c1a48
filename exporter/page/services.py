"""Where is each service, under which address, and do the load balancers know its tasks?"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.page.stacks import NO_STACK, Stacks
from exporter.page.state import OF_SEVERITY, State, worst
from exporter.page.summary import Backends
from exporter.page.swarm import Swarm
from probes.model.topology import Service, Task
from probes.plan.lookup import Lookup

#: So many of a service's nodes are named.
_MOST_NODES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Vip:
    """A virtual address, and the network that it is on."""

    network: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OddBalancer:
    """A node whose load balancer has not the tasks that it should."""

    node: str
    network: str
    expected: int
    present: int
    stale: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """One service."""

    name: str
    stack: str
    state: State
    mode: str
    #: Empty for dnsrr.
    vips: tuple[Vip, ...]
    ports: tuple[str, ...]
    running: int
    #: Desired number; None where the mode has no such number.
    wanted: int | None
    #: Such as ("node1 (2)", "node3"), or ("every node",).
    nodes: tuple[str, ...]
    #: Load balancers that were looked at.
    balancers: int
    odd: tuple[OddBalancer, ...]
    updating: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StackServices:
    """The services of one stack."""

    stack: str
    state: State
    rows: tuple[ServiceRow, ...]


def services(swarm: Swarm) -> tuple[StackServices, ...]:
    """Make a row for each service, by stacks, the worst first."""
    lookup, stacks = Lookup(swarm.topology), Stacks(swarm.topology)
    told = defaultdict[str, list[tuple[str, Backends]]](list)
    found = defaultdict[str, list[State]](list)
    for summary in swarm.summaries:
        for item in summary.backends:
            told[item.service].append((summary.node, item))
        for held in summary.findings:
            found[held.finding.subject.service].append(OF_SEVERITY[held.severity])
    rows = defaultdict[str, list[ServiceRow]](list)
    for service in swarm.topology.services:
        stack = stacks.name(service.name).stack
        rows[stack].append(_row(service, stack, lookup, told[service.name], found[service.name]))
    made = [
        StackServices(
            stack=stack,
            state=worst(row.state for row in items),
            rows=tuple(sorted(items, key=lambda row: (row.state.rank, row.name))),
        )
        for stack, items in rows.items()
    ]
    return tuple(
        sorted(made, key=lambda item: (item.state.rank, item.stack == NO_STACK, item.stack))
    )


def _row(
    service: Service,
    stack: str,
    lookup: Lookup,
    told: Sequence[tuple[str, Backends]],
    found: Sequence[State],
) -> ServiceRow:
    tasks = lookup.tasks_of(service)
    running = [task for task in tasks if task.running]
    odd = tuple(
        OddBalancer(
            node=node,
            network=item.network,
            expected=item.expected,
            present=item.present,
            stale=item.stale,
        )
        for node, item in told
        if item.present < item.expected or item.stale
    )
    short = service.replicas is not None and len(running) < service.replicas
    settling = service.update_state == "updating" or any(task.in_transition for task in tasks)
    states = [*found, State.DOUBTFUL if odd else State.OK]
    if short and not service.mode.endswith("job"):
        states.append(State.DOUBTFUL)
    return ServiceRow(
        name=service.name,
        stack=stack,
        state=worst(states),
        mode=service.mode,
        vips=tuple(_vips(service, lookup)),
        ports=tuple(
            f"{port.published}→{port.target}/{port.protocol}"
            for port in service.ports
            if port.published
        ),
        running=len(running),
        wanted=service.replicas,
        nodes=_places(running, lookup),
        balancers=len(told),
        odd=odd,
        updating=settling,
    )


def _vips(service: Service, lookup: Lookup) -> list[Vip]:
    return [
        Vip(network=network.name, address=str(vip.address))
        for vip in service.vips
        if (network := lookup.networks.get(vip.network_id))
    ]


def _places(running: Sequence[Task], lookup: Lookup) -> tuple[str, ...]:
    counts: Mapping[str, int] = Counter(
        node.name for task in running if (node := lookup.nodes.get(task.node_id))
    )
    if len(counts) == len(lookup.nodes) > 1 and set(counts.values()) == {1}:
        return ("every node",)
    named = [name if number == 1 else f"{name} ({number})" for name, number in counts.items()]
    more = len(named) - _MOST_NODES
    return (*sorted(named)[:_MOST_NODES], *((f"{more} more",) if more > 0 else ()))
