"""How does what the audit finds become a hop's mark?"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from probes.audit.round import CHECKS, Round
from probes.findings import FINDINGS
from probes.model.finding import Finding, Severity
from probes.model.path import Hop, Mark
from probes.model.result import Result, Verdict

_CODES_OF_CHECK = {check.name: {spec.code for spec in check.finds} for check in CHECKS}
#: Names of places, as CouldNotLook writes them, that belong to one network or task each.
_KINDS_OF_PLACE = ("overlay ", "lb ", "ingress ", "task ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Marks hops on one node by what its audit found just now."""

    found: Round
    node: str

    def hop(
        self,
        name: str,
        place: str,
        saw: str,
        codes: Collection[str],
        concerns: Callable[[Finding], bool],
        *,
        works: bool | None,
    ) -> Hop:
        """Mark a hop by the worst finding of these codes that concerns the way.

        One that ends with an underscore stands for all that begin with it.

        *works* tells whether packets passed here just now; None when that was not tried. What
        loses traffic breaks the hop, unless they did; what only may lose it leaves it doubtful.
        """
        order = list(Severity)
        concerning = sorted(
            (
                finding
                for finding in self.found.findings
                if _is_one_of(finding.code, codes)
                and FINDINGS[finding.code].severity is not Severity.INFO
                and concerns(finding)
            ),
            key=lambda finding: order.index(FINDINGS[finding.code].severity),
        )
        if not concerning:
            return self._without(name, place, saw, codes, works=works)
        finding = concerning[0]
        spec = FINDINGS[finding.code]
        breaks = spec.severity is Severity.CRITICAL and not works
        return Hop(
            name=name,
            place=place,
            mark=Mark.BROKEN if breaks else Mark.DOUBTFUL,
            saw=_rows(finding) or saw,
            why=_sentence(finding, self.node),
            remedy=spec.remedy_of(finding, self.node),
            code=finding.code,
        )

    def _without(
        self,
        name: str,
        place: str,
        saw: str,
        codes: Collection[str],
        *,
        works: bool | None,
    ) -> Hop:
        """Nothing was found: it is well, unless nobody could look."""
        blind = (
            f"{item.where}: {item.why}"
            for item in self.found.unanswered
            if any(_is_one_of(code, codes) for code in _CODES_OF_CHECK[item.check])
            and (
                not item.where.startswith(_KINDS_OF_PLACE) or item.where.startswith(place_of(place))
            )
        )
        why = next(blind, "")
        if why and not works:
            return Hop(name=name, place=place, mark=Mark.UNKNOWN, saw=why)
        return Hop(name=name, place=place, mark=Mark.OK, saw=saw)


def _is_one_of(code: str, codes: Collection[str]) -> bool:
    families = tuple(each for each in codes if each.endswith("_"))
    return code in codes or code.startswith(families)


def place_of(place: str) -> str:
    """Give a hop's place as readings name it: "overlay shop_app on node1" without its node."""
    return place.partition(" on ")[0]


def _rows(finding: Finding) -> str:
    return "; ".join(
        f"{row.what}: expected {row.expected}, found {row.actual}" for row in finding.evidence
    )


def _sentence(finding: Finding, node: str) -> str:
    """Say what a finding means, with the names that it is about."""
    subject = finding.subject
    about = (
        subject.task or subject.service,
        f"network {subject.network}" if subject.network else "",
        subject.item if subject.item not in {subject.task, subject.service} else "",
    )
    names = ", ".join(name for name in about if name)
    meaning = FINDINGS[finding.code].meaning
    return f"On {node} ({names}): {meaning}" if names else f"On {node}: {meaning}"


def tried(name: str, place: str, result: Result, why: str, *, remedy: str = "") -> Hop:
    """Mark a hop by an attempt; *why* is what it means when the network said no."""
    verdict = result.outcome.verdict
    if verdict is Verdict.WORKED:
        saw = f"answered in {result.seconds * 1000:.1f} ms"
        return Hop(name=name, place=place, mark=Mark.OK, saw=saw)
    saw = f"{result.outcome}: {result.detail}" if result.detail else str(result.outcome)
    if verdict is Verdict.UNKNOWN:
        return Hop(name=name, place=place, mark=Mark.UNKNOWN, saw=saw)
    return Hop(name=name, place=place, mark=Mark.BROKEN, saw=saw, why=why, remedy=remedy)
