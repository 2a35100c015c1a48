"""How is each part of the network, in the order in which a good engineer would look?"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from probes.doctor.case import Case, Counted, Told
from probes.doctor.parts import PARTS, Part, belongs, has_check
from probes.doctor.scope import describe
from probes.doctor.told import LASTS_TIMES
from probes.model.finding import Severity
from probes.model.probe import Target

#: As for the page of the agents: three resyncs of half a minute, and then some.
_OLD_SECONDS = 120.0
#: What certificates and logs forgive; an answer's way is far shorter.
_CLOCKS_APART_SECONDS = 5.0
#: "unknown" follows each change of leaders, and turns into another when it lasts.
_STANDING = frozenset({"ready", "unknown"})
_MOST_NAMED = 3


class State(StrEnum):
    """What came of a step."""

    OK = "ok"
    BAD = "bad"
    COULD_NOT_LOOK = "could not look"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One part of the network."""

    name: str
    state: State
    #: In one line: what was looked at, and what was seen.
    saw: str
    #: What could not be looked at beside that, each with the reason.
    unlooked: tuple[str, ...] = ()


def steps(case: Case) -> tuple[Step, ...]:
    """Go through all that the agents told; the two about this node's own come before these."""
    made = ((part, _step(case, part)) for part in PARTS)
    return (
        _nodes(case),
        *(
            step
            for part, step in made
            if not part.optional or _counted(case, part) or step.state is State.BAD
        ),
    )


def agent_here(told: Told, now: float) -> Step:
    """Say whether the agent of this node knows what it should."""
    age = now - told.topology_read_at
    if not told.topology_read_at:
        why = told.topology_error or "it was not asked for yet"
        return Step(name="agent here", state=State.BAD, saw=f"it knows no topology: {why}")
    said = f"version {told.version} on {told.node}, its topology is {max(0.0, age):.0f} s old"
    problems = [
        problem
        for problem, is_one in (
            (f"topology: {told.topology_error}", bool(told.topology_error)),
            ("that is old", age > _OLD_SECONDS),
            (f"the configuration does not load: {told.config_error}", bool(told.config_error)),
        )
        if is_one
    ]
    state = State.BAD if problems else State.OK
    return Step(name="agent here", state=state, saw="; ".join((said, *problems)))


def _nodes(case: Case) -> Step:
    """Hold the nodes against their agents, and the clocks against ours."""
    nodes = case.topology.nodes
    wrong = [f"{item.node} is silent: {item.why}" for item in case.silent]
    wrong += [
        f"{node.name} is {node.state}"
        for node in nodes
        if node.state not in _STANDING and node.availability != "drain"
    ]
    wrong += [
        f"{node.name} is {node.reachability} as a manager"
        for node in nodes
        if node.manager and node.reachability == "unreachable"
    ]
    apart = [told for told in case.told if abs(_ahead(told)) > _CLOCKS_APART_SECONDS]
    wrong += [f"the clock of {told.node} is off by {_ahead(told):+.0f} s" for told in apart]
    asked = [told for told in case.told if told.by_agent]
    saw = f"{len(asked)} of {max(len(nodes), len(asked))} agents answer"
    managers = [node for node in nodes if node.manager]
    leaders = ", ".join(node.name for node in managers if node.leader)
    if case.knows_swarm:
        saw += f"; {len(managers)} of {len(nodes)} are managers"
        saw += f", {leaders} leads" if leaders else ""
    clocks = [told for told in asked if told.clock_ahead_seconds is not None]
    if clocks and not apart:
        saw += f"; clocks agree within {_CLOCKS_APART_SECONDS:g} s"
    unlooked = [told.topology_error for told in case.told if not told.by_agent]
    if not asked:
        unlooked.append("other nodes are asked by the agents alone, and none answers")
    return Step(
        name="nodes",
        state=State.BAD if wrong else State.OK if asked else State.COULD_NOT_LOOK,
        saw="; ".join((saw, *_few(wrong))),
        unlooked=tuple(filter(None, unlooked)),
    )


def _ahead(told: Told) -> float:
    return told.clock_ahead_seconds or 0.0


