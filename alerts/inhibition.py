"""Which alert silences which? What is nearer to the root silences what follows from it.

Alertmanager takes a label that is on neither side for equal, so each rule says which labels its
targets must have. No alert is on both sides of one rule.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from alerts import rules
from alerts.spec import Alert, Role, Severity
from alerts.thresholds import Thresholds
from exporter.catalog import FINDINGS

#: Patterns of whole nodes, from what explains most to what explains least; no cause is silenced
#: by them. Of causes, the catalogue of findings says which explains which.
_PATTERNS = (("SwarmOverlayCutOff",), ("SwarmNodeLossy",))

#: Seen by probes through tasks anywhere: it explains single probes, and what is found of nodes and
#: tasks explains it.
_PORT_DEAD = "SwarmPublishedPortDead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """One rule: while a source fires, its targets are not told of."""

    reason: str
    #: Alertmanager's matchers: label, operator, quoted value.
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    #: Labels that both must have alike; the cluster is one of them always.
    equal: tuple[str, ...] = ()


def inhibitions(thresholds: Thresholds) -> tuple[Inhibition, ...]:
    """List every rule."""
    alerts = rules.alerts(thresholds)
    return (*_whole_nodes(alerts), *_causes(alerts), *_severities())


def _names(*names: str) -> str:
    return f'alertname=~"{"|".join(names)}"'


def _not(*names: str) -> str:
    return f'alertname!~"{"|".join(names)}"'


def _ranked(alerts: tuple[Alert, ...]) -> tuple[tuple[str, ...], ...]:
    """Give the causes of whole nodes; each silences those after it, and all else of its node."""
    ranks = defaultdict[int, list[str]](list)
    for alert in alerts:
        if alert.whole_node and alert.codes:
            ranks[max(FINDINGS[code].rank for code in alert.codes)].append(alert.name)
    return tuple(tuple(ranks[rank]) for rank in sorted(ranks))


def _following(alerts: tuple[Alert, ...], cause: str) -> tuple[str, ...]:
    """List the alerts whose findings all follow from those of *cause*, wherever they are found."""
    sources = next(alert.codes for alert in alerts if alert.name == cause)

    def follows(code: str) -> bool:
        return any(FINDINGS[code].follows_from(FINDINGS[source]) for source in sources)

    return tuple(
        alert.name
        for alert in alerts
        if alert.codes and alert.name != cause and all(map(follows, alert.codes))
    )


def _whole_nodes(alerts: tuple[Alert, ...]) -> Iterator[Inhibition]:
    causes = _ranked(alerts)
    known = {alert.name for alert in alerts if alert.whole_node}
    ranked = {name for rank in (*causes, *_PATTERNS) for name in rank}
    if ranked != known:
        raise ValueError(f"not ranked: {', '.join(sorted(known ^ ranked))}")
    above: tuple[str, ...] = ()
    for rank in (*causes, *_PATTERNS):
        above = (*above, *rank)
        roles = () if rank in causes else ('role=~"pattern|symptom"',)
        for label in ("node", "peer_node"):
            yield Inhibition(
                reason="A node that is at fault as a whole explains what fails on it or towards "
                "it.",
                sources=(_names(*rank),),
                targets=(_not(*above), *roles, f'{label}!=""'),
                equal=(label,),
            )


def _causes(alerts: tuple[Alert, ...]) -> Iterator[Inhibition]:
    whole_nodes = [alert.name for alert in alerts if alert.whole_node]
    lose_nothing = [
        alert.name
        for alert in alerts
        if alert.codes and all(FINDINGS[code].reach == "nothing" for code in alert.codes)
    ]
    yield Inhibition(
        reason="Tasks that a dead node took along are started elsewhere, or cannot be.",
        sources=(_names("SwarmNodeDown"),),
        targets=(_names(*_following(alerts, "SwarmNodeDown")),),
    )
    yield Inhibition(
        reason="The routing mesh passes requests on to tasks anywhere, and a node at fault "
        "as a whole loses its share of them.",
        sources=(_names(*whole_nodes),),
        targets=(_names(_PORT_DEAD),),
    )
    yield Inhibition(
        reason="A task that does not answer gets its share of a published port's requests.",
        sources=(_names("SwarmTaskUnreachable"),),
        targets=(_names(_PORT_DEAD),),
        equal=("service",),
    )
    yield Inhibition(
        reason="Who is cut off from gossip leaves others with old news, wherever they are.",
        sources=(_names("SwarmNodeCutOffFromGossip"),),
        targets=(_names(*_following(alerts, "SwarmNodeCutOffFromGossip")),),
    )
    yield Inhibition(
        reason="Without a leader, nobody learns what the Swarm should look like.",
        sources=(_names("SwarmNoLeader"),),
        targets=(
            _names(
                *_following(alerts, "SwarmNoLeader"),
                "SwarmscopeTopologyOld",
                "SwarmscopeChecksBlind",
            ),
        ),
    )
    yield Inhibition(
        reason="Without IPVS, nothing that it balances can work.",
        sources=(_names("SwarmKernelWithoutIpvs"),),
        targets=(_names(*_following(alerts, "SwarmKernelWithoutIpvs")),),
    )
    yield Inhibition(
        reason="A network's devices on a node explain all else on that network there.",
        sources=(_names("SwarmOverlayDeviceBroken"),),
        targets=(_not("SwarmOverlayDeviceBroken"), 'network!=""', 'node!=""'),
        equal=("node", "network"),
    )
    yield Inhibition(
        reason="The routing mesh of a node explains its published ports.",
        sources=(_names("SwarmIngressBroken", "SwarmOverlayDeviceBroken"),),
        targets=(_names(_PORT_DEAD),),
        equal=("node",),
    )
    yield Inhibition(
        reason="A service without tasks has nobody who could answer.",
        sources=(_names("SwarmServiceDown"),),
        targets=(_not("SwarmServiceDown"), 'service!=""'),
        equal=("service",),
    )
    for label in ("service", "network", "node"):
        yield Inhibition(
            reason="A cause explains the patterns and symptoms of what it names.",
            sources=(
                'role="cause"',
                'severity="critical"',
                _not(*lose_nothing, _PORT_DEAD),
                f'{label}!=""',
            ),
            targets=('role=~"pattern|symptom"', f'{label}!=""'),
            equal=(label,),
        )
    for label in ("service", "node"):
        yield Inhibition(
            reason="A published port that is dead explains the probes of it.",
            sources=(_names(_PORT_DEAD), f'{label}!=""'),
            targets=('role="symptom"', f'{label}!=""'),
            equal=(label,),
        )
        yield Inhibition(
            reason="What many probes have in common explains each of them.",
            sources=('role="pattern"', f'{label}!=""'),
            targets=('role="symptom"', f'{label}!=""'),
            equal=(label,),
        )
    yield Inhibition(
        reason="A service that nobody reaches is not reached from each node, either.",
        sources=(_names("SwarmServiceUnreachable"),),
        targets=(_names("SwarmPathBroken"),),
        equal=("service",),
    )
    yield Inhibition(
        reason="Whoever lost a node's agent learns nothing of how it works.",
        sources=(_names("SwarmAgentMissing"),),
        targets=('alertname=~"Swarmscope.+"', 'node!=""'),
        equal=("node",),
    )


def _severities() -> Iterator[Inhibition]:
    """Let pages silence tickets about the same thing; the ticket comes when the page is over."""
    for label in ("node", "service", "network"):
        yield Inhibition(
            reason="Who is paged for it needs no ticket about it.",
            sources=(f'severity="{Severity.CRITICAL}"', f'{label}!=""'),
            targets=(
                f'severity=~"{Severity.WARNING}|{Severity.INFO}"',
                f'role!="{Role.SELF}"',
                f'{label}!=""',
            ),
            equal=(label,),
        )
