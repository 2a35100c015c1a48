"""Findings: addresses of overlays, and what else has them."""

from probes.findings.spec import Culprit, FindingSpec
from probes.model.finding import Severity

#: Below a tenth, one start-first update or one scaling of a larger service takes what is left.
SCARCE_PART = 10

EXHAUSTED = FindingSpec(
    code="address_exhausted",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning='Every address of a network is taken: new tasks stay "new" without an error, and new '
    "services get no virtual IP.",
    evidence="How many addresses the subnets have, and who has them.",
    remedy="docker network create --driver overlay --subnet {subnet} {network}-2  # then move its "
    "services there, by docker service update --network-add and --network-rm",
    references=("moby#43052", "moby#37338", "moby#35268"),
    # The tasks that wait for an address are on their way for ever.
    patient=False,
    culprit=Culprit.NONE,
)
NEARLY_EXHAUSTED = FindingSpec(
    code="address_nearly_exhausted",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="A network has few addresses left: a scaling or an update that starts new tasks before "
    "it stops the old ones may take the last.",
    evidence="How many addresses the subnets have, who has them, and how many tasks still fit.",
    remedy="docker network create --driver overlay --subnet {subnet} {network}-2  # then move its "
    "services there, by docker service update --network-add and --network-rm",
    references=("moby#43052", "moby#37338", "moby#31694"),
    culprit=Culprit.NONE,
)
DUPLICATE = FindingSpec(
    code="address_duplicate",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Swarm gave one address of a network to two: each gets a part of the other's traffic.",
    evidence="One owner for the address, and all that have it.",
    remedy="docker service update --force {service}  # a virtual IP goes only with its service",
    references=("moby#33795", "moby#33402", "moby#41576", "moby#41668"),
    culprit=Culprit.NONE,
)
BALANCER_DUPLICATE = FindingSpec(
    code="address_balancer_duplicate",
    severity=Severity.CRITICAL,
    hold_seconds=180,
    meaning="A node's load balancer, or a container that no service made, has an address that "
    "somebody else has too: each gets a part of the other's traffic.",
    evidence="One owner for the address, and all that have it, by the Swarm and by the agents.",
    remedy="systemctl restart docker  # on {peer}: it makes its load balancers anew",
    references=("moby#40989", "moby#49948", "moby#41576"),
    culprit=Culprit.NONE,
)
OVERLAP_VITAL = FindingSpec(
    code="address_overlap_vital",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A network's subnet contains a name server, the default gateway or a node of the "
    "Swarm: tasks on that network cannot reach it.",
    evidence="What this node needs, and the subnet that has it inside.",
    remedy="docker network create --driver overlay --subnet {subnet} {network}-2  # then move its "
    "services there, by docker service update --network-add and --network-rm",
    references=("moby#24220", "classicswarm#2232", "moby#31281"),
    culprit=Culprit.NONE,
)
OVERLAP = FindingSpec(
    code="address_overlap",
    severity=Severity.WARNING,
    hold_seconds=20,
    meaning="A network's subnet overlaps a network of this node's own: tasks on it cannot reach "
    'that one, and the Engine may refuse to start them ("Pool overlaps").',
    evidence="The routes and devices of this node, and the subnet that they overlap.",
    remedy="docker network create --driver overlay --subnet {subnet} {network}-2  # then move its "
    "services there, by docker service update --network-add and --network-rm",
    references=("moby#50011", "moby#24220", "moby#33626", "for-linux#387"),
    culprit=Culprit.NONE,
)
NO_VIP = FindingSpec(
    code="address_no_vip",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A service has no virtual IP on a network that it is attached to: its name does not "
    "lead to it there.",
    evidence="The virtual IP that its endpoint mode calls for, and none.",
    remedy="docker service update --force {service}  # or, if that is not enough, "
    "--endpoint-mode dnsrr, and back",
    references=("for-linux#176", "moby#30134", "moby#33795"),
    culprit=Culprit.NONE,
)
DUPLICATE_NAME = FindingSpec(
    code="address_duplicate_name",
    severity=Severity.INFO,
    hold_seconds=120,
    meaning="Several networks of the Swarm have one name: which of them a service joins by that "
    "name is chance.",
    evidence="One network of the name, and the ids of all.",
    remedy="docker network ls --no-trunc --filter name={network}  # remove those without tasks, "
    "by id",
    references=("moby#18864",),
    culprit=Culprit.NONE,
)

FINDINGS = (
    EXHAUSTED,
    NEARLY_EXHAUSTED,
    DUPLICATE,
    BALANCER_DUPLICATE,
    OVERLAP_VITAL,
    OVERLAP,
    NO_VIP,
    DUPLICATE_NAME,
)
