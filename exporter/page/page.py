"""What does the page show of the whole Swarm? All its parts, made of one gathering."""

from dataclasses import dataclass
from urllib.parse import urlencode

from exporter.page.findings import Found, found
from exporter.page.fleet import Member, fleet
from exporter.page.matrix import Matrix, matrix
from exporter.page.mesh import Mesh, mesh
from exporter.page.networks import NetworkRow, networks
from exporter.page.services import StackServices, services
from exporter.page.state import State, worst
from exporter.page.swarm import Silent, Swarm
from exporter.view import Source
from probes.model.intent import Complaint


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The document that the template writes."""

    #: The node whose agent made it; "" where it stands alone.
    node: str
    version: str
    #: Where this very page is.
    address: str
    #: Unix seconds.
    now: float
    state: State
    #: What is wrong, in a few words each; empty when nothing is.
    wrong: tuple[str, ...]
    #: Why there is no Swarm to show; "" when there is.
    alone: str
    answered: int
    probes: int
    left_out: int
    pending: int
    unanswered: int
    silent: tuple[Silent, ...]
    complaints: tuple[Complaint, ...]
    findings: tuple[Found, ...]
    fleet: tuple[Member, ...]
    matrix: Matrix
    mesh: Mesh
    networks: tuple[NetworkRow, ...]
    services: tuple[StackServices, ...]


def page(swarm: Swarm, asked_stack: str | None = None) -> Page:
    """Make the document."""
    findings, members, pairs = found(swarm), fleet(swarm), matrix(swarm, asked_stack)
    nodes, own = mesh(swarm), swarm.own
    return Page(
        node=own.node,
        version=own.version,
        address="/" if asked_stack is None else f"/?{urlencode({'stack': asked_stack})}",
        now=swarm.now,
        state=_state(findings, members, pairs, nodes),
        wrong=tuple(_wrong(findings, pairs, nodes, swarm)),
        alone=_alone(swarm),
        answered=len(swarm.summaries),
        probes=sum(summary.probes for summary in swarm.summaries),
        left_out=sum(summary.left_out for summary in swarm.summaries),
        pending=sum(summary.pending for summary in swarm.summaries),
        unanswered=sum(len(summary.unanswered) for summary in swarm.summaries),
        silent=swarm.silent,
        complaints=own.complaints,
        findings=findings,
        fleet=members,
        matrix=pairs,
        mesh=nodes,
        networks=networks(swarm),
        services=services(swarm),
    )


def _state(
    findings: tuple[Found, ...], members: tuple[Member, ...], pairs: Matrix, nodes: Mesh
) -> State:
    """Take the worst of what is shown in detail below."""
    return worst(
        (
            *(item.state for item in findings),
            *(item.state for item in members),
            *(item.state for item in pairs.stacks),
            *(item.state for item in nodes.rows),
        ),
    )


def _wrong(findings: tuple[Found, ...], pairs: Matrix, nodes: Mesh, swarm: Swarm) -> list[str]:
    unreached = sum(len(row.missing) + row.more_missing for row in nodes.rows)
    counted = (
        (len(findings), "finding", "findings"),
        (pairs.failing, "pair of services fails", "pairs of services fail"),
        (pairs.unknown, "pair could not be looked at", "pairs could not be looked at"),
        (unreached, "way between nodes fails", "ways between nodes fail"),
        (len(swarm.silent), "agent did not answer", "agents did not answer"),
    )
    return [f"{count} {one if count == 1 else more}" for count, one, more in counted if count]


def _alone(swarm: Swarm) -> str:
    if swarm.own.source is not Source.NONE:
        return ""
    return swarm.own.topology_error or "no topology yet"
