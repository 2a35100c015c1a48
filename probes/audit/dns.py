"""Do the names of services resolve, for the tasks of this node, to what they should?

Held against what Swarm says now: an answer to a question of which something else was expected when
it was asked is left to the next look. What one cause makes of several names is told once: of a
resolver that does not answer by the task, of a service's records by the service. Records that
gossip did not bring are told by `probes.audit.gossip` as the cause, and here as what tasks see.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address
from statistics import median

from probes.audit.asked import Asked, asked_here, by_task, not_lately
from probes.audit.check import Answer, Check
from probes.audit.situation import Situation
from probes.findings import dns as findings
from probes.findings.spec import FindingSpec
from probes.model.finding import Evidence, Finding, Subject
from probes.model.probe import ExpectedAnswer
from probes.model.reading import CouldNotLook
from probes.model.result import Answer as Resolved
from probes.model.result import Outcome
from probes.model.topology import Service

#: Docker answers from its own memory, within a millisecond; half a second is what a person feels,
#: and more than a busy machine explains.
_SLOW_SECONDS = 0.5
#: One slow name may be chance.
_ENOUGH_NAMES = 3
_MOST_ROWS = 6

#: A name that Docker does not know is asked of the resolvers outside, and these say so, fail, or
#: do not answer (moby libnetwork/resolver.go).
_DENIED = frozenset({Outcome.NXDOMAIN, Outcome.NO_DATA, Outcome.SERVFAIL})
#: The worst first: of one service the first of these is told.
_ORDER = (
    findings.OUTSIDE,
    findings.UNKNOWN,
    findings.UNEXPECTED,
    findings.MISSING,
    findings.DUPLICATE,
    findings.TRUNCATED,
)


def check(situation: Situation) -> Iterator[Answer]:
    """Judge the last look at each name that tasks of this node ask for."""
    asked = list(asked_here(situation))
    yield from not_lately(asked, situation.now)
    tasks = by_task(asked, situation.now)
    wrong = defaultdict[tuple[str, str], list[tuple[FindingSpec, Asked]]](list)
    for task, names in tasks.items():
        unable = next(
            (item for item in names if item.result.outcome is Outcome.COULD_NOT_LOOK), None
        )
        if unable is not None:
            yield CouldNotLook(where=f"task {task}, names", why=unable.result.detail)
        if all(item.silent for item in names):
            yield _silent(task, names)
            continue
        for item in names:
            spec = _judge(item, names, situation)
            if spec is not None:
                network = item.result.probe.id.network
                wrong[item.destination.name, network].append((spec, item))
    yield from _told_once(wrong, situation)
    yield from _slow(tasks)


def unresolved_here(situation: Situation) -> tuple[str, ...]:
    """Name the services whose names should resolve here and do not, for this node's report."""
    tasks = by_task(asked_here(situation), situation.now)
    return tuple(
        sorted(
            {
                item.destination.name
                for names in tasks.values()
                if not all(other.silent for other in names)
                for item in names
                if _judge(item, names, situation) is findings.UNKNOWN
            },
        ),
    )


def _silent(task: str, names: Sequence[Asked]) -> Finding:
    rows = [(item.look.name, "an answer", _outcome(item)) for item in names]
    subject = Subject(service=names[0].source.name, task=task, item=str(names[0].look.server))
    return findings.RESOLVER_SILENT.found(subject, *_rows(rows))


def _judge(item: Asked, names: Sequence[Asked], situation: Situation) -> FindingSpec | None:
    """Tell what is wrong with one look; None when nothing is, or nothing can be told."""
    outcome, answer = item.result.outcome, item.result.observed.answer
    if outcome in _DENIED or (item.silent and _alone(item, names)):
        return findings.UNKNOWN
    if outcome is Outcome.TRUNCATED:
        return findings.TRUNCATED
    if outcome is Outcome.WRONG_ANSWER and answer is not None:
        return _judge_answer(answer, _namesakes(item, situation), situation)
    return None


def _judge_answer(
    answer: Resolved,
    namesakes: Collection[IPv4Address],
    situation: Situation,
) -> FindingSpec | None:
    strange = set(answer.unexpected).difference(namesakes)
    if any(_outside(address, situation) for address in strange):
        return findings.OUTSIDE
    if strange:
        return findings.UNEXPECTED
    if answer.missing:
        return findings.MISSING
    return findings.DUPLICATE if answer.duplicates else None


def _alone(item: Asked, names: Sequence[Asked]) -> bool:
    """Tell whether it is this service alone that the task's resolver does not answer for.

    Then Docker has asked resolvers outside, and they are silent. Some other name must have been
    answered since, and none of the service's own.
    """
    own = [other for other in names if other.destination.id == item.destination.id]
    later = any(
        not other.silent and other.ended_at > item.result.started_at
        for other in names
        if other.destination.id != item.destination.id
    )
    return later and all(other.silent for other in own)


