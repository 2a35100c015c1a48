"""Findings: what Docker's resolver answers to the tasks of this node."""

from probes.findings.spec import FindingSpec
from probes.model.finding import Severity

OUTSIDE = FindingSpec(
    code="dns_outside",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A service's name resolves to an address outside every network of the Swarm: Docker "
    "here does not know the name, a resolver outside made an answer up, and clients connect there.",
    evidence="The addresses that the name should give, and those that each task here got.",
    remedy="docker service update --force {service}",
    references=("portainer#2596", "portainer#2535", "moby#53141"),
)
UNKNOWN = FindingSpec(
    code="dns_unknown",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A service's name does not resolve on this node, though its tasks run: this node has "
    "lost the service's records, or never got them.",
    evidence="The addresses that the name should give, what each task here got, and whether the "
    "name resolves on other nodes.",
    remedy="docker service update --force {service}",
    references=("moby#53141", "for-linux#944", "moby#50129"),
)
UNEXPECTED = FindingSpec(
    code="dns_unexpected",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A service's name resolves to addresses that are not its own, and clients connect to "
    "nobody, or to somebody else.",
    evidence="The addresses that the name should give, and those that each task here got.",
    remedy="docker service update --force {service}",
    references=("moby#36797", "moby#30134", "moby#33790", "moby#35548"),
)
MISSING = FindingSpec(
    code="dns_missing",
    severity=Severity.WARNING,
    hold_seconds=20,
    meaning="A service's name does not give all of its addresses: the tasks left out get no "
    "requests from this node by that name.",
    evidence="The addresses that the name should give, and those that each task here got.",
    remedy="docker service update --force {service}",
    references=("moby#53141", "moby#28843"),
)
DUPLICATE = FindingSpec(
    code="dns_duplicate",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="A service's name gives an address more than once: that task gets more than its share "
    "of requests, and a record of an earlier task may have been left behind.",
    evidence="The addresses that the name should give, and those that each task here got.",
    remedy="docker service update --force {service}",
    references=("moby#28836",),
)
TRUNCATED = FindingSpec(
    code="dns_truncated",
    severity=Severity.INFO,
    hold_seconds=120,
    meaning="A name has more addresses than fit in one answer over UDP: clients that do not ask "
    "again over TCP see a part of them.",
    evidence="The number of addresses that the name should give, and the cut answer.",
    remedy="docker service ps --filter desired-state=running {service}  # then let clients use the "
    "virtual IP, or ask over TCP",
    references=("RFC 2181, section 9", "moby libnetwork/resolver.go, truncateResp"),
)
RESOLVER_SILENT = FindingSpec(
    code="dns_resolver_silent",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Docker's resolver does not answer this task at all: it can look up no name.",
    evidence="Every name that was asked for from this task, and how each look ended.",
    remedy="docker service update --force {service}  # new containers get new resolver rules",
    references=("portainer#6344", "moby libnetwork/resolver.go, 127.0.0.11"),
)
RESOLVER_SLOW = FindingSpec(
    code="dns_resolver_slow",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="Docker's resolver takes long to answer the tasks of this node: the Engine is "
    "overloaded, and every new connection by name waits for it.",
    evidence="The longest that half of a task's names may take, and what they took.",
    remedy="docker info  # on {node}; if that is slow too, see what keeps the Engine busy",
    references=("for-linux#1165", "moby 07c6062e1f"),
)

FINDINGS = (
    OUTSIDE,
    UNKNOWN,
    UNEXPECTED,
    MISSING,
    DUPLICATE,
    TRUNCATED,
    RESOLVER_SILENT,
    RESOLVER_SLOW,
)