def _step(case: Case, part: Part) -> Step:
    counted = _counted(case, part)
    codes = [
        (item.finding.code, told.node)
        for told in case.told
        for item in told.findings
        if belongs(part, item.finding.code) and item.severity is not Severity.INFO
    ]
    lasting, once = _failing(case, part)
    unlooked = tuple(_unlooked(case, part, counted))
    looks = sum(item.looks for item in counted)
    said = [_said(looks, lasting, part)] if part.targets else []
    said += [f"{once} failed once, which may be chance"] if once else []
    said += [f"found: {'; '.join(_few(_by_code(codes)))}"] if codes else []
    blocked = _blocked(case) if part.ways else []
    if part.ways:
        said.append(_said_of_ways(case, blocked))
    bad = bool(codes or lasting or blocked)
    audited = any(told.audited_at for told in case.told)
    nothing_seen = not audited and not looks
    if not codes and audited and part.codes:
        said.append("the checks found nothing")
    state = State.BAD if bad else State.COULD_NOT_LOOK if nothing_seen or unlooked else State.OK
    return Step(
        name=part.name,
        state=state,
        saw="; ".join(said) or "no round of checks was made yet",
        unlooked=unlooked,
    )


def _blocked(case: Case) -> list[str]:
    return [
        f"{told.node} to {way.node}"
        for told in case.told
        for way in told.ways
        if way.looks == way.failing
    ]


def _said_of_ways(case: Case, blocked: list[str]) -> str:
    ways = sum(len(told.ways) for told in case.told)
    if not ways:
        return "no looks between tasks of different nodes"
    if not blocked:
        return f"{ways} ways between nodes, all carry something"
    return f"{len(blocked)} of {ways} ways between nodes carry nothing: {', '.join(_few(blocked))}"


def _by_code(found: Iterable[tuple[str, str]]) -> list[str]:
    nodes = defaultdict[str, list[str]](list)
    for code, node in found:
        nodes[code].append(node)
    return [f"{code} on {', '.join(dict.fromkeys(names))}" for code, names in nodes.items()]


def _said(looks: int, lasting: list[str], part: Part) -> str:
    what = {
        Target.NODE: "looks from node to node",
        Target.NAME: "looks at names",
        Target.VIP: "looks at virtual IPs",
        Target.TASK: "looks at tasks",
        Target.PUBLISHED: "looks at published ports",
        Target.STATIC: "looks at configured targets",
    }[part.targets[0]]
    if not looks:
        return f"no {what}"
    if not lasting:
        return f"{looks} {what}, none fails"
    return f"{len(lasting)} of {looks} {what} fail, such as {lasting[0]}"


def _counted(case: Case, part: Part) -> list[Counted]:
    return [item for told in case.told for item in told.counted if item.target in part.targets]


def _failing(case: Case, part: Part) -> tuple[list[str], int]:
    looks = [
        look for told in case.told for look in told.failing if look.probe.target in part.targets
    ]
    lasting = [describe(look) for look in looks if look.times >= LASTS_TIMES]
    return lasting, len(looks) - len(lasting)


def _unlooked(case: Case, part: Part, counted: Iterable[Counted]) -> Iterator[str]:
    if part.targets and not any(told.by_agent for told in case.told):
        yield "looks are taken by the agents alone, and none answers"
    checks = defaultdict[tuple[str, str, str], list[str]](list)
    for told in case.told:
        for item in told.unanswered:
            if has_check(part, item.check):
                checks[item.where, told.node, item.why].append(item.check)
    for (where, node, why), names in checks.items():
        yield f"{where} on {node} ({', '.join(dict.fromkeys(names))}): {why}"
    unknown = [item for item in counted if item.unknown]
    if unknown:
        number = sum(item.unknown for item in unknown)
        yield f"{number} looks could not be taken: {unknown[0].why_unknown}"


def _few(items: list[str]) -> list[str]:
    rest = len(items) - _MOST_NAMED
    return [*items[:_MOST_NAMED], f"and {rest} more"] if rest > 0 else items
