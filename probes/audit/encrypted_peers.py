"""With whom does this node share an encrypted overlay?"""

from collections import defaultdict

from probes.audit.local_overlays import LocalOverlay, local_overlays, peers_on
from probes.audit.situation import Situation
from probes.model.topology import Node


def encrypted_overlays(situation: Situation) -> tuple[LocalOverlay, ...]:
    """List the encrypted overlays that have running tasks here and on another live node.

    The Engine prepares for encryption only when there is somebody to talk to.
    """
    return tuple(
        overlay
        for overlay in local_overlays(situation)
        if overlay.network.encrypted and peers_on(situation, overlay.network)
    )


def encrypted_peers(situation: Situation) -> tuple[tuple[Node, tuple[str, ...]], ...]:
    """List those nodes, each with the names of the networks."""
    networks = defaultdict[str, list[str]](list)
    nodes: dict[str, Node] = {}
    for overlay in encrypted_overlays(situation):
        for node in peers_on(situation, overlay.network):
            nodes[node.id] = node
            networks[node.id].append(overlay.network.name)
    return tuple((node, tuple(networks[node.id])) for node in nodes.values())
