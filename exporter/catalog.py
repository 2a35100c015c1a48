"""What is every metric called, what does it mean, and which labels does it carry?

The only place where a metric is named: the exporter builds families from these, dashboards and
alerts build PromQL from them, and the reference page is generated from them.
"""

from dataclasses import dataclass, fields
from enum import StrEnum

from probes.findings import FINDINGS
from probes.model.probe import ProbeId

__all__ = ["CATALOG", "FINDINGS", "MetricSpec", "MetricType"]


class MetricType(StrEnum):
    """The Prometheus types in use."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric; stands for its name in an expression."""

    name: str
    type: MetricType
    help: str
    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


def _counter(name: str, text: str, *labels: str) -> MetricSpec:
    return MetricSpec(f"swarmscope_{name}", MetricType.COUNTER, text, labels)


def _gauge(name: str, text: str, *labels: str) -> MetricSpec:
    return MetricSpec(f"swarmscope_{name}", MetricType.GAUGE, text, labels)


def _histogram(name: str, text: str, *labels: str) -> MetricSpec:
    return MetricSpec(f"swarmscope_{name}", MetricType.HISTOGRAM, text, labels)


#: A probe's identity, in the order of the model.
PROBE_LABELS = tuple(field.name for field in fields(ProbeId))
#: What latencies are grouped by: too many buckets to keep them for each task.
PATH_LABELS = ("probe", "target", "network", "source_service", "destination_service")

PROBE_SUCCESS = _gauge(
    "probe_success",
    "Whether the last run ended as expected; absent when it could not look.",
    *PROBE_LABELS,
)
PROBE_RUNS = _counter("probe_runs_total", "Runs of a probe, however they ended.", *PROBE_LABELS)
PROBE_FAILURES = _counter(
    "probe_failures_total",
    "Runs in which the network did not do what was expected of it.",
    *PROBE_LABELS,
)
PROBE_UNKNOWN = _counter(
    "probe_unknown_total",
    "Runs that could not look: the namespace was gone, or a permission was missing.",
    *PROBE_LABELS,
)
PROBE_LAST_DURATION = _gauge(
    "probe_last_duration_seconds",
    "How long the last run took, however it ended.",
    *PROBE_LABELS,
)
PROBE_OUTCOMES = _counter(
    "probe_outcomes_total",
    "Runs that did not end well, by how they ended.",
    *PATH_LABELS,
    "outcome",
)
FORBIDDEN_CONNECTIONS = _gauge(
    "forbidden_connections",
    "Connections that the declared policy forbids and this node tries, by how the last try ended: "
    "`connected` is a violation, all else kept it out.",
    "source_service",
    "destination_service",
    "outcome",
)
PROBE_DURATION = _histogram(
    "probe_duration_seconds",
    "How long successful runs took, start to end.",
    *PATH_LABELS,
)
PROBE_SLOW = _counter(
    "probe_slow_total",
    "Successful runs that took longer than a label or the configuration allows.",
    *PATH_LABELS,
)
PROBE_PHASE_DURATION = _histogram(
    "probe_phase_duration_seconds",
    "How long the phases of successful runs took, for probes with more than one.",
    *PATH_LABELS,
    "phase",
)
PROBE_ROUND_TRIP = _histogram(
    "probe_round_trip_seconds",
    "The kernel's own measure of a round trip, which does not grow while the agent is busy.",
    *PATH_LABELS,
)
PROBE_HTTP_STATUS = _gauge(
    "probe_http_status_code",
    "Status code of the last answer.",
    *PROBE_LABELS,
)
PROBE_CERTIFICATE_EXPIRY = _gauge(
    "probe_certificate_expiry_timestamp_seconds",
    "When the certificate that was shown ends, in unix seconds.",
    *PROBE_LABELS,
)
DNS_ANSWERS = _gauge(
    "dns_answers",
    "Addresses in the last answer: expected, missing, unexpected, or given twice.",
    *PROBE_LABELS,
    "state",
)

