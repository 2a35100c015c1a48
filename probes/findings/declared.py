"""Findings: what the operator declared in files is not what there is."""

from probes.findings.spec import Culprit, FindingSpec, Reach
from probes.model.finding import Severity

POLICY_VIOLATED = FindingSpec(
    code="policy_violated",
    severity=Severity.CRITICAL,
    hold_seconds=10,
    meaning="A service can connect to another that the declared policy keeps it from.",
    evidence="The rule, and the addresses and ports that accept connections.",
    remedy="docker service inspect {service} --format '{{{{json .Spec.TaskTemplate.Networks}}}}'",
    references=("network-config.yml, policy",),
    reach=Reach.NOTHING,
)
NO_WAY = FindingSpec(
    code="policy_no_way",
    severity=Severity.WARNING,
    hold_seconds=20,
    meaning="The policy allows one service to talk to another, and no network leads there: they "
    "share none.",
    evidence="The networks that each of the two is attached to.",
    remedy="docker service update --network-add NETWORK {service}",
    references=("network-config.yml, policy",),
    culprit=Culprit.NONE,
)
NETWORK_MISSING = FindingSpec(
    code="declared_network_missing",
    severity=Severity.WARNING,
    hold_seconds=20,
    meaning="A network that was declared does not exist.",
    evidence="What was declared of it.",
    remedy="probe network plan",
    references=("network-config.yml, networks",),
    culprit=Culprit.NONE,
)
NETWORK_DIFFERS = FindingSpec(
    code="declared_network_differs",
    severity=Severity.WARNING,
    hold_seconds=20,
    meaning="A network is not as it was declared: its subnet, its MTU, or what it allows.",
    evidence="Each difference.",
    remedy="probe network plan",
    references=("network-config.yml, networks",),
    culprit=Culprit.NONE,
)
HEAD_ROOM = FindingSpec(
    code="declared_head_room",
    severity=Severity.WARNING,
    hold_seconds=60,
    meaning="A network has fewer addresses left than its declaration asks for.",
    evidence="How many are left, of how many.",
    remedy="docker network inspect --verbose {network}",
    references=("network-config.yml, head_room",),
    culprit=Culprit.NONE,
)
SERVICE_MISSING = FindingSpec(
    code="declared_service_missing",
    severity=Severity.WARNING,
    hold_seconds=60,
    meaning="A service that was declared does not exist.",
    evidence="The nearest name that does.",
    remedy="docker service ls",
    references=("service-discovery.yml, services",),
    culprit=Culprit.NONE,
)
SERVICE_DIFFERS = FindingSpec(
    code="declared_service_differs",
    severity=Severity.WARNING,
    hold_seconds=20,
    meaning="A service is not addressed as it was declared: by virtual IP or by its tasks, or "
    "without one of its names.",
    evidence="Each difference.",
    remedy="docker service inspect --pretty {service}",
    references=("service-discovery.yml, services",),
    culprit=Culprit.NONE,
)
TOO_FEW = FindingSpec(
    code="declared_too_few",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Fewer tasks of a service run than its declaration says it cannot do without.",
    evidence="How many run, and how many must.",
    remedy="docker service ps --no-trunc {service}",
    references=("service-discovery.yml, min_healthy",),
    # As with any service that is down: tasks that fail again and again are on their way for ever.
    patient=False,
    culprit=Culprit.NONE,
    reach=Reach.NOTHING,
)

FINDINGS = (
    POLICY_VIOLATED,
    NO_WAY,
    NETWORK_MISSING,
    NETWORK_DIFFERS,
    HEAD_ROOM,
    SERVICE_MISSING,
    SERVICE_DIFFERS,
    TOO_FEW,
)
