"""What is asked of an agent that shall look, and what does it answer?"""

from dataclasses import dataclass

from probes.looks.looker import Report
from probes.looks.wants import Want
from probes.model.result import Verdict

LOOK_PATH = "/api/v1/look"
#: Whoever asks for more keeps a place that others wait for.
LONGEST_TIMEOUT_SECONDS = 30.0
#: For what is not the look itself: the way there and back, and a busy agent.
_ROOM_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an agent is asked to look at."""

    want: Want
    #: As typed after `--from`; with *here*, what `Looker` takes.
    source: str
    timeout_seconds: float
    #: Whether that very agent shall look, and nobody be asked in its stead.
    here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of it on one node."""

    #: "" where the command itself looked, on its own node.
    node: str
    #: None where it was not looked.
    report: Report | None = None
    #: Why it was not.
    why: str = ""
    #: Whether what was asked makes no sense there, so that it is not at fault.
    pointless: bool = False

    @property
    def verdict(self) -> Verdict:
        """Fold it to one of three."""
        return self.report.result.outcome.verdict if self.report else Verdict.UNKNOWN


def answers_within(timeout_seconds: float) -> float:
    """Tell how long an agent takes at most: for a name, the look itself, and one beneath it."""
    return 3 * timeout_seconds + _ROOM_SECONDS