PROBES_PLANNED = _gauge("probes_planned", "Probes that this agent runs.", "probe")
PROBES_LEFT_OUT = _gauge(
    "probes_left_out",
    "Probes that this agent leaves to others, because its budget is spent.",
    "probe",
)
PROBES_UNPROVEN = _gauge(
    "probes_unproven",
    "Probes of ports that an image exposes and nothing has answered on yet: not counted.",
)
PROBES_RUNNING = _gauge("probes_running", "Probes under way.")
PROBES_MISSED = _counter(
    "probes_missed_total",
    "Runs that were due while the same probe's last run had not ended.",
)
SCHEDULER_LAG = _histogram(
    "scheduler_lag_seconds",
    "How long after it was due a probe started.",
)

TOPOLOGY_TIMESTAMP = _gauge(
    "topology_timestamp_seconds",
    "When the topology in use was read from a manager's Engine, in unix seconds.",
)
TOPOLOGY_SOURCE = _gauge(
    "topology_source",
    "Where the topology in use comes from: 1 for the one that holds.",
    "source",
)
TOPOLOGY_OBJECTS = _gauge("topology_objects", "What the topology in use holds.", "object")
TOPOLOGY_ERRORS = _counter(
    "topology_errors_total",
    "Attempts to read the topology that failed, by where it was asked for.",
    "source",
)
LABEL_ERRORS = _gauge(
    "label_errors",
    "Labels of a service that could not be understood and are ignored.",
    "service",
)

LINK_LABELS = ("network", "namespace", "device", "task")
LINK_RECEIVE_BYTES = _counter("link_receive_bytes_total", "Bytes received.", *LINK_LABELS)
LINK_RECEIVE_PACKETS = _counter("link_receive_packets_total", "Packets received.", *LINK_LABELS)
LINK_RECEIVE_ERRORS = _counter("link_receive_errors_total", "Receive errors.", *LINK_LABELS)
LINK_RECEIVE_DROPPED = _counter(
    "link_receive_dropped_total", "Received packets dropped.", *LINK_LABELS
)
LINK_TRANSMIT_BYTES = _counter("link_transmit_bytes_total", "Bytes sent.", *LINK_LABELS)
LINK_TRANSMIT_PACKETS = _counter("link_transmit_packets_total", "Packets sent.", *LINK_LABELS)
LINK_TRANSMIT_ERRORS = _counter("link_transmit_errors_total", "Send errors.", *LINK_LABELS)
LINK_TRANSMIT_DROPPED = _counter(
    "link_transmit_dropped_total", "Packets dropped instead of sent.", *LINK_LABELS
)
LINK_UP = _gauge("link_up", "Whether the device is up.", *LINK_LABELS)
LINK_MTU = _gauge("link_mtu_bytes", "The device's MTU.", *LINK_LABELS)
VXLAN_VNI = _gauge("vxlan_vni", "The VXLAN network identifier of the device.", "network", "device")
FDB_ENTRIES = _gauge(
    "fdb_entries",
    "Forwarding entries on the VXLAN device that name a VTEP: written by Docker or learned.",
    "network",
    "device",
    "origin",
)
NEIGHBOUR_ENTRIES = _gauge(
    "neighbour_entries",
    "Neighbour entries in the overlay's namespace.",
    "network",
    "device",
    "state",
)
NAMESPACES = _gauge("namespaces", "Network namespaces read on this node.", "namespace")
NAMESPACES_UNREADABLE = _gauge("namespaces_unreadable", "Namespaces that could not be read.")

