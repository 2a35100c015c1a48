"""What do many failing probes have in common? One alert for the node, the pair, the task at fault.

A pattern waits while some agent is making sure of a finding, which would name the cause; and no
longer than `cause_patience_seconds`.
"""

from alerts import explained, pairs, words
from alerts.explained import NODE_PAIRS, NODES, SERVICES
from alerts.spec import Alert, Dashboard, Group, RecordingRule, Role, Severity
from alerts.thresholds import Thresholds
from alerts.words import NETWORK, NODE, PEER, PEER_OR_OTHERS, SERVICE, TASK
from exporter.catalog import PROBE_SUCCESS
from exporter.promql import by, either, none_of, renamed, seconds, select, unless

_TASK = {
    "service": "destination_service",
    "task": "destination_task",
    "node": "destination_node",
    "peer_node": "source_node",
    "endpoint": "endpoint",
}
_APPLICATION = select(PROBE_SUCCESS, target="task", probe=none_of("icmp", "mtu"))
_ECHO = select(PROBE_SUCCESS, target="task", probe="icmp")
#: Whether what a task serves (`endpoint`) is reached from a node (`peer_node`); by echo where it
#: serves nothing that is known.
REACHED = RecordingRule(
    name="task:swarmscope_probe_success:max",
    expr=unless(
        f"{renamed('max', _APPLICATION, **_TASK)} or {renamed('max', _ECHO, **_TASK)}",
        ("service", "task", "peer_node", "endpoint"),
        # No task serves "": that is the echo, which counts where nothing else does.
        "label_replace(group by (service, task, peer_node) "
        f'({renamed("max", _APPLICATION, **_TASK)}), "endpoint", "", "", "")',
    ),
    labels=tuple(_TASK),
)


def waiting(rule: RecordingRule, thresholds: Thresholds) -> str:
    """Let *rule* wait for causes that agents are making sure of, but not for ever."""
    window = thresholds.cause_patience_seconds - thresholds.pattern_hold_seconds
    evaluations = window // thresholds.evaluation_seconds
    return (
        f"{unless(rule, (), explained.PENDING)} or "
        f"({rule} and count_over_time({rule}[{seconds(window)}]) >= {evaluations})"
    )


def group(thresholds: Thresholds) -> Group:
    """List the patterns, each a recording rule and the alert that watches it."""
    hold = thresholds.pattern_hold_seconds
    cut_off = _cut_off(thresholds)
    pair, network, task = _pair(thresholds), _network(), _task(thresholds)
    return Group(
        name="patterns",
        rules=(
            cut_off,
            _lossy(thresholds),
            pair,
            Alert(
                name="SwarmNodePairBlocked",
                expr=waiting(pair, thresholds),
                hold_seconds=hold,
                severity=Severity.CRITICAL,
                role=Role.PATTERN,
                labels=pair.labels,
                summary="No overlay network works between two nodes.",
                description=f"No task on {NODE} reaches one on {PEER}, or back; both reach others. "
                "On the underlay between them: "
                + words.listed(
                    f'{PROBE_SUCCESS}{{target="node",source_node=%q,destination_node=%q}}',
                    "{{ if eq $row.Value 1.0 }}works{{ else }}fails, too{{ end }}",
                    "node",
                    "peer_node",
                )
                + ".",
                command=f"probe explain SERVICE SERVICE  # on {NODE}; UDP 4789 open both ways?",
                dashboard=Dashboard.NODES,
            ),
            network,
            Alert(
                name="SwarmNetworkBroken",
                expr=waiting(network, thresholds),
                hold_seconds=hold,
                severity=Severity.CRITICAL,
                role=Role.PATTERN,
                labels=("network",),
                summary="One overlay network works between no two nodes, while others do.",
                description=f"On {NETWORK} no task reaches one on another node; other networks do.",
                command="probe audit --all; probe explain SERVICE SERVICE",
                dashboard=Dashboard.NETWORKS,
            ),
            REACHED,
            task,
            Alert(
                name="SwarmTaskUnreachable",
                expr=waiting(task, thresholds),
                hold_seconds=hold,
                severity=Severity.CRITICAL,
                role=Role.PATTERN,
                labels=task.labels,
                summary="One task of a service does not answer, while others of it do.",
                description=f"{TASK} on {NODE} does not answer, from anywhere; other tasks of "
                f"{SERVICE} do. What fails: "
                + words.listed(
                    f"count by (probe, endpoint) ({PROBE_SUCCESS}{{destination_task=%q}} == 0)",
                    words.row("probe", "endpoint"),
                    "task",
                )
                + ". An echo that fails, too, says that the task is unplugged or gone.",
                command=f"probe explain SERVICE {TASK}; docker service ps --no-trunc {SERVICE}",
                dashboard=Dashboard.SERVICES,
            ),
            *_black_hole(thresholds),
        ),
    )