def _outside(address: IPv4Address, situation: Situation) -> bool:
    return not any(
        address in subnet for network in situation.topology.networks for subnet in network.subnets
    )


def _namesakes(item: Asked, situation: Situation) -> set[IPv4Address]:
    """List the addresses of other services that the operator gave the same name as an alias.

    Docker answers with those of all of them. And where asker and service share a network that is
    no overlay, Docker may answer from that one.
    """
    name = item.look.name.removeprefix("tasks.")
    ours = {attachment.network_id for attachment in item.source.attachments}
    found: set[IPv4Address] = set()
    for service in situation.topology.services:
        for attachment in service.attachments:
            network = situation.network(attachment.network_id)
            if attachment.network_id not in ours or network is None:
                continue
            elsewhere = service.id == item.destination.id and network.driver != "overlay"
            if elsewhere or name in attachment.aliases:
                tasks = situation.lookup.tasks_of(service)
                places = [*service.vips, *(place for task in tasks for place in task.addresses)]
                found |= {place.address for place in places if place.network_id == network.id}
    return found


def _told_once(
    wrong: Mapping[tuple[str, str], Sequence[tuple[FindingSpec, Asked]]],
    situation: Situation,
) -> Iterator[Finding]:
    """Make one finding for each service and network, of the worst that was seen."""
    named = {service for service, network in wrong if network}
    for (service, network), seen in sorted(wrong.items(), key=lambda entry: entry[0]):
        if not network and service in named:
            continue  # asked over several networks; the one concerned is told apart
        spec = min((spec for spec, _ in seen), key=_ORDER.index)
        rows = [
            (
                f"{item.look.name} from {item.task}",
                _listed(item.look.expected),
                _answered(item),
            )
            for _, item in sorted(seen, key=lambda pair: (pair[1].look.name, pair[1].task))
        ]
        evidence = _rows(rows)
        if spec is findings.UNKNOWN:
            evidence = (*evidence, *_elsewhere(seen[0][1].destination, situation))
        yield spec.found(Subject(network=network, service=service), *evidence)


def _elsewhere(service: Service, situation: Situation) -> Iterator[Evidence]:
    """Say on which other nodes the name resolves, as their agents told."""
    overlays = situation.lookup.overlays_of(service)
    asking = {
        task.node_id
        for other in situation.topology.services
        if situation.lookup.overlays_of(other) & overlays
        for task in situation.lookup.tasks_of(other)
        if task.running and task.node_id != situation.node.id
    }
    known: list[str] = []
    unknown: list[str] = []
    for node in situation.topology.nodes:
        report = situation.reports.get(node.id)
        if report is not None and node.id in asking:
            (unknown if service.name in report.unresolved else known).append(node.name)
    if known or unknown:
        words = [f"unknown on {', '.join(unknown)} too"] if unknown else []
        words += [f"nothing told against it by {', '.join(known)}"] if known else []
        yield Evidence(what="other nodes", expected="the same as here", actual="; ".join(words))


def _slow(tasks: Mapping[str, Sequence[Asked]]) -> Iterator[Finding]:
    """Tell of slow answers once for the node: it is one Engine that gives them all."""
    rows = []
    for task, names in sorted(tasks.items()):
        times = [
            item.result.observed.rtt_seconds
            for item in names
            if item.result.observed.rtt_seconds is not None
        ]
        if len(times) >= _ENOUGH_NAMES and median(times) > _SLOW_SECONDS:
            words = f"{median(times) * 1000:.0f} ms, the median of {len(times)} names"
            rows.append((f"names from {task}", f"at most {_SLOW_SECONDS * 1000:.0f} ms", words))
    if rows:
        yield findings.RESOLVER_SLOW.found(Subject(item="127.0.0.11"), *_rows(rows))


def _rows(rows: Sequence[tuple[str, str, str]]) -> tuple[Evidence, ...]:
    """Write the first of them out, and count the rest."""
    shown = [
        Evidence(what=what, expected=expected, actual=actual)
        for what, expected, actual in rows[:_MOST_ROWS]
    ]
    if len(rows) > _MOST_ROWS:
        words = f"{len(rows) - _MOST_ROWS} more"
        shown.append(Evidence(what="further looks", expected="as above", actual=words))
    return tuple(shown)


def _listed(expected: Iterable[ExpectedAnswer]) -> str:
    """Write what any of the networks may answer."""
    return " or ".join(_joined(alternative.required) for alternative in expected)


def _answered(item: Asked) -> str:
    answer = item.result.observed.answer
    return _joined(answer.addresses) if answer and answer.addresses else _outcome(item)


def _joined(addresses: Iterable[IPv4Address]) -> str:
    return ", ".join(str(address) for address in sorted(addresses))


def _outcome(item: Asked) -> str:
    return f"{item.result.outcome}: {item.result.detail}"


CHECKS = (Check(name="dns", finds=findings.FINDINGS, run=check),)
