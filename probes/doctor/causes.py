"""What is behind it all? Troubles that no other explains, those that explain most first."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from probes.doctor import addressed, nodes, services
from probes.doctor.case import Case
from probes.doctor.found import Finding, finding_symptom, findings_of, troubles_found
from probes.doctor.scope import Placement, Symptom, symptom_of
from probes.doctor.told import LASTS_TIMES
from probes.doctor.trouble import Trouble
from probes.findings.control import AGENT_MISSING
from probes.model.finding import Severity
from probes.model.probe import Target

#: More than three at once, nobody looks into at night.
MOST_CAUSES = 3
_SHOWN_SYMPTOMS = 4
_AGENT = "swarmscope_agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One likely cause, for a person who is to mend it."""

    code: str
    severity: Severity
    what: str
    where: tuple[str, ...]
    #: Unix seconds.
    since: float
    evidence: tuple[str, ...]
    #: How many findings and failing looks follow from it.
    explains: int
    #: Some of them.
    symptoms: tuple[str, ...]
    #: Commands to paste.
    remedies: tuple[str, ...]
    #: The `probe` command that tells more.
    next: str
    references: tuple[str, ...]
    #: Whether it was never otherwise, as far as anybody knows, rather than broke.
    lack: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is likely behind what is wrong."""

    #: At most three, the likeliest first.
    causes: tuple[Cause, ...]
    #: Further ones, in a word each.
    further: tuple[str, ...] = ()
    #: Symptoms that no cause explains: looks that failed more than once.
    unexplained: tuple[str, ...] = ()


def judge(case: Case) -> Judgement:
    """Find the likely causes."""
    placement = _placement(case)
    looks = [
        symptom_of(look) for told in case.told for look in told.failing if look.times >= LASTS_TIMES
    ]
    troubles, unexplained = _named(case, looks, placement)
    roots = [item for item in troubles if not _follows(item, troubles, placement)]
    causes = sorted(
        ((item, _explained(item, troubles, looks, placement)) for item in roots), key=_order
    )
    return Judgement(
        causes=tuple(_cause(item, explained) for item, explained in causes[:MOST_CAUSES]),
        further=tuple(f"{item.code} ({', '.join(item.where)})" for item, _ in causes[MOST_CAUSES:]),
        unexplained=tuple(look.said for look in unexplained),
    )


def _order(cause: tuple[Trouble, list[Symptom]]) -> tuple[int, bool, int, float]:
    """Sort what loses traffic first, then what broke, then what explains most, then the oldest."""
    trouble, explained = cause
    severity = list(Severity).index(trouble.severity)
    return severity, trouble.lack, -len(explained), trouble.since


def _placement(case: Case) -> Placement:
    names = {node.id: node.name for node in case.topology.nodes}
    by_id = {service.id: service.name for service in case.topology.services}
    placed: dict[str, set[str]] = {}
    for task in case.topology.tasks:
        if task.service_id in by_id and task.node_id in names:
            placed.setdefault(by_id[task.service_id], set()).add(names[task.node_id])
    return {service: frozenset(places) for service, places in placed.items()}


def _named(
    case: Case, looks: list[Symptom], placement: Placement
) -> tuple[list[Trouble], list[Symptom]]:
    """Name what is wrong: by findings, and then by what the looks left have in common.

    In the order of what explains most; each takes the looks that it explains from those after it.
    """
    between = nodes.between_nodes(case)
    agent = _agent_of(case)
    findings = [item for item in findings_of(case) if item.spec.severity is not Severity.INFO]
    troubles = _found(case, findings, placement)
    # Of a node that lacks its agent the managers' audit knows more: what became of its task.
    known = {item.culprit for item in findings if item.spec is AGENT_MISSING}
    silent = [item for item in case.silent if item.node not in known]
    left = _less(looks, troubles, placement)
    patterns: tuple[Callable[[list[Symptom]], Iterable[Trouble]], ...] = (
        lambda _: nodes.silent_agents(case, silent, between, agent),
        lambda left: nodes.cut_off(left, case, between),
        lambda left: services.networks(left, case),
        lambda left: services.tasks(left, case),
        lambda left: nodes.black_holes(left, case),
        addressed.names,
        addressed.balanced,
        services.underlay,
        services.configured,
        services.paths,
    )
    for pattern in patterns:
        found = list(pattern(left))
        troubles += found
        left = _less(left, found, placement)
    return troubles, left


def _found(case: Case, findings: list[Finding], placement: Placement) -> list[Trouble]:
    """Fold findings; those that follow from others apart from those of their code that do not."""
    encrypted = frozenset(item.name for item in case.topology.networks if item.encrypted)
    known = list(troubles_found(findings, encrypted))
    following = [
        item
        for item in findings
        if any(other.covers_finding(finding_symptom(item), placement) for other in known)
    ]
    alone = [item for item in findings if item not in following]
    return [trouble for part in (alone, following) for trouble in troubles_found(part, encrypted)]


def _agent_of(case: Case) -> str:
    looks = (look.probe for told in case.told for look in told.failing)
    found = (probe.destination_service for probe in looks if probe.target is Target.NODE)
    return next(found, _AGENT)


def _less(
    looks: Iterable[Symptom], troubles: Iterable[Trouble], placement: Placement
) -> list[Symptom]:
    known = list(troubles)
    return [look for look in looks if not any(item.covers_look(look, placement) for item in known)]


def _follows(trouble: Trouble, others: list[Trouble], placement: Placement) -> bool:
    """Tell whether each part of it follows from something else."""
    return bool(trouble.symptoms) and all(
        any(other.covers_finding(symptom, placement) for other in others if other is not trouble)
        for symptom in trouble.symptoms
    )


def _explained(
    trouble: Trouble, others: list[Trouble], looks: list[Symptom], placement: Placement
) -> list[Symptom]:
    """List what follows from it, and from what follows from it, each once."""
    reached, found = [trouble], dict[Symptom, None]()
    for item in reached:  # which grows on the way
        found.update(dict.fromkeys(look for look in looks if item.covers_look(look, placement)))
        for other in others:
            follows = [part for part in other.symptoms if item.covers_finding(part, placement)]
            found.update(dict.fromkeys(follows))
            if follows and len(follows) == len(other.symptoms) and other not in reached:
                reached.append(other)
    others_own = (symptom for symptom in found if symptom not in trouble.symptoms)
    return sorted(others_own, key=lambda symptom: not symptom.code)  # findings say more than looks


def _cause(trouble: Trouble, explained: list[Symptom]) -> Cause:
    return Cause(
        code=trouble.code,
        severity=trouble.severity,
        what=trouble.what,
        where=trouble.where,
        since=trouble.since,
        evidence=trouble.evidence,
        explains=len(explained),
        symptoms=tuple(
            dict.fromkeys(item.said for item in explained if item.said not in trouble.evidence)
        )[:_SHOWN_SYMPTOMS],
        remedies=trouble.remedies,
        next=trouble.next,
        references=trouble.references,
        lack=trouble.lack,
    )
