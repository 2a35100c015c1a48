"""What does this node probe now: of the Swarm, of what was configured, or standing alone?"""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from exporter.settings import Settings
from exporter.targets import configured_probes, standalone_probes
from exporter.view import Source, View
from probes.addresses import first_nameserver
from probes.documents.units import AUTO, Endpoint
from probes.intent.declaration import NO_DECLARATION, Declaration, intent_of
from probes.model.intent import NOTHING_DECLARED, Intent
from probes.model.local import LocalTask
from probes.model.probe import Probe
from probes.plan.budget import NOTHING_PLANNED, Budget, Plan
from probes.plan.candidates import Pace
from probes.plan.plan import PlanSettings, plan

_LOOPBACK = IPv4Address("127.0.0.1")
_RESOLV_CONF = Path("/etc/resolv.conf")

#: What a plan depends on, besides the settings: topology's version, own node, local tasks.
_Basis = tuple[str, str, tuple[LocalTask, ...], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlan:
    """A plan, with the declarations that it was made of."""

    plan: Plan = NOTHING_PLANNED
    intent: Intent = NOTHING_DECLARED
    basis: _Basis | None = None


def plan_node(
    view: View,
    settings: Settings,
    own_service: str,
    declaration: Declaration = NO_DECLARATION,
    *,
    listening: bool,
    before: NodePlan | None,
) -> NodePlan:
    """Plan anew; returns *before* itself while what it was made of is still the same.

    An agent that stands alone looks at its own pages, so not before it is *listening*.
    """
    node_id = view.membership.node_id if view.membership else ""
    alone = listening and view.membership is None and bool(view.error)
    basis = (view.version, node_id, view.local, alone)
    if before is not None and before.basis == basis:
        return before
    configured = configured_probes(settings, view.node_name or socket.gethostname())
    if view.membership is None or view.source is Source.NONE:
        probes = configured or (_standing_alone(settings) if alone else ())
        return NodePlan(plan=Plan(probes=probes), basis=basis)
    intent = intent_of(view.topology, declaration)
    planned = plan(
        view.topology,
        intent,
        node_id,
        view.local,
        _plan_settings(settings, own_service, configured),
    )
    whole = Plan(probes=(*configured, *planned.probes), left_out=planned.left_out)
    return NodePlan(plan=whole, intent=intent, basis=basis)


def _plan_settings(
    settings: Settings,
    own_service: str,
    configured: tuple[Probe, ...],
) -> PlanSettings:
    """Leave the rest of the budget to the Swarm: what the operator listed is always probed."""
    spent = sum(1 / probe.interval_seconds for probe in configured)
    return PlanSettings(
        pace=Pace(
            interval_seconds=settings.probes.interval_seconds,
            timeout_seconds=settings.probes.timeout_seconds,
            slow_seconds=settings.probes.slow_seconds,
        ),
        budget=Budget(
            probes_per_second=settings.budget.probes_per_second - spent,
            series=settings.budget.series,
        ),
        agent_service=own_service,
        agent_port=settings.listen.port,
    )


def _standing_alone(settings: Settings) -> tuple[Probe, ...]:
    try:
        resolver = first_nameserver(_RESOLV_CONF.read_text())
    except OSError:
        resolver = None
    host = settings.listen.host
    address = _LOOPBACK if host in {AUTO, ""} else IPv4Address(host)
    own = Endpoint(address=address, port=settings.listen.port)
    return standalone_probes(settings, socket.gethostname(), own, resolver)
