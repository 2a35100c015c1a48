"""Findings: services whose tasks do not run as they should; no fault of the network's."""

from probes.findings.spec import Culprit, FindingSpec
from probes.model.finding import Severity

DOWN = FindingSpec(
    code="service_down",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Not one task of a service runs: its name and its address lead nowhere, and the "
    "network is not to blame.",
    evidence="How many tasks should run and how many do, and why the others do not.",
    remedy="docker service ps --no-trunc {service}",
    references=("moby#41775",),
    # Tasks that fail again and again are on their way for ever; the check itself waits for those
    # that come up for the first time.
    patient=False,
    culprit=Culprit.NONE,
)
DEGRADED = FindingSpec(
    code="service_degraded",
    severity=Severity.WARNING,
    hold_seconds=60,
    meaning="Fewer tasks of a service run than should; the network is not to blame.",
    evidence="How many tasks should run and how many do, and why the others do not.",
    remedy="docker service ps --no-trunc {service}",
    references=("moby#41775",),
    # Tasks that fail again and again are on their way for ever; the check itself waits for those
    # that come up for the first time.
    patient=False,
    culprit=Culprit.NONE,
)
STUCK = FindingSpec(
    code="service_stuck",
    severity=Severity.WARNING,
    hold_seconds=20,
    meaning="New tasks of a service do not get to run, so that an update or a job does not go on.",
    evidence="Each task that waits, since when, in which state, and what Swarm says of it.",
    remedy="docker service ps --no-trunc {service}",
    references=("moby#43052", "swarmkit manager/scheduler, noSuitableNode"),
    culprit=Culprit.NONE,
)
FAILING = FindingSpec(
    code="service_failing",
    severity=Severity.INFO,
    hold_seconds=20,
    meaning="Tasks of a service fail again and again and are replaced: its image, its "
    "configuration or its program is at fault.",
    evidence="How often tasks of one slot failed lately, and what the last said.",
    remedy="docker service logs --tail 50 {service}",
    references=("swarmkit manager/orchestrator/restart",),
    culprit=Culprit.NONE,
)
ON_ONE_NODE = FindingSpec(
    code="service_on_one_node",
    severity=Severity.INFO,
    hold_seconds=300,
    meaning="All tasks of a service run on one node, though others could take some: with that "
    "node the service is gone.",
    evidence="The nodes that can take tasks, and the one that has them all.",
    remedy="docker service update --force {service}",
    references=("moby#24103",),
    culprit=Culprit.NONE,
)

FINDINGS = (DOWN, DEGRADED, STUCK, FAILING, ON_ONE_NODE)
