"""What is an alert, and what is a recording rule?"""

import re
from dataclasses import dataclass
from enum import StrEnum

#: The mixins' CamelCase, with a first word of ours.
_NAME = re.compile(r"Swarm(scope)?([A-Z]+[a-z0-9]+)+")
_RECORD = re.compile(r"[a-z_]+:swarmscope_[a-z_]+:[a-z0-9_]+")
_SUMMARY = re.compile(r"[A-Z][^{}]*\.")
_TEMPLATE = "{{"

#: Every label that an alert may have beside its name, severity and role.
CULPRIT_LABELS = ("node", "peer_node", "network", "service", "task", "target")


class Severity(StrEnum):
    """What an alert does to people."""

    CRITICAL = "critical"  # pages: requests are lost now
    WARNING = "warning"  # opens a ticket
    INFO = "info"  # is shown to who looks
    NONE = "none"  # is no message to anybody: the dead man's switch


class Role(StrEnum):
    """How near an alert is to the root; what is nearer silences what is farther."""

    CAUSE = "cause"  # an agent named what is wrong
    PATTERN = "pattern"  # many failing probes have one thing in common
    SYMPTOM = "symptom"  # somebody does not get what they ask for, and nobody says why
    SELF = "self"  # Swarmscope itself does not work


class Dashboard(StrEnum):
    """Where to look next: the uids of our dashboards."""

    OVERVIEW = "swarmscope-overview"
    NODES = "swarmscope-nodes"
    NETWORKS = "swarmscope-networks"
    SERVICES = "swarmscope-services"
    AGENTS = "swarmscope-agents"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRule:
    """An expression with a name, for others to build upon; stands for its name in them."""

    #: level:metric:operation.
    name: str
    expr: str
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if not _RECORD.fullmatch(self.name):
            raise ValueError(f"{self.name}: a recording rule is named level:metric:operation")

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing that somebody must know; everything must be said but what follows from it."""

    name: str
    #: Gives one series for each culprit, with no other labels than *labels*.
    expr: str
    hold_seconds: float
    severity: Severity
    role: Role
    #: What names the culprit.
    labels: tuple[str, ...]
    #: The same words whomever it is about.
    summary: str
    #: What, where, how bad; may use Prometheus' templates.
    description: str
    #: What to type next; `probe` knows the rest.
    command: str
    dashboard: Dashboard
    #: Whether it is about all that its node has to do with, as either end.
    whole_node: bool = False
    #: The findings that it is made of.
    codes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for problem, wrong in (
            ("the name is no CamelCase that begins with Swarm", not _NAME.fullmatch(self.name)),
            ("the hold is below 0", self.hold_seconds < 0),
            ("a label that alerts do not have", not set(self.labels) <= {*CULPRIT_LABELS}),
            (
                "the summary is no fixed sentence from a capital to a period",
                not _SUMMARY.fullmatch(self.summary),
            ),
            ("the description names nobody", _TEMPLATE not in self.description),
            ("a whole node without a node", self.whole_node and self.labels != ("node",)),
        ):
            if wrong:
                raise ValueError(f"{self.name}: {problem}")

    @property
    def dashboard_path(self) -> str:
        """Where its dashboard is, on whatever serves them."""
        return f"/d/{self.dashboard}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rules that are evaluated one after the other, at one moment."""

    name: str
    rules: tuple[RecordingRule | Alert, ...]

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """List the alerts among the rules."""
        return tuple(rule for rule in self.rules if isinstance(rule, Alert))
