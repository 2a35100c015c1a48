"""Findings: encrypted overlays."""

from probes.findings.spec import FindingSpec, Reach
from probes.model.finding import Severity

NO_ESP = FindingSpec(
    code="encryption_no_esp",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Nothing passes between this node and others on encrypted networks: it has not one "
    "security association, as where the kernel lacks ESP or its cipher.",
    evidence="A security association with each peer, and none at all.",
    remedy="modprobe -a esp4 gcm && systemctl restart docker  # on {node}",
    references=("moby#45686", "kernel CONFIG_INET_ESP", "moby#43359"),
    reach=Reach.TRAFFIC,
)
MISSING = FindingSpec(
    code="encryption_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Nothing passes between two nodes on encrypted networks: this one lacks a security "
    "policy or association for the other.",
    evidence="The policy and the associations that the peer calls for, and those that lack.",
    remedy="systemctl restart docker  # on {node}; it makes policies and associations anew",
    references=("moby#26523", "moby#30727", "libnetwork#1356", "moby#30766"),
    reach=Reach.TRAFFIC,
)
WRONG_PORT = FindingSpec(
    code="encryption_wrong_port",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Frames of encrypted networks leave unencrypted, and are dropped: the policy is for "
    "another UDP port than the Swarm's.",
    evidence="The Swarm's data path port, and the policy's.",
    remedy="ip xfrm policy  # on {node}; Engines before 23.0 encrypt on port 4789 alone: upgrade",
    references=("moby#45635",),
    reach=Reach.TRAFFIC,
)
UNKNOWN_SPI = FindingSpec(
    code="encryption_unknown_spi",
    severity=Severity.CRITICAL,
    hold_seconds=60,
    meaning="The other node cannot decrypt what this one sends: it does not know the association "
    "that is used.",
    evidence="The SPIs that the receiver knows, and those that this node sends with.",
    remedy="systemctl restart docker  # on {peer}: it fetches the keys again",
    references=("moby#26523", "moby#30727", "moby#51798"),
    reach=Reach.TRAFFIC,
)
ENGINES = FindingSpec(
    code="encryption_engines",
    severity=Severity.CRITICAL,
    hold_seconds=60,
    meaning="This node and others cannot talk on encrypted networks: Engines 29.0.0 to 29.2.0 "
    "number their associations differently from all others.",
    evidence="The others' versions, and this node's.",
    remedy="docker version  # on {node}; upgrade it to 29.2.1 or later",
    references=("moby#51798", "moby#51672"),
    reach=Reach.TRAFFIC,
)
UNPROTECTED = FindingSpec(
    code="encryption_unprotected",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="An encrypted network is not protected here: its frames may leave, or be taken, in "
    "clear.",
    evidence="The rules that mark what leaves and drop what comes in clear, and those that lack.",
    remedy="systemctl restart docker  # on {node}; if the rules stay away, load xt_u32 or xt_bpf",
    references=("moby#43382", "GHSA-232p-vwff-86mp", "GHSA-33pg-m6jh-5237", "GHSA-6wrf-mxfj-pf5p"),
    reach=Reach.NOTHING,
)
ERRORS = FindingSpec(
    code="encryption_errors",
    severity=Severity.WARNING,
    hold_seconds=60,
    meaning="The kernel keeps dropping packets that it should encrypt or decrypt, and no lacking "
    "association explains it.",
    evidence="The counters that rise, now and one reading before.",
    remedy="cat /proc/net/xfrm_stat; ip -s xfrm state  # on {node}",
    references=("kernel Documentation/networking/xfrm_proc.rst", "moby#26523"),
)

FINDINGS = (NO_ESP, MISSING, WRONG_PORT, UNKNOWN_SPI, ENGINES, UNPROTECTED, ERRORS)
