"""How do nodes reach each other's tasks? Recording rules that fold probes into pairs of nodes.

A pair is there in both orders, with the same value: a probe needs the way there and the way back.
"""

from alerts import explained
from alerts.explained import swapped
from alerts.spec import RecordingRule
from alerts.thresholds import Thresholds
from exporter.catalog import CONFIG_RELOAD_TIMESTAMP, PROBE_SUCCESS
from exporter.promql import by, copied, either, none_of, renamed, seconds, select, unless

#: Large echoes fail for a reason of their own.
NOT_LARGE = none_of("mtu")
_PAIR = ("node", "peer_node")

_PROBES = select(PROBE_SUCCESS, target="task", probe=NOT_LARGE)
_BOTH_ORDERS = either(
    copied(copied(_PROBES, "source_node", "node"), "destination_node", "peer_node"),
    copied(copied(_PROBES, "destination_node", "node"), "source_node", "peer_node"),
)
_TASKS = by("max", (*_PAIR, "network", "destination_task"), _BOTH_ORDERS)
_OF_PEERS = {"peer_node": "node", "network": "network"}
#: Whether a task is reached on a network between two nodes, in any way; where a finding says that
#: a network is broken on one of them, that is no matter of the pair's.
TASKS = RecordingRule(
    name="node_pair_task:swarmscope_probe_success:max",
    expr=unless(
        unless(
            unless(
                unless(_TASKS, ("node", "network"), explained.NODE_NETWORKS),
                ("peer_node", "network"),
                renamed("group", explained.NODE_NETWORKS, **_OF_PEERS),
            ),
            ("network",),
            explained.NETWORKS,
        ),
        _PAIR,
        # A node's way to itself is no way between nodes.
        copied(by("group", ("node",), _TASKS), "node", "peer_node"),
    ),
    labels=(*_PAIR, "network", "destination_task"),
)
_LOOKED_AT = by("max", _PAIR, TASKS)

#: Nodes that nobody reaches, neither on the underlay nor on any overlay: dead, until Swarm says so.
SILENT = RecordingRule(
    name="node:swarmscope_probe:silent",
    expr=renamed("max", select(PROBE_SUCCESS, target="node"), node="destination_node")
    + f" == 0 and on (node) (max by (node) ({TASKS}) == 0)",
    labels=("node",),
)


def blocked(thresholds: Thresholds) -> RecordingRule:
    """Give the pairs between which no task is reached."""
    tasks = by("count", _PAIR, by("group", (*_PAIR, "destination_task"), TASKS))
    return RecordingRule(
        name="node_pair:swarmscope_probe:blocked",
        expr=f"{_LOOKED_AT} == 0 and on (node, peer_node) ({tasks} >= {thresholds.pair_tasks})",
        labels=_PAIR,
    )


def cut_off(thresholds: Thresholds) -> RecordingRule:
    """Give the nodes that reach no other, and that nothing else explains."""
    count = by("count", ("node",), blocked(thresholds))
    everywhere = f"{count} == on (node) {by('count', ('node',), _LOOKED_AT)}"
    return RecordingRule(
        name="node:swarmscope_overlay:cut_off",
        expr=unless(
            f"({everywhere} >= {thresholds.cut_off_peers})",
            ("node",),
            explained.NODES,
            SILENT,
        ),
        labels=("node",),
    )


#: The one kind of look that nobody sends again when it is lost.
_ECHOES = select(PROBE_SUCCESS, target="task", probe="icmp")
_ONE_WAY = {"node": "source_node", "peer_node": "destination_node"}


def _alive(thresholds: Thresholds) -> str:
    """Tell of each echo whether it came back a moment ago; if not, it is not lossy but dead."""
    return f"max_over_time({_ECHOES}[{seconds(thresholds.lossy_memory_seconds)}])"


def loss(thresholds: Thresholds) -> RecordingRule:
    """Give the share of echoes that were lost of late, one way."""
    window = seconds(thresholds.lossy_window_seconds)
    lost = f"(1 - avg_over_time({_ECHOES}[{window}])) * {_alive(thresholds)}"
    return RecordingRule(
        name="node_pair:swarmscope_probe:loss_share",
        expr=renamed("avg", lost, **_ONE_WAY),
        labels=_PAIR,
    )


def lossy_pairs(thresholds: Thresholds) -> RecordingRule:
    """Give the share that pairs lose in both orders; what was blocked of late is no loss."""
    lost = loss(thresholds)
    both = f"(({lost} + on (node, peer_node) {swapped(lost)}) / 2 > 0)"
    return RecordingRule(
        name="node_pair:swarmscope_probe:lossy",
        expr=unless(both, _PAIR, f"count_over_time({blocked(thresholds)}[2m])"),
        labels=_PAIR,
    )


def _losing_now(thresholds: Thresholds) -> str:
    """Give the nodes that lost an echo a moment ago: what happened once stays in the mean longer.

    It is asked of a node, not of each pair: between two nodes few echoes pass, so that now and then
    all of them come back by chance.
    """
    lost = f"({_ECHOES} == bool 0) * {_alive(thresholds)} > 0"
    ends = (renamed("max", lost, node=end) for end in _ONE_WAY.values())
    return by("max", ("node",), either(*ends))


def lossy(thresholds: Thresholds) -> RecordingRule:
    """Give the node that loses most, if it loses something to and from several others."""
    pairs = lossy_pairs(thresholds)
    share = f"{by('avg', ('node',), pairs)} > {thresholds.lossy_least:g}"
    affected = f"{by('count', ('node',), pairs)} >= {thresholds.cut_off_peers}"
    still = f"{share} and on (node) ({affected}) and on (node) ({_losing_now(thresholds)})"
    explaining = (explained.NODES, explained.NODE_NETWORKS, SILENT, cut_off(thresholds))
    return RecordingRule(
        name="node:swarmscope_probe:lossy",
        expr=unless(f"topk(1, {still})", ("node",), *explaining),
        labels=("node",),
    )


def troubled(thresholds: Thresholds) -> RecordingRule:
    """Give the nodes that something is wrong with, or that are an end of a blocked pair."""
    losing = lossy(thresholds)
    window = thresholds.lossy_hold_seconds
    lasting = (
        f"{losing} and count_over_time({losing}[{seconds(window)}]) "
        f">= {window // thresholds.evaluation_seconds}"
    )
    rules = (explained.NODES, SILENT, cut_off(thresholds), blocked(thresholds), lasting)
    return RecordingRule(
        name="node:swarmscope_trouble:active",
        expr=by("group", ("node",), either(*rules)),
        labels=("node",),
    )


def rules(thresholds: Thresholds) -> tuple[RecordingRule, ...]:
    """List them, in the order in which they build upon each other."""
    return (
        TASKS,
        SILENT,
        blocked(thresholds),
        cut_off(thresholds),
        loss(thresholds),
        lossy_pairs(thresholds),
        lossy(thresholds),
        troubled(thresholds),
    )


def once(pairs: object) -> str:
    """Keep one order of each pair: whose agent was configured last comes first.

    PromQL cannot compare names, and which of the two comes first does not matter, if it stays.
    """
    since = by("max", ("node",), CONFIG_RELOAD_TIMESTAMP)
    first = f"({pairs}) * 0 + on (node) group_left () {since}"
    second = (
        f"({pairs}) * 0 + on (peer_node) group_left () "
        f"{renamed('max', CONFIG_RELOAD_TIMESTAMP, peer_node='node')}"
    )
    earlier = f"(({first}) < ({second})) and on (node, peer_node) {swapped(pairs)}"
    return unless(f"({pairs})", _PAIR, f"({earlier})")
