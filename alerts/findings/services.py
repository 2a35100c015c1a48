"""Alerts made of findings: names, services, addresses."""

from alerts.findings.cause import cause
from alerts.spec import Dashboard
from alerts.words import NETWORK, NODE, OF_SERVICE, ON_NETWORK, SERVICE

_AUDIT = f"probe audit --node {NODE}"
_TASKS = f"docker service ps --no-trunc {SERVICE}"
_ALL = "probe audit --all"

ALERTS = (
    cause(
        "SwarmDnsWrong",
        "dns_outside",
        "dns_unknown",
        "dns_unexpected",
        by_labels=("node", "network", "service"),
        summary="A service's name does not lead to the service.",
        what=f"On {NODE}, the name{OF_SERVICE}{ON_NETWORK} gives no address, or a wrong one.",
        command=f"probe dns {SERVICE} --from SERVICE  # on {NODE}; then {_AUDIT}",
        dashboard=Dashboard.SERVICES,
    ),
    cause(
        "SwarmResolverSilent",
        "dns_resolver_silent",
        by_labels=("node", "service"),
        summary="Docker's resolver does not answer a task at all.",
        what=f"A task{OF_SERVICE} on {NODE} can look up no name.",
        command=f"probe dns {SERVICE} --from {SERVICE}  # on {NODE}",
        dashboard=Dashboard.SERVICES,
    ),
    cause(
        "SwarmDnsSuspect",
        "dns_missing",
        "dns_duplicate",
        "dns_resolver_slow",
        by_labels=("node", "service"),
        summary="A service's name leaves tasks out, gives them twice, or takes long.",
        what=f"On {NODE}, answers of Docker's resolver{OF_SERVICE} are not as they should be.",
        command=f"probe dns tasks.{SERVICE} --from SERVICE  # on {NODE}; then {_AUDIT}",
        dashboard=Dashboard.SERVICES,
    ),
    cause(
        "SwarmServiceDegraded",
        "service_degraded",
        "service_stuck",
        by_labels=("service",),
        summary="Fewer tasks of a service run than should, or new ones do not get to run.",
        what=f"{SERVICE} has fewer running tasks than it should have.",
        command=_TASKS,
        dashboard=Dashboard.SERVICES,
    ),
    cause(
        "SwarmAddressesExhausted",
        "address_exhausted",
        by_labels=("network",),
        summary="Every address of a network is taken: no new task starts on it.",
        what=f"{NETWORK} has no free address: new tasks and services on it wait without an error.",
        command=_ALL,
        dashboard=Dashboard.NETWORKS,
    ),
    cause(
        "SwarmAddressesNearlyExhausted",
        "address_nearly_exhausted",
        by_labels=("network",),
        summary="A network has few addresses left.",
        what=f"{NETWORK} runs out of addresses: the next update or scaling may take the last.",
        command=_ALL,
        dashboard=Dashboard.NETWORKS,
    ),
    cause(
        "SwarmAddressDuplicate",
        "address_duplicate",
        "address_balancer_duplicate",
        by_labels=("network", "service"),
        summary="One address of a network belongs to two: each gets a part of the other's traffic.",
        what=f"Two have one address{ON_NETWORK}{OF_SERVICE}: each gets traffic of the other's.",
        command=_ALL,
        dashboard=Dashboard.NETWORKS,
    ),
    cause(
        "SwarmSubnetOverlapsVital",
        "address_overlap_vital",
        by_labels=("network",),
        summary="A network's subnet hides a name server, a gateway or a node from its tasks.",
        what=f"Tasks on {NETWORK} cannot reach an address that their nodes need.",
        command=_ALL,
        dashboard=Dashboard.NETWORKS,
    ),
    cause(
        "SwarmSubnetOverlaps",
        "address_overlap",
        by_labels=("network",),
        summary="A network's subnet overlaps a network that nodes have of their own.",
        what=f"Tasks on {NETWORK} cannot reach a network that their nodes can.",
        command=_ALL,
        dashboard=Dashboard.NETWORKS,
    ),
    cause(
        "SwarmVipNotAllocated",
        "address_no_vip",
        by_labels=("network", "service"),
        summary="A service has no virtual IP on a network that it is attached to.",
        what=f"{SERVICE} has no virtual IP{ON_NETWORK}: its name does not lead to it there.",
        command=f"docker service inspect {SERVICE} --format '{{{{ `{{{{json .Endpoint}}}}` }}}}'",
        dashboard=Dashboard.SERVICES,
    ),
)
