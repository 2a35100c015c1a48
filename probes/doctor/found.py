"""Which troubles did the audits find? The findings of all nodes, one trouble for each culprit.

The catalogue says whom a finding blames, and what it explains.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from probes.doctor.case import Case
from probes.doctor.scope import Scope, Symptom
from probes.doctor.trouble import Trouble
from probes.findings import FINDINGS
from probes.findings.spec import Culprit, FindingSpec, Reach, word
from probes.model.finding import HeldFinding, Severity, Subject
from probes.model.probe import Kind, Target

#: Which explain looks of one kind alone, by the beginnings of their codes.
_OWN_LOOKS: Mapping[str, str] = {
    "dns_": str(Target.NAME),
    "balancer_": str(Target.VIP),
    "ingress_": str(Target.PUBLISHED),
    "overlay_mtu": str(Kind.MTU),
    "control_agent_missing": str(Target.NODE),
}
_ENCRYPTION = "encryption_"
_MOST_ROWS = 4
_MOST_REMEDIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A finding that lasted, the node that told it, and the one to blame."""

    teller: str
    #: "" where it is no node.
    culprit: str
    spec: FindingSpec
    held: HeldFinding

    @property
    def subject(self) -> Subject:
        """Say what it is about."""
        return self.held.finding.subject


def findings_of(case: Case) -> tuple[Finding, ...]:
    """List the findings of all nodes; of a kind that this version knows."""
    held = [
        (told.node, spec, item)
        for told in case.told
        for item in told.findings
        if (spec := FINDINGS.get(item.finding.code))
    ]
    workers = {node.name for node in case.topology.nodes if not node.manager}
    suspects = _suspects(held, workers)
    return tuple(
        Finding(teller=teller, culprit=_culprit(teller, spec, item, suspects), spec=spec, held=item)
        for teller, spec, item in held
    )


_Told = tuple[str, FindingSpec, HeldFinding]


def _suspects(held: Iterable[_Told], workers: set[str]) -> Counter[str]:
    """Count how many of those that blame one of two each node is in; in a tie, a worker is it."""
    ends = {
        (teller, item.finding.subject.peer)
        for teller, spec, item in held
        if spec.culprit is Culprit.EITHER
    }
    # Twice, so that being a worker never weighs as much as one more pair.
    return Counter([*(end for pair in ends for end in (*pair, *pair)), *workers])


def _culprit(teller: str, spec: FindingSpec, item: HeldFinding, suspects: Counter[str]) -> str:
    peer = item.finding.subject.peer
    match spec.culprit:
        case Culprit.TELLER:
            return teller
        case Culprit.PEER:
            return peer
        case Culprit.EITHER:
            return max((teller, peer), key=lambda node: suspects[node])
        case Culprit.NONE:
            return ""


def troubles_found(findings: Iterable[Finding], encrypted: frozenset[str]) -> Iterator[Trouble]:
    """Make one trouble of what has one code and one culprit; *encrypted* names networks.

    What is a node's own, and the same on several, is one trouble, too: as a rule it was one hand.
    """
    groups = defaultdict[tuple[str, str, str], list[Finding]](list)
    for item in findings:
        groups[_key(item)].append(item)
    for items in groups.values():
        yield _trouble(items, encrypted)


def _key(item: Finding) -> tuple[str, str, str]:
    match item.spec.culprit:
        case Culprit.TELLER:
            return item.spec.code, "", ""
        case Culprit.NONE:
            return item.spec.code, item.subject.network, item.subject.service
        case _:
            return item.spec.code, item.culprit, ""


def _trouble(items: list[Finding], encrypted: frozenset[str]) -> Trouble:
    spec, first = items[0].spec, items[0]
    culprits = sorted({item.culprit for item in items} - {""})
    node = culprits[0] if culprits else first.teller
    blamed_alone = spec.blames_peer or not culprits
    return Trouble(
        code=spec.code,
        severity=spec.severity,
        what=spec.meaning,
        where=(*culprits, *_places(items, but=set(culprits))),
        since=min(item.held.since for item in items),
        evidence=tuple(_rows(items)),
        remedies=_first(item.held.remedy for item in items),
        next="probe audit --all" if blamed_alone else f"probe audit --node {word(node)}",
        references=spec.references,
        scopes=tuple({_scope(item, encrypted): None for item in items}),
        explains=spec.explains,
        lack=spec.lack,
        symptoms=tuple(finding_symptom(item) for item in items),
    )


def _places(items: Iterable[Finding], but: set[str]) -> tuple[str, ...]:
    named = (
        f"{what} {value}"
        for item in items
        for what, value in (
            ("network", item.subject.network),
            ("service", item.subject.service),
            ("task", item.subject.task),
            ("node", item.subject.peer if item.subject.peer not in but else ""),
        )
        if value
    )
    return tuple(dict.fromkeys(named))[:_MOST_ROWS]


def _rows(items: Iterable[Finding]) -> Iterator[str]:
    tellers = defaultdict[str, list[str]](list)
    for item in items:
        for row in item.held.finding.evidence:
            said = f"{row.what}: expected {row.expected}; found {row.actual}"
            tellers[said].append(item.teller)
    for said, nodes in list(tellers.items())[:_MOST_ROWS]:
        yield f"{said} (told by {', '.join(dict.fromkeys(nodes))})"
    if len(tellers) > _MOST_ROWS:
        yield f"and {len(tellers) - _MOST_ROWS} more of the kind"


def _first(commands: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(command for command in commands if command))[:_MOST_REMEDIES]


def _scope(item: Finding, encrypted: frozenset[str]) -> Scope:
    """Say what it reaches; what is no outage explains nothing but looks of its own kind."""
    subject, spec = item.subject, item.spec
    looks = frozenset(look for code, look in _OWN_LOOKS.items() if spec.code.startswith(code))
    explains = bool(looks) or spec.severity is Severity.CRITICAL
    reach = spec.reach if explains else Reach.NOTHING
    networks = {subject.network} - {""}
    if spec.code.startswith(_ENCRYPTION):
        networks = networks or set(encrypted)
    between = spec.culprit is Culprit.TELLER and reach in {Reach.SUBJECT, Reach.TRAFFIC}
    return Scope(
        reach=reach,
        node=item.culprit,
        peer=subject.peer if between else "",
        networks=frozenset(networks),
        service=subject.service,
        task=subject.task,
        looks=looks,
        rank=spec.rank,
    )


def finding_symptom(item: Finding) -> Symptom:
    """Describe a finding as something that another one may explain."""
    subject = item.subject
    # Who tells what is no node's own has nothing to do with it.
    ends = (
        {subject.peer}
        if item.spec.culprit in {Culprit.PEER, Culprit.NONE}
        else {
            item.teller,
            subject.peer,
        }
    )
    about = [
        part for part in (subject.network, subject.service, subject.task, subject.peer) if part
    ]
    place = f" on {item.teller}" if item.spec.culprit is Culprit.TELLER else ""
    return Symptom(
        said=f"{item.spec.code}{place}" + (f" ({', '.join(about)})" if about else ""),
        since=item.held.since,
        code=item.spec.code,
        nodes=frozenset(ends - {""}),
        network=subject.network,
        services=frozenset({subject.service} - {""}),
        destination=subject.service,
        task=subject.task,
        rank=item.spec.rank,
    )
