"""Where do services' tasks stand? Probes know: they are aimed at tasks, on nodes."""

from alerts.spec import RecordingRule
from exporter.catalog import PROBE_SUCCESS
from exporter.promql import renamed, select

PLACED = RecordingRule(
    name="service_node:swarmscope_tasks:placed",
    expr=renamed(
        "group",
        select(PROBE_SUCCESS, target="task"),
        service="destination_service",
        node="destination_node",
    ),
    labels=("service", "node"),
)


def services_on(nodes: object, memory: str = "") -> str:
    """Write which services have, or had within *memory*, a task on one of *nodes*."""
    placed = f"max_over_time({PLACED}[{memory}])" if memory else str(PLACED)
    return f"group by (service) ({placed} and on (node) ({nodes}))"
