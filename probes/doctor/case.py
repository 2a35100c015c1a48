"""What does the doctor know of the Swarm? What each node's agent told, and who told nothing."""

from dataclasses import dataclass

from probes.audit.round import Unanswered
from probes.model.finding import HeldFinding
from probes.model.probe import ProbeId, Target
from probes.model.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingLook:
    """A look that failed when it was last taken."""

    probe: ProbeId
    #: Such as "refused"; a `probes.model.result.Outcome`.
    outcome: str
    #: Why, for a person; cut to some hundred characters.
    detail: str
    #: How often it has failed since it last did not.
    times: int
    #: Unix seconds at which the first of these began.
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Something that a task serves, and that a look from this node reached."""

    service: str
    #: Such as "shop_api.2".
    task: str
    node: str
    network: str
    #: "80/health"; "" for an echo, and "mtu" for one of full size.
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """From this node to another one, over the overlays; large echoes are no part of it."""

    node: str
    #: Names of the tasks there that were looked at.
    tasks: tuple[str, ...]
    looks: int
    #: Those that have failed more than once.
    failing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The looks from this node at one kind of target, as they ended last."""

    target: Target
    looks: int
    failed: int
    unknown: int
    #: Why one of them could not look; "" when none could not.
    why_unknown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one node's agent tells the doctor."""

    node: str
    #: The agent's; "" where none told this, but the command itself, which takes no looks.
    version: str
    #: Unix seconds, by the clock of that node.
    at: float
    #: Seconds by which its clock is before ours, as far as its answer's way lets it be known;
    #: None where nobody compared them.
    clock_ahead_seconds: float | None = None
    #: Unix seconds at which a manager's Engine was last read; 0 for never.
    topology_read_at: float
    #: Why it could not be read again; "" when it could.
    topology_error: str = ""
    config_error: str = ""
    #: Unix seconds; 0 before the first round.
    audited_at: float
    findings: tuple[HeldFinding, ...] = ()
    #: Found, but not for long enough yet.
    pending: int = 0
    unanswered: tuple[Unanswered, ...] = ()
    counted: tuple[Counted, ...] = ()
    failing: tuple[FailingLook, ...] = ()
    #: Failing looks that there was no room for.
    failing_left_out: int = 0
    reached: tuple[Reached, ...] = ()
    ways: tuple[Way, ...] = ()

    @property
    def by_agent(self) -> bool:
        """Whether an agent told it, which takes looks all the time."""
        return bool(self.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A node of which nothing is told, and why."""

    node: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The whole Swarm, as far as it could be asked."""

    topology: Topology
    #: The one that was asked first.
    told: tuple[Told, ...]
    silent: tuple[Silence, ...] = ()
    #: Unix seconds.
    now: float

    @property
    def knows_swarm(self) -> bool:
        """Whether a manager's Engine was ever read, so that the topology is the Swarm's."""
        return any(told.topology_read_at for told in self.told)
