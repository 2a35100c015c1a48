"""What did looks bring from each place, once or many times, and which of it is the worst?"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from probes.looks.asking import Answer
from probes.looks.errors import EXIT_STATUS, UsageError
from probes.looks.tally import Tally
from probes.model.result import Verdict

#: So many answers of each place are kept whole.
MOST_KEPT = 1000
_WORST_FIRST = (Verdict.FAILED, Verdict.UNKNOWN, Verdict.WORKED)


@dataclass(slots=True, kw_only=True)
class Place:
    """One place that is looked from."""

    node: str
    tally: Tally = field(default_factory=Tally)
    #: The latest, in the order in which they came.
    answers: deque[Answer] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))

    @property
    def verdict(self) -> Verdict:
        """Give the worst of all its looks."""
        summary = self.tally.summary()
        if summary.failed:
            return Verdict.FAILED
        return Verdict.UNKNOWN if summary.unknown else Verdict.WORKED


class Session:
    """All looks of one command."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}
        self._left_out: dict[str, str] = {}

    def add(self, answers: Iterable[Answer]) -> list[Answer]:
        """Count one look from each place; returns those that could be wanted at all.

        UsageError where that is none. Who has nothing to look from is left out, and told.
        """
        all_of_them = list(answers)
        wanted = [answer for answer in all_of_them if not answer.pointless]
        pointless = [answer for answer in all_of_them if answer.pointless]
        if not wanted and pointless:
            raise UsageError(pointless[0].why)
        self._left_out = {answer.node: answer.why for answer in pointless}
        for answer in wanted:
            self._count(answer)
        return wanted

    def miss(self, why: str) -> list[Answer]:
        """Count that it could not be looked from any of the places."""
        missed = [Answer(node=node, why=why) for node in self._places]
        for answer in missed:
            self._count(answer)
        return missed

    def _count(self, answer: Answer) -> None:
        place = self._places.setdefault(answer.node, Place(node=answer.node))
        seconds = answer.report.result.seconds if answer.report else 0.0
        place.tally.add(answer.verdict, seconds)
        place.answers.append(answer)

    @property
    def places(self) -> list[Place]:
        """List the places, the worst first."""
        return sorted(
            self._places.values(),
            key=lambda place: (_WORST_FIRST.index(place.verdict), place.node),
        )

    @property
    def left_out(self) -> Mapping[str, str]:
        """Name the nodes that have nothing to look from, and why."""
        return self._left_out

    @property
    def verdict(self) -> Verdict:
        """Give the worst of all looks; what nobody looked at is unknown."""
        places = self.places
        return places[0].verdict if places else Verdict.UNKNOWN

    @property
    def status(self) -> int:
        """Give the exit status."""
        return EXIT_STATUS[self.verdict]
