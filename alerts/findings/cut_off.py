"""Which node is cut off from gossip, by what the nodes' kernels were told?

A manager's agent compares all views, and needs 90 s to be sure (`gossip_peer_missing`). Sooner,
some node's kernel has no way to any task on another (`fdb_peer_missing`): either end may be at
fault, and the one that most of these pairs have in common is. Of one pair it is the one that looks;
but agents tell one after the other, so the first pair waits for others a while.
"""

from alerts.findings.cause import folded
from alerts.spec import RecordingRule
from alerts.thresholds import Thresholds
from exporter.catalog import FINDINGS_HELD, NODE_INFO
from exporter.promql import by, copied, either, seconds, select

_PAIRS = by("group", ("node", "peer_node"), select(FINDINGS_HELD, code="fdb_peer_missing"))
#: Each pair from both of its ends.
_ENDS = either(
    copied(copied(_PAIRS, "node", "culprit"), "peer_node", "other"),
    copied(copied(_PAIRS, "peer_node", "culprit"), "node", "other"),
)


def _of_nodes(expr: str) -> str:
    return by("max", ("node",), copied(expr, "culprit", "node"))


def _most_common() -> str:
    shares = f"count by (culprit) ({_ENDS})"
    looks = f"0.5 * group by (culprit) ({copied(_PAIRS, 'node', 'culprit')})"
    # In a tie it is a worker, as for the agents themselves (probes/audit/peers.py).
    worker = (
        f"0.25 * group by (culprit) ({copied(select(NODE_INFO, role='worker'), 'node', 'culprit')})"
    )
    weights = f"sum by (culprit) ({either(*_kept_apart(shares, looks, worker))})"
    return _of_nodes(f"topk(1, {weights} and on (culprit) {shares})")


def _kept_apart(*exprs: str) -> list[str]:
    """Number the terms of a sum, so that none hides another."""
    return [
        f'label_replace({expr}, "term", "{number}", "", "")' for number, expr in enumerate(exprs)
    ]


SUSPECT = RecordingRule(
    name="node:swarmscope_gossip:suspect", expr=_most_common(), labels=("node",)
)
PEERS = RecordingRule(
    name="node:swarmscope_gossip:missed_peers",
    expr=_of_nodes(f"count by (culprit) (group by (culprit, other) ({_ENDS}))"),
    labels=("node",),
)


def cut_off(thresholds: Thresholds) -> str:
    """Name the nodes; once a manager's agent has, it is right."""
    told = folded("gossip_peer_missing", by_labels=("node",), blame_peer=True)
    window = thresholds.single_pair_seconds
    lasting = (
        f"count_over_time({SUSPECT}[{seconds(window)}]) "
        f">= {window // thresholds.evaluation_seconds}"
    )
    sure = f"({PEERS} >= {thresholds.cut_off_peers} or {lasting})"
    return either(
        told,
        f"({SUSPECT} and on (node) {sure}) "
        f"unless on () {select(FINDINGS_HELD, code='gossip_peer_missing')}",
    )
