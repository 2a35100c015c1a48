"""How does what the audit finds become a hop's mark?"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from probes.audit.round import Round
from probes.findings import FINDINGS
from probes.model.finding import Finding, Severity
from probes.model.path import Hop, Mark
from probes.model.result import Result, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Marks hops on one node by what its audit found just now."""

    found: Round
    node: str
    #: Whether the destination answered: what is wrong then does not break the way.
    works: bool

    def hop(
        self,
        name: str,
        place: str,
        saw: str,
        families: Collection[str],
        concerns: Callable[[Finding], bool],
    ) -> Hop:
        """Mark a hop by the first finding of these families that concerns the way.

        *families* are the beginnings of the findings' codes.
        """
        for finding in self._of(families):
            spec = FINDINGS[finding.code]
            if spec.severity is not Severity.INFO and concerns(finding):
                return Hop(
                    name=name,
                    place=place,
                    mark=Mark.DOUBTFUL if self.works else Mark.BROKEN,
                    saw=_actual(finding) or saw,
                    why=spec.meaning,
                    remedy=spec.remedy_of(finding, self.node),
                    code=finding.code,
                )
        return Hop(name=name, place=place, mark=self._otherwise(families), saw=saw)

    def _of(self, families: Collection[str]) -> Iterable[Finding]:
        return (each for each in self.found.findings if each.code.startswith(tuple(families)))

    def _otherwise(self, families: Collection[str]) -> Mark:
        """Nothing was found: it is well, unless nobody could look."""
        blind = any(code.startswith(tuple(families)) for code in self.found.blind)
        return Mark.UNKNOWN if blind and not self.works else Mark.OK


def _actual(finding: Finding) -> str:
    return "; ".join(
        f"{row.what}: expected {row.expected}, found {row.actual}" for row in finding.evidence
    )


def tried(name: str, place: str, result: Result, why: str, *, remedy: str = "") -> Hop:
    """Mark a hop by an attempt; *why* is what it means when the network said no."""
    verdict = result.outcome.verdict
    seconds = f"{result.seconds * 1000:.1f} ms"
    if verdict is Verdict.WORKED:
        return Hop(name=name, place=place, mark=Mark.OK, saw=f"answered in {seconds}")
    saw = f"{result.outcome}: {result.detail}" if result.detail else str(result.outcome)
    if verdict is Verdict.UNKNOWN:
        return Hop(name=name, place=place, mark=Mark.UNKNOWN, saw=saw)
    return Hop(name=name, place=place, mark=Mark.BROKEN, saw=saw, why=why, remedy=remedy)