def _cut_off(thresholds: Thresholds) -> Alert:
    return Alert(
        name="SwarmOverlayCutOff",
        expr=waiting(pairs.cut_off(thresholds), thresholds),
        hold_seconds=thresholds.pattern_hold_seconds,
        severity=Severity.CRITICAL,
        role=Role.PATTERN,
        labels=("node",),
        summary="A node is there, and no overlay network works between it and any other.",
        description=f"No task on {NODE} reaches one on another node, or back ({words.VALUE} nodes "
        "looked at), though the node itself answers. VXLAN is blocked there.",
        command=f"probe audit --node {NODE}  # then: UDP 4789 in {NODE}'s firewall",
        dashboard=Dashboard.NODES,
        whole_node=True,
    )


def _lossy(thresholds: Thresholds) -> Alert:
    return Alert(
        name="SwarmNodeLossy",
        expr=str(pairs.lossy(thresholds)),
        hold_seconds=thresholds.lossy_hold_seconds,
        severity=Severity.CRITICAL,
        role=Role.PATTERN,
        labels=("node",),
        summary="A node loses a part of the packets between it and the others.",
        description=f"Some echoes between {NODE} and other nodes are lost; of late: "
        + words.listed(
            f"{pairs.loss(thresholds)}{{node=%q}} > 0",
            "{{ $row.Value | humanizePercentage }} towards {{ $row.Labels.peer_node }}",
            "node",
        )
        + ".",
        command=f"probe audit --node {NODE}; ip -s link  # on {NODE}",
        dashboard=Dashboard.NODES,
        whole_node=True,
    )


def _pair(thresholds: Thresholds) -> RecordingRule:
    """Give pairs whose trouble is neither end's, nor a finding's."""
    ends = (NODES, pairs.SILENT, pairs.cut_off(thresholds))
    alone = unless(pairs.blocked(thresholds), ("node", "peer_node"), NODE_PAIRS)
    alone = unless(alone, ("node",), *ends)
    alone = unless(alone, ("peer_node",), *(renamed("group", e, peer_node="node") for e in ends))
    return RecordingRule(
        name="node_pair:swarmscope_overlay:blocked",
        expr=pairs.once(alone),
        labels=("node", "peer_node"),
    )


def _network() -> RecordingRule:
    """Give networks that are dead between all of at least three nodes, while others live.

    A node at fault says nothing of the network.
    """
    peers = renamed("group", NODES, peer_node="node")
    judged = unless(unless(pairs.TASKS, ("node",), NODES), ("peer_node",), peers)
    ways = f"count by (network) (group by (network, node, peer_node) ({judged}))"
    dead = f"max by (network) ({judged}) == 0 and on (network) ({ways} > 2)"
    return RecordingRule(
        name="network:swarmscope_overlay:broken",
        expr=unless(
            f"{dead} and on () (max({pairs.TASKS}) == 1)", ("network",), explained.NETWORKS
        ),
        labels=("network",),
    )


def _task(thresholds: Thresholds) -> RecordingRule:
    """Give tasks that serve nothing to anybody of what others of their service serve."""
    # Whoever cannot reach the node cannot judge its tasks.
    judges = unless(REACHED, ("node", "peer_node"), pairs.blocked(thresholds))
    dead = (
        f"max by (service, task, node, endpoint) ({judges}) == 0 "
        f"and on (service, endpoint) (max by (service, endpoint) ({REACHED}) == 1)"
    )
    alone = unless(f"group by (service, task, node) ({dead})", ("service",), SERVICES)
    return RecordingRule(
        name="task:swarmscope_task:unreachable",
        expr=unless(alone, ("node",), NODES, pairs.SILENT, pairs.cut_off(thresholds)),
        labels=("service", "task", "node"),
    )


def _black_hole(thresholds: Thresholds) -> tuple[RecordingRule, Alert]:
    ends = {"node": "source_node", "peer_node": "destination_node"}
    large = renamed("max", select(PROBE_SUCCESS, target="task", probe="mtu"), **ends)
    small = renamed("max", select(PROBE_SUCCESS, target="task", probe="icmp"), **ends)
    lost = f"({large} == 0 and on (node, peer_node) ({small} == 1))"
    rule = RecordingRule(
        name="node_pair:swarmscope_overlay:black_hole",
        expr=either(lost, explained.swapped(lost)),
        labels=("node", "peer_node"),
    )
    of_node = f"{by('count', ('node',), rule)} >= {thresholds.cut_off_peers}"
    alone = unless(
        unless(rule, ("node",), of_node),
        ("peer_node",),
        renamed("group", of_node, peer_node="node"),
    )
    alert = Alert(
        name="SwarmMtuBlackHole",
        expr=either(of_node, pairs.once(alone)),
        hold_seconds=thresholds.pattern_hold_seconds,
        severity=Severity.CRITICAL,
        role=Role.PATTERN,
        labels=rule.labels,
        summary="Large packets of an overlay are lost on their way, while small ones pass.",
        description=f"Between {NODE} and {PEER_OR_OTHERS}, an overlay's largest packets are lost "
        "without a word: connections open, and hang as soon as they carry much.",
        command=f"probe audit --node {NODE}; ip link  # on both: the MTU of what leads there",
        dashboard=Dashboard.NODES,
    )
    return rule, alert
