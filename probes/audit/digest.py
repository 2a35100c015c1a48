"""Do two nodes believe the same of a network? Folds a node's view, so that nodes can compare."""

import hashlib

from probes.model.gossip import NetworkView
from probes.model.topology import ViewDigest

_DIGITS = 16


def digest_of(view: NetworkView) -> ViewDigest:
    """Fold what converged gossip makes equal on every node; marks differ and are left out."""
    lines = sorted(
        f"{service.name} {service.vip} {task.address} {task.vtep}"
        for service in view.services
        for task in service.tasks
    )
    return ViewDigest(
        network_id=view.network_id,
        peers=tuple(sorted(view.peers)),
        digest=hashlib.sha256("\n".join(lines).encode()).hexdigest()[:_DIGITS],
        endpoints=len(lines),
    )
