"""Which nodes do not answer, and which do not reach each other's tasks? By the looks alone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from probes.doctor.alike import explain_command, trouble_of
from probes.doctor.case import Case, Silence
from probes.doctor.limits import CUT_OFF_PEERS, PAIR_TASKS
from probes.doctor.scope import Scope, Symptom
from probes.doctor.told import LASTS_TIMES
from probes.doctor.trouble import Trouble
from probes.findings.spec import Reach, word
from probes.model.finding import Severity
from probes.model.probe import Kind, Target

_Pair = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quiet:
    """How a node can be when its agent does not answer."""

    code: str
    severity: Severity
    what: str
    runbook: str
    scope: Scope


_UNREACHABLE = _Quiet(
    code="node_unreachable",
    severity=Severity.CRITICAL,
    what="A node answers nothing, neither itself nor on any overlay: it is down, or cut off.",
    runbook="SwarmNodeDown",
    scope=Scope(reach=Reach.NODE, rank=1),
)
_SILENT = _Quiet(
    code="agent_silent",
    severity=Severity.WARNING,
    what="Nobody looks from a node: its agent does not answer.",
    runbook="SwarmAgentMissing",
    scope=Scope(looks=frozenset({str(Target.NODE)})),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """What the looks between two nodes' tasks came to, both directions together."""

    looks: int
    failing: int
    tasks: int

    @property
    def blocked(self) -> bool:
        """Whether nothing passes."""
        return 0 < self.looks == self.failing and self.tasks >= PAIR_TASKS


def between_nodes(case: Case) -> Mapping[_Pair, Between]:
    """Add up the two directions of each pair: a look needs both of them."""
    looks, failing = defaultdict[_Pair, int](int), defaultdict[_Pair, int](int)
    tasks = defaultdict[_Pair, set[str]](set)
    for told in case.told:
        for way in told.ways:
            pair = frozenset({told.node, way.node})
            looks[pair] += way.looks
            failing[pair] += way.failing
            tasks[pair].update(way.tasks)
    return {
        pair: Between(looks=looks[pair], failing=failing[pair], tasks=len(tasks[pair]))
        for pair in looks
    }


def silent_agents(
    case: Case, silent: Iterable[Silence], between: Mapping[_Pair, Between], agent: str
) -> Iterator[Trouble]:
    """Tell of nodes whose agents do not answer: the node is gone, or the agent alone is."""
    addresses = {node.name: str(node.address or node.name) for node in case.topology.nodes}
    states = {node.name: node.state for node in case.topology.nodes}
    for silence in silent:
        node = silence.node
        known = [item for pair, item in between.items() if node in pair]
        gone = bool(known) and all(item.looks == item.failing for item in known)
        dead = _UNREACHABLE if gone else _SILENT
        since = min((look.since for look in _at_node(case, node)), default=case.now)
        evidence = [f"{node}: {silence.why}"]
        if case.knows_swarm:
            evidence.append(f"docker node ls: {states.get(node, 'unknown')}")
        if known:
            failing, looks = sum(i.failing for i in known), sum(i.looks for i in known)
            evidence.append(f"looks at its tasks over the overlays: {failing} of {looks} fail")
        address = word(addresses.get(node, node))
        yield Trouble(
            code=dead.code,
            severity=dead.severity,
            what=dead.what,
            where=(node,),
            since=since,
            evidence=tuple(evidence),
            remedies=(
                f"ping -c 3 {address}  # then, on {word(node)}: systemctl status docker"
                if gone
                else f"docker service ps --no-trunc --filter node={word(node)} {word(agent)}",
            ),
            next=f"probe icmp {address}",
            references=(f"docs/runbooks/{dead.runbook}.md",),
            scopes=(replace(dead.scope, node=node),),
            symptoms=(
                Symptom(
                    said=f"the agent of {node} does not answer",
                    since=since,
                    code="agent_silent",
                    nodes=frozenset({node}),
                ),
            ),
            of_looks=True,
        )