OVERLAY_ENDPOINTS = _gauge(
    "overlay_endpoints",
    "Running tasks on an overlay that is on this node: here, or on other nodes.",
    "network",
    "place",
)
BALANCER_BACKENDS = _gauge(
    "balancer_backends",
    "Backends of a service's virtual IP, or of its published ports on the ingress network, in this "
    "node's load balancers, beside its running tasks.",
    "network",
    "service",
    "state",
)
BALANCER_CONNECTIONS = _counter(
    "balancer_connections_total",
    "Connections that this node's load balancer gave to a task.",
    "network",
    "service",
    "task",
)
GOSSIP_PEERS = _gauge(
    "gossip_peers",
    "Nodes that take part in a network, as this node's Engine sees it.",
    "network",
)
GOSSIP_ENDPOINTS = _gauge(
    "gossip_endpoints",
    "Endpoints of services on a network that this node's Engine was told of.",
    "network",
)
GOSSIP_TIMESTAMP = _gauge(
    "gossip_timestamp_seconds",
    "When this node's Engine was last asked for its view of a network, in unix seconds.",
    "network",
)
NETWORK_ADDRESSES = _gauge(
    "network_addresses",
    "Addresses of an overlay: in use, and in all. One manager's agent tells it.",
    "network",
    "state",
)
SERVICE_TASKS_RUNNING = _gauge(
    "service_tasks_running",
    "Running tasks of a service. One manager's agent tells it.",
    "service",
)
SERVICE_REPLICAS = _gauge(
    "service_replicas",
    "Tasks that a replicated service should have. One manager's agent tells it.",
    "service",
)
OBJECTIVE = _gauge(
    "objective_ratio",
    "Share of looks at a service that must be fast enough, or work, where its labels say so. "
    "One manager's agent tells it.",
    "service",
    "objective",
)
TABLE_ENTRIES = _gauge("kernel_table_entries", "Entries of a table of the kernel's.", "table")
TABLE_LIMIT = _gauge("kernel_table_limit", "How many entries it can have.", "table")
TABLE_REFUSED = _counter(
    "kernel_table_refused_total",
    "Entries that the kernel refused since boot; neighbours: because the table was full.",
    "table",
)
XFRM_ERRORS = _counter("xfrm_errors_total", "Packets that IPsec dropped, by why.", "error")

FINDINGS_HELD = _gauge(
    "findings",
    "Disagreements between what should be and what is, once they have lasted; else absent.",
    "code",
    "severity",
    "network",
    "service",
    "peer_node",
)
FINDINGS_PENDING = _gauge(
    "findings_pending",
    "Disagreements that have not lasted, or concern what changed a moment ago.",
)
AUDIT_CHECK_SUCCESS = _gauge(
    "audit_check_success",
    "Whether a check of the last round could look everywhere.",
    "check",
)
AUDIT_ROUNDS = _counter("audit_rounds_total", "Rounds of all checks.")
AUDIT_TIMESTAMP = _gauge(
    "audit_timestamp_seconds",
    "When the last round of checks was made, in unix seconds.",
)
AUDIT_CPU = _gauge("audit_cpu_seconds", "Processor time that the last round of checks took.")

BUILD_INFO = _gauge("build_info", "Always 1; what this agent is.", "version", "python")
NODE_INFO = _gauge("agent_node_info", "Always 1; the node that this agent runs on.", "node", "role")
CONFIG_RELOAD_SUCCESS = _gauge(
    "config_last_reload_successful",
    "Whether the last attempt to load the configuration succeeded.",
)
CONFIG_RELOAD_TIMESTAMP = _gauge(
    "config_last_reload_success_timestamp_seconds",
    "When the configuration in use was loaded, in unix seconds.",
)
COLLECTOR_SUCCESS = _gauge(
    "collector_success",
    "Whether a part of this page could be collected.",
    "collector",
)
COLLECTOR_DURATION = _gauge(
    "collector_duration_seconds",
    "How long a part of this page took to collect.",
    "collector",
)

CATALOG: tuple[MetricSpec, ...] = tuple(
    value for value in dict(globals()).values() if isinstance(value, MetricSpec)
)
