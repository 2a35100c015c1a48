"""Alerts made of findings: what was declared in files, and is not so."""

from alerts.findings.cause import cause
from alerts.spec import Dashboard
from alerts.words import NETWORK, SERVICE

_ALL = "probe audit --all"

ALERTS = (
    cause(
        "SwarmPolicyViolated",
        "policy_violated",
        by_labels=("service",),
        summary="A service can be reached by one that the policy keeps from it.",
        what=f"Connections to {SERVICE} come about that the declared policy forbids.",
        command=_ALL,
        dashboard=Dashboard.SERVICES,
    ),
    cause(
        "SwarmServiceBelowDeclared",
        "declared_too_few",
        by_labels=("service",),
        summary="Fewer tasks of a service run than it cannot do without.",
        what=f"{SERVICE} has fewer running tasks than its declaration calls for.",
        command=f"docker service ps --no-trunc {SERVICE}",
        dashboard=Dashboard.SERVICES,
    ),
    cause(
        "SwarmNetworkNotAsDeclared",
        "declared_network_missing",
        "declared_network_differs",
        "declared_head_room",
        by_labels=("network",),
        summary="A network is not there, or not as it was declared.",
        what=f"{NETWORK} is not what network-config.yml says.",
        command=_ALL,
        dashboard=Dashboard.NETWORKS,
    ),
    cause(
        "SwarmServiceNotAsDeclared",
        "declared_service_missing",
        "declared_service_differs",
        "policy_no_way",
        by_labels=("service",),
        summary="A service is not there, not addressed as declared, or not to be reached by those "
        "that may.",
        what=f"{SERVICE} is not what service-discovery.yml and the policy say.",
        command=_ALL,
        dashboard=Dashboard.SERVICES,
    ),
)
