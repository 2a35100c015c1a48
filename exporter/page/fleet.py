"""How is each node's agent, and how old is what it knows?"""

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.page.state import OF_SEVERITY, State, worst
from exporter.page.summary import Summary
from exporter.page.swarm import Swarm
from exporter.view import Source
from probes.model.topology import NO_TOPOLOGY, Node

#: Three resyncs of half a minute, and then some (`exporter.settings.TopologySettings`).
_OLD_AFTER_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One node's row."""

    node: str
    state: State
    #: Such as "manager, leader".
    role: str
    address: str
    #: As Swarm says: "ready, active".
    swarm_state: str
    #: What its agent said, or why it did not.
    agent: str
    #: None where the agent did not answer.
    summary: Summary | None = None
    topology_age_seconds: float | None = None


def fleet(swarm: Swarm) -> tuple[Member, ...]:
    """Make a row for each node, the worst first."""
    rows = list(_members(swarm))
    return tuple(sorted(rows, key=lambda row: (row.state.rank, row.node)))


def _members(swarm: Swarm) -> Iterator[Member]:
    told = {summary.node: summary for summary in swarm.summaries}
    silent = {item.node: item.why for item in swarm.silent}
    if swarm.topology == NO_TOPOLOGY:
        yield _answering(None, swarm.own, swarm.now)
    for node in swarm.topology.nodes:
        summary = told.get(node.name)
        if summary is not None:
            yield _answering(node, summary, swarm.now)
        else:
            yield _row(node, State.BAD, f"did not answer: {silent.get(node.name, 'not asked')}")


def _answering(node: Node | None, summary: Summary, now: float) -> Member:
    known = summary.source is not Source.NONE
    age = max(0.0, now - summary.topology_read_at) if known else None
    complaints = list(_complaints(summary, age))
    found = worst(OF_SEVERITY[item.severity] for item in summary.findings)
    states = [found, State.DOUBTFUL if complaints else State.OK]
    if node is not None and node.state != "ready":
        states.append(State.BAD)
    said = "; ".join(complaints) or "answers"
    return _row(node, worst(states), said, summary, age)


def _complaints(summary: Summary, age: float | None) -> Iterator[str]:
    if summary.topology_error:
        yield f"topology: {summary.topology_error}"
    elif age is not None and age > _OLD_AFTER_SECONDS:
        yield "its topology is old"
    if summary.config_error:
        yield f"the configuration could not be reloaded, the old one stays: {summary.config_error}"


def _row(
    node: Node | None,
    state: State,
    said: str,
    summary: Summary | None = None,
    age: float | None = None,
) -> Member:
    if node is None:
        return Member(
            node="this node",
            state=state,
            role="",
            address="",
            swarm_state="in no Swarm",
            agent=said,
            summary=summary,
        )
    role = "manager" if node.manager else "worker"
    return Member(
        node=node.name,
        state=state,
        role=f"{role}, leader" if node.leader else role,
        address=str(node.address or ""),
        swarm_state=f"{node.state}, {node.availability}",
        agent=said,
        summary=summary,
        topology_age_seconds=age,
    )
