"""Which node is cut off from gossip, by what the nodes' kernels were told?

A manager's agent compares all views, and needs 90 s to be sure (`gossip_peer_missing`). Sooner,
some node's kernel has no way to any task on another (`fdb_peer_missing`): either end may be at
fault, and the one that most of these pairs have in common is. Of one pair it is the one that looks.
"""

from alerts.findings.cause import folded
from alerts.promql import by, copied, either, select
from exporter.catalog import FINDINGS_HELD, NODE_INFO

_PAIRS = by("group", ("node", "peer_node"), select(FINDINGS_HELD, code="fdb_peer_missing"))
_ENDS = either(copied(_PAIRS, "node", "culprit"), copied(_PAIRS, "peer_node", "culprit"))


def _most_common() -> str:
    shares = f"count by (culprit) ({_ENDS})"
    looks = f"0.5 * group by (culprit) ({copied(_PAIRS, 'node', 'culprit')})"
    # In a tie it is a worker, as for the agents themselves (probes/audit/peers.py).
    worker = (
        f"0.25 * group by (culprit) ({copied(select(NODE_INFO, role='worker'), 'node', 'culprit')})"
    )
    weights = f"sum by (culprit) ({either(*_labelled(shares, looks, worker))})"
    among = f"{weights} and on (culprit) {shares}"
    return by("max", ("node",), copied(f"topk(1, {among})", "culprit", "node"))


def _labelled(*exprs: str) -> list[str]:
    """Keep the terms of a sum apart, so that none hides another."""
    return [
        f'label_replace({expr}, "term", "{number}", "", "")' for number, expr in enumerate(exprs)
    ]


_TOLD = folded("gossip_peer_missing", by_labels=("node",), blame_peer=True)

#: Once a manager's agent has named nodes, it is right.
CUT_OFF = either(
    _TOLD,
    f"({_most_common()}) unless on () {select(FINDINGS_HELD, code='gossip_peer_missing')}",
)
