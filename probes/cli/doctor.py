"""What is wrong with this Swarm? Step by step on a terminal, and what is likely behind it."""

import time
from collections.abc import Callable, Iterator

from rich.text import Text

from probes.cli.audit import ago
from probes.cli.patient import Patient
from probes.cli.show import console_for
from probes.doctor.case import Case
from probes.doctor.causes import Cause, Judgement
from probes.doctor.diagnosis import Diagnosis, Verdict, conclude, diagnose
from probes.doctor.steps import State, Step
from probes.looks.errors import CannotLookError
from probes.model.finding import Severity

_STYLES = {State.OK: "bold green", State.BAD: "bold red", State.COULD_NOT_LOOK: "bold yellow"}
_SEVERITIES = {Severity.CRITICAL: "bold red", Severity.WARNING: "bold yellow"}
_SIGNS = {State.OK: "ok", State.BAD: "bad", State.COULD_NOT_LOOK: "unseen"}
_NAME_WIDTH = 16
_STATUS = {Verdict.HEALTHY: 0, Verdict.ILL: 1, Verdict.UNKNOWN: CannotLookError.status}
_MOST_UNLOOKED = 3
_MOST_PLACES = 6


def examine(patient: Patient, show: Callable[[Step], None]) -> tuple[Diagnosis, Case | None]:
    """Take all steps, *show* each as soon as it is done, and say what is likely wrong."""
    done: list[Step] = []

    def take(*steps: Step) -> None:
        for step in steps:
            done.append(step)
            show(step)

    take(patient.engine())
    case = _waited("asking every node's agent", patient.case)
    if isinstance(case, Step):
        take(case)
        case = _waited("looking at this node without an agent", patient.alone)
    if isinstance(case, Step):
        take(case)
        nothing = Judgement(causes=())
        return conclude(tuple(done), None, nothing, node="", now=time.time()), None
    diagnosis = diagnose(case, done)
    for step in diagnosis.steps[len(done) :]:
        show(step)
    return diagnosis, case


def _waited(what: str, look: Callable[[], Case | Step]) -> Case | Step:
    """Show on a terminal that something is going on."""
    with console_for(stderr=True).status(Text(what)):
        return look()


def show_step(step: Step, *, stderr: bool = False) -> None:
    """Print one step."""
    console = console_for(stderr=stderr)
    sign = (f"{_SIGNS[step.state]:<7}", _STYLES[step.state])
    line = Text.assemble(sign, f"{step.name:<{_NAME_WIDTH}} ", step.saw)
    console.print(line, soft_wrap=True)
    for text in _unlooked(step):
        console.print(Text(f"{'':7}{'':{_NAME_WIDTH}} {text}"), soft_wrap=True)


def _unlooked(step: Step) -> Iterator[str]:
    for text in step.unlooked[:_MOST_UNLOOKED]:
        yield f"could not look: {text}"
    if len(step.unlooked) > _MOST_UNLOOKED:
        yield f"and {len(step.unlooked) - _MOST_UNLOOKED} more: probe audit --all"


def show_end(diagnosis: Diagnosis, *, stderr: bool = False) -> None:
    """Print the likely causes, and how it is on the whole."""
    console = console_for(stderr=stderr)
    for line in _end(diagnosis):
        console.print(line, soft_wrap=True)


def _end(diagnosis: Diagnosis) -> Iterator[Text]:
    for number, cause in enumerate(diagnosis.causes, 1):
        yield Text()
        yield from _cause(number, cause, diagnosis.at)
    yield Text()
    yield _verdict(diagnosis)
    judgement = diagnosis.judgement
    if judgement.further:
        yield Text(f"Further: {', '.join(judgement.further)}. See probe audit --all.")
    if diagnosis.pending:
        yield Text(f"{diagnosis.pending} findings have not lasted yet: ask again in a minute.")
    if diagnosis.remarks:
        yield Text(f"{diagnosis.remarks} more are worth knowing, and no fault: probe audit --all.")


def _cause(number: int, cause: Cause, now: float) -> Iterator[Text]:
    where = ", ".join(cause.where[:_MOST_PLACES])
    if len(cause.where) > _MOST_PLACES:
        where += f" and {len(cause.where) - _MOST_PLACES} more"
    since = ago(max(0.0, now - cause.since))
    kind = f"{cause.severity}, a known lack" if cause.lack else str(cause.severity)
    heading = (f"{number}. {cause.code}", _SEVERITIES[cause.severity])
    yield Text.assemble(heading, f"  {where}  ({kind}, for {since})")
    yield Text(f"   {cause.what}")
    for row in cause.evidence:
        yield Text(f"   saw: {row}")
    if cause.explains:
        such = ", such as:" if cause.symptoms else "."
        yield Text(f"   explains {cause.explains} of what is wrong{such}")
        for symptom in cause.symptoms:
            yield Text(f"     {symptom}")
    for remedy in cause.remedies:
        yield Text(f"   try: {remedy}")
    yield Text(f"   next: {cause.next}")
    if cause.references:
        yield Text(f"   see: {', '.join(cause.references)}")


def _verdict(diagnosis: Diagnosis) -> Text:
    unseen = [step.name for step in diagnosis.steps if step.unlooked]
    left = f"; could not look everywhere at: {', '.join(unseen)}" if unseen else ""
    match diagnosis.verdict:
        case Verdict.HEALTHY:
            names = ", ".join(step.name for step in diagnosis.steps if step.state is State.OK)
            return Text(f"Healthy: nothing is wrong with {names}{left}.", style="bold green")
        case Verdict.UNKNOWN:
            return Text(
                "Nothing can be told: run `probe doctor` where an agent runs "
                "(docker exec AGENT probe doctor).",
                style="bold yellow",
            )
        case Verdict.ILL:
            count = len(diagnosis.causes)
            said = "1 likely cause" if count == 1 else f"{count} likely causes"
            if not count:
                bad = [step.name for step in diagnosis.steps if step.state is State.BAD]
                said = f"no cause is known yet for what is wrong with {', '.join(bad)}"
            return Text(f"Not well: {said}{left}.", style="bold red")


def status_of(diagnosis: Diagnosis) -> int:
    """Give the exit status: 0 healthy, 1 something is wrong, 3 nothing could be told."""
    return _STATUS[diagnosis.verdict]
