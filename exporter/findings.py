"""What did the audits of this node, of another, or of all nodes find?"""

import asyncio
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any, Protocol

from exporter.audit import AuditState
from exporter.peers import PeerError
from exporter.view import View
from probes.model.topology import Node
from probes.wire import DOCUMENT_VERSION, finding_document

Document = Mapping[str, Any]


class FindingPeers(Protocol):
    """The other agents, as far as they are asked here; `exporter.peers.Peers` is them."""

    async def findings(self, address: IPv4Address) -> Document: ...


def own_findings(state: AuditState, node: str) -> Document:
    """Describe what this node's last round left."""
    return {
        "version": DOCUMENT_VERSION,
        "node": node,
        "at": state.at,
        "rounds": state.rounds,
        "findings": [finding_document(item) for item in state.held],
        "pending": state.pending,
        "unanswered": [
            {"check": item.check, "where": item.where, "why": item.why} for item in state.unanswered
        ],
    }


async def findings_everywhere(view: View, state: AuditState, peers: FindingPeers) -> Document:
    """Ask every node's agent at once; who does not answer is named, with the reason."""
    others = [node for node in view.topology.nodes if node.name != view.node_name]
    answers = await asyncio.gather(*(_ask(node, peers) for node in others))
    documents = [own_findings(state, view.node_name)]
    documents += [answer for answer in answers if isinstance(answer, Mapping)]
    return {
        "version": DOCUMENT_VERSION,
        "nodes": sorted(documents, key=lambda document: str(document["node"])),
        "unreachable": [
            {"node": node.name, "why": answer}
            for node, answer in zip(others, answers, strict=True)
            if isinstance(answer, str)
        ],
    }


async def _ask(node: Node, peers: FindingPeers) -> Document | str:
    if node.address is None:
        return "Swarm knows no address of it"
    try:
        return await peers.findings(node.address)
    except PeerError as exc:
        return str(exc)
