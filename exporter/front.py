"""What of the agent do the pages for people stand on?"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from exporter.around import Around, Others
from exporter.desk import Desk
from exporter.kept import Kept
from exporter.page.pair import Gathered, PairReport, PathReport, probe_row
from exporter.page.summary import OwnFacts, Summary, pair_of, summarise
from exporter.page.swarm import Swarm
from exporter.store import ResultStore
from exporter.view import View
from probes.explain.journey import Question
from probes.model.path import Walk
from probes.model.topology import Topology

#: For the other agents, each of which may be looked at.
_KEPT_SECONDS = 1.0


class Front:
    """Tells what this node knows, and what all others do."""

    def __init__(
        self,
        view: Callable[[], View],
        facts: Callable[[], OwnFacts],
        store: ResultStore,
        others: Others,
        explain: Callable[[Question], Awaitable[Walk]],
    ) -> None:
        self._view = view
        self._facts = facts
        self._store = store
        self._own = Kept[None, Summary](_KEPT_SECONDS, most=1)
        self.around = Around(view, self.summary, self.pair_report, others)
        self._desk = Desk(explain)

    def topology(self) -> Topology:
        """Give what exists."""
        return self._view().topology

    async def summary(self) -> Summary:
        """Fold what this agent knows."""
        return await self._own.get(None, self._summarise)

    async def _summarise(self) -> Summary:
        return await asyncio.to_thread(summarise, self._facts())

    def pair_report(self, source: str, destination: str) -> PairReport:
        """Tell what this node has of two services."""
        now = time.time()
        tallies = self._store.snapshot().tallies.items()
        return PairReport(
            node=self._view().node_name,
            probes=tuple(
                probe_row(tally)
                for probe, tally in tallies
                if pair_of(probe) == (source, destination)
            ),
            paths=tuple(
                PathReport(path=path, minutes=history.minutes(now), errors=history.errors(now))
                for path, history in self._store.histories(source, destination).items()
            ),
        )

    async def swarm(self) -> Swarm:
        """Gather what all agents know."""
        return await self.around.swarm()

    async def pair(self, source: str, destination: str) -> Gathered:
        """Gather what all agents have of two services."""
        return await self.around.pair(source, destination)

    async def explain(self, question: Question) -> Walk | str:
        """Walk a way, within bounds."""
        return await self._desk.explain(question)
