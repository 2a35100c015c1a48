"""How is it, at a glance? Four states, each with a sign and a word, since colour is not enough."""

from collections.abc import Iterable
from enum import StrEnum
from types import MappingProxyType

from probes.model.finding import Severity
from probes.model.path import Mark
from probes.model.result import Verdict


class State(StrEnum):
    """From the worst to the best; the values are CSS classes, too."""

    BAD = "bad"
    DOUBTFUL = "doubtful"
    #: It could not be looked at.
    UNKNOWN = "unknown"
    OK = "ok"

    @property
    def sign(self) -> str:
        """Give the sign that is shown beside the colour."""
        return _SIGNS[self]

    @property
    def rank(self) -> int:
        """Sort the worst first."""
        return _ORDER.index(self)


_ORDER = tuple(State)
_SIGNS = MappingProxyType(
    {State.BAD: "✕", State.DOUBTFUL: "!", State.UNKNOWN: "?", State.OK: "✓"},
)
OF_VERDICT = MappingProxyType(
    {Verdict.FAILED: State.BAD, Verdict.UNKNOWN: State.UNKNOWN, Verdict.WORKED: State.OK},
)
OF_SEVERITY = MappingProxyType(
    {Severity.CRITICAL: State.BAD, Severity.WARNING: State.DOUBTFUL, Severity.INFO: State.OK},
)
OF_MARK = MappingProxyType(
    {
        Mark.BROKEN: State.BAD,
        Mark.DOUBTFUL: State.DOUBTFUL,
        Mark.UNKNOWN: State.UNKNOWN,
        Mark.OK: State.OK,
    },
)


def worst(states: Iterable[State]) -> State:
    """Find the worst; OK for none."""
    return min(states, key=lambda state: state.rank, default=State.OK)


def state_of(failed: int, unknown: int) -> State:
    """Fold counts of probes to a state."""
    if failed:
        return State.BAD
    return State.UNKNOWN if unknown else State.OK
