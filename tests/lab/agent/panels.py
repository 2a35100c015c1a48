"""Which panels are empty while all is well, and which fault fills which of them?"""

from collections.abc import Mapping

from dashboards.uids import Uid

_NO_FINDINGS = "nothing is found on a healthy network"
_NO_FAILURES = "no look fails on a healthy network"
_NO_TARGETS = "the stack's configuration lists no targets"
_NO_TLS = "the shop serves no TLS"

#: (dashboard, panel) -> why it is empty while all is well.
EMPTY_WHEN_HEALTHY: Mapping[tuple[str, str], str] = {
    **{(uid, "annotation Findings"): _NO_FINDINGS for uid in Uid},
    **{(uid, "annotation Deployments"): "no task comes or goes" for uid in Uid},
    (Uid.OVERVIEW, "Findings"): _NO_FINDINGS,
    (Uid.OVERVIEW, "Findings over time"): _NO_FINDINGS,
    (Uid.OVERVIEW, "Worst pairs"): _NO_FAILURES,
    (Uid.OVERVIEW, "Failing looks, by what they are aimed at"): _NO_FAILURES,
    (Uid.OVERVIEW, "How looks ended that did not end well"): _NO_FAILURES,
    (Uid.OVERVIEW, "Probes beyond the budget"): "the budget covers a shop of three nodes",
    (Uid.SERVICES, "First certificate to end"): _NO_TLS,
    (Uid.SERVICES, "How looks ended that did not end well"): _NO_FAILURES,
    (Uid.SERVICES, "Labels that are ignored"): "the shop's labels can be understood",
    (Uid.MATRIX, "Connections that should not be"): "no policy is declared",
    (Uid.MATRIX, "What keeps the others out"): "no policy is declared",
    (Uid.NETWORKS, "Findings on these networks"): _NO_FINDINGS,
    (Uid.NETWORKS, "Entries that disagree with Swarm"): _NO_FINDINGS,
    (Uid.NETWORKS, "Drops"): "no device drops packets",
    (Uid.NETWORKS, "Errors"): "no device has errors",
    (Uid.NETWORKS, "Addresses left in a day"): "a trend needs more than minutes",
    (Uid.BALANCING, "Stale and drained backends"): "load balancers agree with Swarm",
    (Uid.BALANCING, "Virtual IP against tasks: looks that fail"): _NO_FAILURES,
    (Uid.DNS, "Wrong answers"): _NO_FAILURES,
    (Uid.DNS, "Findings about names"): _NO_FINDINGS,
    (Uid.DNS, "How lookups ended that did not end well"): _NO_FAILURES,
    (Uid.GATEWAY, "Targets that answer"): _NO_TARGETS,
    (Uid.GATEWAY, "First certificate to end"): _NO_TLS,
    (Uid.GATEWAY, "Why they do not"): _NO_FAILURES,
    (Uid.GATEWAY, "Findings about ports and ingress"): _NO_FINDINGS,
    (Uid.GATEWAY, "Targets, from each node"): _NO_TARGETS,
    (Uid.GATEWAY, "Targets, over time"): _NO_TARGETS,
    (Uid.GATEWAY, "How fast targets answer"): _NO_TARGETS,
    (Uid.NODES, "Found on it"): _NO_FINDINGS,
    (Uid.NODES, "Found about it by others"): _NO_FINDINGS,
    (Uid.NODES, "Failing looks"): _NO_FAILURES,
    (Uid.NODES, "Drops and errors"): "no device drops packets",
    (Uid.NODES, "Packets that IPsec dropped"): "the shop's networks are not encrypted",
    (Uid.AGENTS, "Attempts that failed"): "every attempt to read the topology worked",
}
_NO_IPVS = "the kernel has no IPVS"
#: And beside them where no virtual IP and no published port can answer.
EMPTY_WITHOUT_IPVS: Mapping[tuple[str, str], str] = {
    **{
        (Uid.BALANCING, panel): _NO_IPVS
        for panel in (
            "Tasks to balance",
            "Tasks without a backend",
            "Stale backends",
            "Drained backends",
            "Virtual IPs",
            "Time out of step",
            "Backends that differ",
            "Share of each task",
            "Connections to each task",
        )
    },
    **{
        (Uid.GATEWAY, panel): _NO_IPVS
        for panel in (
            "Slowest percent of published ports",
            "How fast they answer",
            "Tasks that the routing mesh does not know",
        )
    },
}


#: Scenario of the scorecard -> the panels that are there for such a fault.
FILLED_BY: Mapping[str, frozenset[tuple[str, str]]] = {
    "fdb-wrong-vtep": frozenset(
        {
            (Uid.OVERVIEW, "Findings"),
            (Uid.NETWORKS, "Findings on these networks"),
            (Uid.NETWORKS, "Entries that disagree with Swarm"),
            (Uid.NODES, "Found on it"),
            *((uid, "annotation Findings") for uid in Uid),
        },
    ),
    "task-closed": frozenset(
        {
            (Uid.OVERVIEW, "Worst pairs"),
            (Uid.OVERVIEW, "Failing looks, by what they are aimed at"),
            (Uid.OVERVIEW, "How looks ended that did not end well"),
            (Uid.SERVICES, "How looks ended that did not end well"),
            (Uid.NODES, "Failing looks"),
        },
    ),
    "dns-wrong": frozenset(
        {
            (Uid.DNS, "Wrong answers"),
            (Uid.DNS, "Findings about names"),
            (Uid.DNS, "How lookups ended that did not end well"),
        },
    ),
}
#: Where virtual IPs and published ports can answer at all.
FILLED_WITH_IPVS: Mapping[str, frozenset[tuple[str, str]]] = {
    "balancer-stale": frozenset({(Uid.BALANCING, "Stale and drained backends")}),
    "port-dead": frozenset(
        {
            (Uid.GATEWAY, "Why they do not"),
            (Uid.GATEWAY, "Findings about ports and ingress"),
        },
    ),
}