def _at_node(case: Case, node: str) -> Iterator[Symptom]:
    for told in case.told:
        for look in told.failing:
            if look.probe.target is Target.NODE and look.probe.destination_node == node:
                yield Symptom(said="", since=look.since)


def cut_off(
    looks: Iterable[Symptom], case: Case, between: Mapping[_Pair, Between]
) -> Iterator[Trouble]:
    """Tell of nodes that reach no other, as far as anything else explains none of it."""
    left = list(looks)
    pairs = {pair for pair, item in between.items() if item.blocked and _across(left, pair)}
    for node in sorted({node for pair in between for node in pair}):
        ways = [pair for pair in between if node in pair]
        if len(ways) < CUT_OFF_PEERS or not all(pair in pairs for pair in ways):
            continue
        own = [look for pair in ways for look in _across(left, pair)]
        yield _blocked(
            "overlay_cut_off",
            "A node is there, and no overlay works between it and any other: VXLAN is blocked "
            "there.",
            (node,),
            Scope(reach=Reach.TRAFFIC, node=node),
            own,
            remedy=_vxlan_open(case, node),
            runbook="SwarmOverlayCutOff",
        )
        pairs -= set(ways)
    for pair in sorted(pairs, key=sorted):
        one, other = sorted(pair)
        yield _blocked(
            "node_pair_blocked",
            "No overlay works between two nodes, while both reach others: what carries VXLAN is "
            "blocked between them.",
            (one, other),
            Scope(node=one, peer=other),
            _across(left, pair),
            remedy=_vxlan_open(case, one, other),
            runbook="SwarmNodePairBlocked",
        )


def _vxlan_open(case: Case, *nodes: str) -> str:
    places, port = " and ".join(map(word, nodes)), case.topology.data_path_port
    return f"nft list ruleset; iptables -S  # on {places}: UDP {port} must pass, both ways"


def _across(looks: Iterable[Symptom], pair: _Pair) -> list[Symptom]:
    return [look for look in looks if look.look == Target.TASK and look.nodes == pair]


def black_holes(looks: Iterable[Symptom], case: Case) -> Iterator[Trouble]:
    """Tell of pairs of nodes between which large packets are lost, and small ones pass."""
    small, large = (
        {
            frozenset({told.node, item.node})
            for told in case.told
            for item in told.reached
            if (item.endpoint == Kind.MTU) is full_size
        }
        for full_size in (False, True)
    )
    by_pair = defaultdict[_Pair, list[Symptom]](list)
    for look in looks:
        if look.look == Kind.MTU and look.nodes in small - large:
            by_pair[look.nodes].append(look)
    for pair, found in sorted(by_pair.items(), key=lambda item: sorted(item[0])):
        one, other = min(pair), max(pair)
        yield _blocked(
            "mtu_black_hole",
            "Large packets of an overlay are lost between two nodes, while small ones pass: "
            "connections open, and hang as soon as they carry much.",
            tuple(sorted(pair)),
            Scope(node=one, peer=other, looks=frozenset({str(Kind.MTU)})),
            found,
            remedy=f"ip link  # on {word(one)} and {word(other)}: the MTU of what leads there",
            runbook="SwarmMtuBlackHole",
        )


def _blocked(
    code: str,
    what: str,
    where: tuple[str, ...],
    scope: Scope,
    looks: list[Symptom],
    *,
    remedy: str,
    runbook: str,
) -> Trouble:
    first = looks[0]
    trouble = trouble_of(
        code,
        what,
        where,
        scope,
        looks,
        remedy=remedy,
        next_command=explain_command(replace(first, endpoint=""), first.task or first.destination),
        runbook=runbook,
    )
    said = f"{len(looks)} looks at tasks across fail, {LASTS_TIMES} times or more"
    return replace(trouble, evidence=(said,))
