"""What do findings explain already? Recording rules that patterns and symptoms are held against.

Inhibition does the same in Alertmanager; but it compares alerts' labels, and these know more: on
which nodes a service has its tasks, and which probes go through what is broken.
"""

from alerts import findings, places
from alerts.spec import Alert, RecordingRule, Role, Severity
from alerts.thresholds import Thresholds
from exporter.catalog import FINDINGS, FINDINGS_HELD, FINDINGS_PENDING
from exporter.promql import by, either, none_of, one_of, renamed, select, unless

#: Whether some agent is making sure of a finding: patterns then wait for it, a little.
PENDING = RecordingRule(
    name="swarm:swarmscope_findings_pending:sum",
    expr=f"sum({FINDINGS_PENDING}) > 0",
    labels=(),
)

NODES = "node:swarmscope_cause:active"
SERVICES = "service:swarmscope_cause:active"
NETWORKS = "network:swarmscope_cause:active"
NODE_NETWORKS = "node_network:swarmscope_cause:active"
NODE_PAIRS = "node_pair:swarmscope_cause:active"

#: Kernels without IPVS explain each virtual IP and published port that does not answer.
NO_IPVS = select(FINDINGS_HELD, code="host_no_ipvs")

#: Findings by which no request fails.
_LOSE_NOTHING = tuple(
    code
    for code, spec in FINDINGS.items()
    if spec.reach == "nothing" and spec.severity == "critical"
)


def rules(thresholds: Thresholds) -> tuple[RecordingRule, ...]:
    """List the recording rules."""
    causes = [
        alert
        for alert in findings.group(thresholds).alerts
        if alert.role is Role.CAUSE and alert.severity is Severity.CRITICAL
    ]
    of_networks = [code for alert in causes if _is_of_network(alert) for code in alert.codes]
    critical = {"severity": "critical"}
    pairs = by(
        "group",
        ("node", "peer_node"),
        select(
            FINDINGS_HELD,
            **critical,
            peer_node=none_of(""),
            code=none_of("control_node_down", "control_manager_unreachable"),
        ),
    )
    return (
        PENDING,
        RecordingRule(
            name=NODES,
            expr=by("group", ("node",), either(*(a.expr for a in causes if _is_of_node(a)))),
            labels=("node",),
        ),
        RecordingRule(
            name=SERVICES,
            expr=either(
                by(
                    "group",
                    ("service",),
                    select(FINDINGS_HELD, **critical, service=none_of("")),
                ),
                places.services_on(NODES),
            ),
            labels=("service",),
        ),
        RecordingRule(
            name=NETWORKS,
            expr=by("group", ("network",), select(FINDINGS_HELD, code=one_of(*of_networks))),
            labels=("network",),
        ),
        RecordingRule(
            name=NODE_NETWORKS,
            expr=by(
                "group",
                ("node", "network"),
                select(
                    FINDINGS_HELD,
                    **critical,
                    network=none_of(""),
                    service="",
                    code=none_of(*_LOSE_NOTHING),
                ),
            ),
            labels=("node", "network"),
        ),
        RecordingRule(
            name=NODE_PAIRS,
            expr=either(pairs, swapped(pairs)),
            labels=("node", "peer_node"),
        ),
    )


def _is_of_node(alert: Alert) -> bool:
    """Tell whether it explains whatever fails from or to its node."""
    return all(FINDINGS[code].reach in {"node", "traffic"} for code in alert.codes)


def _is_of_network(alert: Alert) -> bool:
    return "network" in alert.labels and "node" not in alert.labels


def swapped(pairs: object) -> str:
    """Exchange the two ends of pairs."""
    return (
        "max by (node, peer_node) (label_replace(label_replace(label_replace("
        f'{pairs}, "end", "$1", "node", "(.+)"), "node", "$1", "peer_node", "(.+)"), '
        '"peer_node", "$1", "end", "(.+)"))'
    )


def without_explained(probes: str) -> str:
    """Take away the probes that go through something that a finding explains."""
    ends = [
        (f"{end}_{thing}", thing, rule)
        for end in ("source", "destination")
        for thing, rule in (("node", NODES), ("service", SERVICES))
    ]
    result = probes
    for label, thing, rule in ends:
        result = unless(result, (label,), renamed("group", rule, **{label: thing}))
    for end in ("source_node", "destination_node"):
        names = {end: "node", "network": "network"}
        result = unless(result, names, renamed("group", NODE_NETWORKS, **names))
    return unless(result, ("network",), NETWORKS)
