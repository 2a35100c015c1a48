"""What does one node probe?"""

from collections.abc import Iterable
from dataclasses import dataclass

from probes.model.intent import Intent
from probes.model.local import LocalTask
from probes.model.topology import Topology
from probes.plan.budget import Budget, Plan, choose
from probes.plan.candidates import Pace, standpoints, towards_agents, towards_services
from probes.plan.forbidden import towards_forbidden
from probes.plan.lookup import Lookup
from probes.plan.outside import towards_external, towards_routes
from probes.plan.published import towards_published
from probes.plan.widths import towards_widths


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSettings:
    """What the operator of the agent decides about its probing."""

    pace: Pace
    budget: Budget
    #: Our own service's name; "" when the agent was not deployed as one.
    agent_service: str
    agent_port: int


def plan(
    topology: Topology,
    intent: Intent,
    node_id: str,
    local: Iterable[LocalTask],
    settings: PlanSettings,
) -> Plan:
    """Decide what *node_id* probes; empty while the topology does not know the node."""
    lookup = Lookup(topology, intent)
    node = lookup.nodes.get(node_id)
    if node is None:
        return Plan()
    sources = standpoints(lookup, local)
    candidates = [
        *towards_agents(
            lookup,
            node,
            settings.agent_service,
            settings.agent_port,
            settings.pace,
        ),
        *towards_services(lookup, node, sources, settings.pace),
        *towards_forbidden(lookup, node, sources, settings.pace),
        *towards_external(lookup, node, sources, settings.pace),
        *towards_routes(lookup, node, settings.agent_service, settings.pace),
        *towards_widths(lookup, node, sources, settings.pace),
        *towards_published(lookup, node, settings.agent_service, settings.pace),
    ]
    return choose(candidates, node_id, settings.budget)
