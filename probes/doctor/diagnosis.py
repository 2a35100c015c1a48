"""What does the doctor say in the end? The steps, the likely causes, and how it is on the whole."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from probes.doctor.case import Case
from probes.doctor.causes import Cause, Judgement, judge
from probes.doctor.steps import State, Step, agent_here, steps
from probes.model.finding import Severity

#: Of the document; raised when a field changes its meaning or goes.
VERSION = 1


class Verdict(StrEnum):
    """How it is on the whole."""

    HEALTHY = "healthy"
    #: Something is wrong; as a rule there is a cause.
    ILL = "ill"
    #: Nothing could be told.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All of it."""

    verdict: Verdict
    #: Unix seconds.
    at: float
    #: The node that it was made on; "" where that is not known.
    node: str
    steps: tuple[Step, ...]
    judgement: Judgement
    #: What was found, and has not lasted yet.
    pending: int = 0
    #: Findings that are worth knowing, and no fault.
    remarks: int = 0

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Give the likely causes, at most three."""
        return self.judgement.causes


def diagnose(case: Case, before: Iterable[Step] = ()) -> Diagnosis:
    """Look at all that was told; *before* are the steps that were done until it was."""
    own = case.told[0]
    here = (agent_here(own, case.now),) if own.by_agent else ()
    return conclude((*before, *here, *steps(case)), case, judge(case), node=own.node)


def conclude(
    done: tuple[Step, ...], case: Case | None, judgement: Judgement, *, node: str, now: float = 0.0
) -> Diagnosis:
    """Say how it is on the whole, by what came of the steps and the causes that were found."""
    told = case.told if case else ()
    states = {step.state for step in done}
    verdict = Verdict.UNKNOWN
    if told and (judgement.causes or State.BAD in states):
        verdict = Verdict.ILL
    elif told and State.OK in states:
        verdict = Verdict.HEALTHY
    return Diagnosis(
        verdict=verdict,
        at=case.now if case else now,
        node=node,
        steps=done,
        judgement=judgement,
        pending=sum(item.pending for item in told),
        remarks=sum(found.severity is Severity.INFO for item in told for found in item.findings),
    )


def document(diagnosis: Diagnosis) -> Mapping[str, Any]:
    """Describe it for `--json`; docs/schemas/doctor.json says what is in it."""
    return {
        "version": VERSION,
        "verdict": str(diagnosis.verdict),
        "at": diagnosis.at,
        "node": diagnosis.node,
        "steps": [
            {**asdict(step), "state": step.state.name.lower(), "unlooked": list(step.unlooked)}
            for step in diagnosis.steps
        ],
        "causes": [_cause(cause) for cause in diagnosis.causes],
        "further": list(diagnosis.judgement.further),
        "unexplained": list(diagnosis.judgement.unexplained),
        "pending": diagnosis.pending,
        "remarks": diagnosis.remarks,
    }


def _cause(cause: Cause) -> Mapping[str, Any]:
    fields = asdict(cause)
    lists = {name: list(value) for name, value in fields.items() if isinstance(value, tuple)}
    return {**fields, **lists, "severity": str(cause.severity)}
