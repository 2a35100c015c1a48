"""Which alerts are made of findings? Every code of the catalogue is in exactly one of them."""

from alerts.findings import control, declared, hosts, overlay, services
from alerts.findings.cause import cause
from alerts.spec import Alert, Dashboard, Group
from alerts.thresholds import Thresholds
from alerts.words import NODE, OF_SERVICE, ON_NETWORK

_WORTH_KNOWING = cause(
    "SwarmFinding",
    "overlay_foreign_vxlan",
    "dns_truncated",
    "service_failing",
    "service_on_one_node",
    "address_duplicate_name",
    "balancer_uneven",
    "balancer_keepalive",
    by_labels=("node", "network", "service"),
    summary="Something is worth knowing, and no fault yet.",
    what=f"The agent of {NODE} noticed something{ON_NETWORK}{OF_SERVICE}.",
    command=f"probe audit --node {NODE}",
    dashboard=Dashboard.OVERVIEW,
)


def group(thresholds: Thresholds) -> Group:
    """List them, causes of whole nodes first."""
    alerts: tuple[Alert, ...] = (
        *control.alerts(thresholds),
        *hosts.ALERTS,
        *overlay.ALERTS,
        *services.ALERTS,
        *declared.ALERTS,
        _WORTH_KNOWING,
    )
    return Group(name="findings", rules=alerts)
