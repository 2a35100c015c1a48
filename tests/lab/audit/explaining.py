"""Why does one service of the lab not reach another? The agents' own parts, without the agents."""

import asyncio
from collections.abc import Mapping
from ipaddress import IPv4Address

from exporter.audit import Observed
from exporter.explain import Explainer
from exporter.peers import EXPLAIN_PATH, PeerError
from exporter.questions import read_far_question, read_question
from exporter.view import View
from probes.audit.situation import Situation
from probes.cli.explain import question_of
from probes.looks.names import Directory
from probes.model.intent import NOTHING_DECLARED
from probes.model.path import Walk
from probes.model.reading import NOTHING_READ
from probes.model.vantage import Vantage, VantageKind
from probes.wire import dump_hops, dump_walk
from tests.lab.audit.looking import LabAuditor
from tests.lab.layout import Node
from tests.lab.swarmscope import AGENT_PORT

_NOTHING = Observed(view=View(), intent=NOTHING_DECLARED, reading=NOTHING_READ, results=())


#: One process stands in for all agents, and reads every node for each.
_FAR_WITHIN_SECONDS = 30.0


class _Helpers:
    """Every other node's explainer, asked as over the wire."""

    def __init__(self, auditor: LabAuditor) -> None:
        self._auditor = auditor
        self._known: dict[str, Situation] = {}

    async def ask(self, address: IPv4Address, path: str, query: Mapping[str, str]) -> bytes:
        node = next((it for it in self._auditor.lab.nodes if it.address == address), None)
        if node is None:
            raise PeerError(f"nobody is at {address}")
        explainer = self.explainer(node)
        if path == EXPLAIN_PATH:
            return dump_walk(await explainer.explain(read_question(query)))
        return dump_hops(await explainer.far(read_far_question(query)))

    def explainer(self, node: Node) -> Explainer:
        """Make what the agent of a node explains with."""

        async def observe(*, anew: bool = False) -> Observed:
            if anew or node.name not in self._known:
                self._known[node.name] = await asyncio.to_thread(self._auditor.situation, node)
            return _NOTHING

        return Explainer(
            observe,
            lambda _observed, _now: self._known[node.name],
            self,
            lambda: AGENT_PORT,
            host=Vantage(kind=VantageKind.HOST, name="host", netns=str(node.pins.net)),
            far_within_seconds=_FAR_WITHIN_SECONDS,
        )


def explain(auditor: LabAuditor, node: Node, source: str, destination: str) -> Walk:
    """Explain as `probe explain` on *node* does."""
    known = auditor.situation(node)
    asked = question_of(Directory(known.topology), known.local, source, destination)
    return asyncio.run(_Helpers(auditor).explainer(node).explain(asked))
