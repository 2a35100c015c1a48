"""What is a row of the catalogue of findings?"""

import shlex
from dataclasses import asdict, dataclass
from enum import StrEnum
from string import Formatter

from probes.model.finding import Evidence, Finding, Severity, Subject


class Culprit(StrEnum):
    """Which node is at fault."""

    TELLER = "teller"  # the one that found it
    PEER = "peer"  # the other one, which the finding names
    EITHER = "either"  # one of these two: the one that most such findings have in common
    NONE = "none"  # no node: the service, the network or the Swarm that it is about


class Reach(StrEnum):
    """Which failing looks it explains; only what is critical explains any but its own kind."""

    SUBJECT = "subject"  # those that have to do with all that it names, and with its culprit
    NODE = "node"  # whatever its culprit has to do with, as either end; other findings, too
    TRAFFIC = "traffic"  # those from its culprit to other nodes, or back
    BALANCED = "balanced"  # those at virtual IPs and published ports
    NOTHING = "nothing"  # none: no request fails by it


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSpec:
    """One kind of finding: what it is called, what it means, and what to do about it."""

    #: Lower case with underscores, as a label's value; begins with the family's name.
    code: str
    severity: Severity
    #: How long it must last before it counts.
    hold_seconds: float
    #: One sentence for a person at night: what is wrong, and what it does to traffic.
    meaning: str
    #: What the evidence holds against what.
    evidence: str
    #: A command to paste. `{network}`, `{service}`, `{task}`, `{peer}`, `{item}`, `{node}` (the
    #: one that found it) and the finding's own values are filled in, quoted for a shell.
    remedy: str
    #: Such as "moby#52661", or "kernel vxlan_snoop()".
    references: tuple[str, ...] = ()
    #: Whether it waits until what it concerns has come to rest; not where the change is the fault.
    patient: bool = True
    culprit: Culprit = Culprit.TELLER
    reach: Reach = Reach.SUBJECT
    #: Of two that reach the same whole node, the one with the lower number explains the other.
    rank: int = 0
    #: Beginnings of codes: such findings follow from this one, wherever they are found.
    explains: tuple[str, ...] = ()
    #: Whether it says what a node was never able to do, rather than what broke: it is the less
    #: likely cause of what has just begun.
    lack: bool = False

    @property
    def blames_peer(self) -> bool:
        """Whether it is told under the other node's name, rather than the teller's."""
        return self.culprit in {Culprit.PEER, Culprit.EITHER}

    def follows_from(self, other: "FindingSpec") -> bool:
        """Tell whether *other* explains this one wherever the two are found."""
        return self.code != other.code and self.code.startswith(other.explains)

    def found(self, subject: Subject, *evidence: Evidence, **values: str) -> Finding:
        """Make a finding of this kind."""
        return Finding(
            code=self.code,
            subject=subject,
            evidence=evidence,
            values=tuple(sorted(values.items())),
        )

    @property
    def remedy_for_anybody(self) -> str:
        """Write the command with its fields' names instead of values."""
        names = {name for _, name, _, _ in Formatter().parse(self.remedy) if name}
        return self.remedy.format(**{name: name.upper() for name in names})

    def remedy_of(self, finding: Finding, node: str) -> str:
        """Write the command for one finding, found on *node*."""
        values = {**asdict(finding.subject), **dict(finding.values), "node": node}
        return self.remedy.format(**{name: word(value) for name, value in values.items()})


#: What follows where a node is cut off from gossip: others, wherever they are, keep old news.
OLD_NEWS = (
    "gossip_task_",
    "gossip_view_differs",
    "gossip_node_left_over",
    "dns_outside",
    "dns_unknown",
    "dns_unexpected",
    "dns_missing",
    "dns_duplicate",
    "dns_resolver_slow",
    "balancer_",
    "fdb_",
    "neighbour_missing",
)


def word(value: str) -> str:
    """Make one word of a shell's of it; a line break would end the comment that it may stand in."""
    return shlex.quote("".join(char if char.isprintable() else "?" for char in value))
