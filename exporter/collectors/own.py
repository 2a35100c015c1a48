"""How is the agent itself?"""

import platform
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version

from prometheus_client.core import Metric

from exporter import catalog
from exporter.collectors.families import family, histogram_family
from exporter.schedule import Pressure
from exporter.view import Source, View
from probes.model.intent import Intent
from probes.plan.budget import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadState:
    """How the last attempt to load the configuration ended."""

    successful: bool
    #: Unix seconds of the last attempt that worked.
    succeeded_at: float
    #: Why the last attempt failed; "" when it worked.
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnState:
    """What the agent knows of itself at one moment."""

    view: View
    intent: Intent
    plan: Plan
    pressure: Pressure
    reload: ReloadState
    errors: Mapping[str, int]


def collect(state: OwnState) -> Iterator[Metric]:
    """Turn the agent's own state into families."""
    yield from _identity(state.view)
    yield from _configuration(state)
    yield from _topology(state)
    yield from _schedule(state)


def _identity(view: View) -> Iterator[Metric]:
    labels = (version("swarmscope"), platform.python_version())
    yield family(catalog.BUILD_INFO, [(labels, 1)])
    membership = view.membership
    role = "none" if membership is None else "manager" if membership.manager else "worker"
    yield family(catalog.NODE_INFO, [((view.node_name, role), 1)])


def _configuration(state: OwnState) -> Iterator[Metric]:
    yield family(catalog.CONFIG_RELOAD_SUCCESS, [((), float(state.reload.successful))])
    yield family(catalog.CONFIG_RELOAD_TIMESTAMP, [((), state.reload.succeeded_at)])
    complaints = Counter(complaint.service for complaint in state.intent.complaints)
    yield family(catalog.LABEL_ERRORS, (((name,), count) for name, count in complaints.items()))


def _topology(state: OwnState) -> Iterator[Metric]:
    view = state.view
    held = [((source.value,), float(source is view.source)) for source in Source]
    yield family(catalog.TOPOLOGY_SOURCE, held)
    if view.source is not Source.NONE:
        yield family(catalog.TOPOLOGY_TIMESTAMP, [((), view.topology.read_at)])
    topology = view.topology
    yield family(
        catalog.TOPOLOGY_OBJECTS,
        [
            (("nodes",), len(topology.nodes)),
            (("networks",), len(topology.networks)),
            (("services",), len(topology.services)),
            (("tasks",), len(topology.tasks)),
            (("local_tasks",), len(view.local)),
        ],
    )
    errors = (((source,), count) for source, count in state.errors.items())
    yield family(catalog.TOPOLOGY_ERRORS, errors)


def _schedule(state: OwnState) -> Iterator[Metric]:
    planned = Counter(probe.id.probe for probe in state.plan.probes)
    yield family(catalog.PROBES_PLANNED, (((kind,), count) for kind, count in planned.items()))
    yield family(
        catalog.PROBES_LEFT_OUT,
        (((kind,), count) for kind, count in state.plan.left_out),
    )
    yield family(catalog.PROBES_RUNNING, [((), state.pressure.running)])
    yield family(catalog.PROBES_MISSED, [((), state.pressure.missed)])
    yield histogram_family(catalog.SCHEDULER_LAG, [((), state.pressure.lag)])
