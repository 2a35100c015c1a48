"""How does an agent keep up with the Swarm?

On a manager it reads the Engine: at events, at other agents' reports (there are no events for
tasks), more often while tasks are in transition, and now and then in case something was lost.
On a worker it asks the managers' agents, who hold their answer until there is something new.
A failed reading keeps what was known. What only a node's own agent sees, it tells the managers'
agents: at events, since these mean that tasks changed, and when it sees something else than before.
"""

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import IPv4Address
from typing import Protocol

from exporter.beliefs import Beliefs
from exporter.peers import PeerError, Peers
from exporter.report import node_report
from exporter.reporter import Reporter
from exporter.view import Source, View
from probes.model.gossip import NetworkView
from probes.model.local import LocalTask
from probes.model.topology import NodeReport, Topology
from probes.swarm.errors import EngineError, NoSwarmError
from probes.swarm.membership import Membership

logger = logging.getLogger(__name__)

#: Events come in bursts; one reading shall serve them all.
_GATHER_SECONDS = 0.1
#: A reading may take at most this share of the time.
_LARGEST_SHARE = 0.2
_LONG_POLL_SECONDS = 25.0
_RETRY_SECONDS = 2.0
#: How often it is asked whether a network's turn has come.
_TICK_SECONDS = 1.0


class SwarmEngine(Protocol):
    """What is asked of the local Engine; `probes.swarm.engine.Engine` answers it."""

    def membership(self) -> Membership: ...
    def topology(self) -> Topology: ...
    def local_tasks(self) -> tuple[LocalTask, ...]: ...
    def network_view(self, network_id: str) -> NetworkView | None: ...


class Watch(Protocol):
    """A stream of the Engine's events; `probes.swarm.events.EventWatch` is one."""

    def run(self, on_change: Callable[[], None]) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for what, in seconds."""

    resync_seconds: float
    #: At least this long between two readings of the Engine.
    gap_seconds: float = 0.5
    #: At least this long between two reports of what an event did not tell: each change of a
    #: report makes every worker fetch the topology anew.
    report_gap_seconds: float = 5.0


class Follower:
    """Keeps a View current, and tells *on_change* each time that it changed."""

    def __init__(
        self,
        engine: SwarmEngine,
        watch: Callable[[], Watch],
        peers: Peers,
        patience: Patience,
        on_change: Callable[[View], None],
    ) -> None:
        self._engine = engine
        self._watch = watch
        self._peers = peers
        self._patience = patience
        self._on_change = on_change
        self._asking = asyncio.Lock()
        self._look_here = asyncio.Event()
        self._look_around = asyncio.Event()
        self._changed = asyncio.Condition()
        self._reports: dict[str, NodeReport] = {}
        self._reporter = Reporter(peers, partial(self._count_error, Source.AGENT))
        self._seen_anew = asyncio.Event()
        self._seen = NodeReport(node_id="")
        self._beliefs = Beliefs(self._ask_gossip, partial(self._count_error, Source.ENGINE))
        self._boot = secrets.token_hex(4)
        self._changes = 0
        self._changed_at = time.monotonic()
        self.view = View()
        self.errors = Counter[str]({Source.ENGINE: 0, Source.AGENT: 0})

    async def run(self) -> None:
        """Follow for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_node(), name="own node")
            group.create_task(self._follow_gossip(), name="gossip")
            group.create_task(self._follow_seen(), name="reports")
            group.create_task(self._follow_swarm(), name="topology")
            group.create_task(self._follow_events(), name="events")

    def set_patience(self, patience: Patience) -> None:
        """Follow a new configuration."""
        self._patience = patience

    def take_report(self, report: NodeReport) -> None:
        """Take what another node's agent sees; it also means that something may have changed."""
        self._reports[report.node_id] = report
        self._look_around.set()

    def take_own(self, seen: NodeReport) -> None:
        """Take what the audit sees of this node; the others are told when it is something new.

        Counted of it are the security associations, local subnets, unresolved names and dead
        ports; all else in a report comes from this node's Engine.
        """
        if seen != self._seen:
            self._seen = seen
            self._seen_anew.set()

    async def newer_than(self, version: str, wait_seconds: float) -> View:
        """Wait until the topology is not *version*, or the time is over."""
        try:
            async with asyncio.timeout(wait_seconds), self._changed:
                await self._changed.wait_for(lambda: self.view.version != version)
        except TimeoutError:
            pass
        return self.view

    # --- this node ---

    async def _follow_node(self) -> None:
        while True:
            self._look_here.clear()
            await self._read_node()
            self._look_around.set()
            await self._tell_managers()
            await _until(self._look_here, self._patience.resync_seconds)
            await asyncio.sleep(_GATHER_SECONDS)

    async def _read_node(self) -> None:
        try:
            async with self._asking:
                membership = await asyncio.to_thread(self._engine.membership)
                local = await asyncio.to_thread(self._engine.local_tasks)
        except NoSwarmError as exc:
            await self._publish(replace(self.view, membership=None, local=(), error=str(exc)))
        except EngineError as exc:
            await self._fail(Source.ENGINE, exc)
        else:
            await self._publish(replace(self.view, membership=membership, local=local))

    async def _tell_managers(self, *, only_news: bool = False) -> None:
        view = self.view
        if view.membership is None:
            return
        seen = replace(self._seen, node_id=view.membership.node_id)
        report = node_report(seen, view.local, view.views, view.topology)
        if report != self._reports.get(report.node_id):
            self._reports[report.node_id] = report
            self._look_around.set()
        others = set(view.membership.managers) - {view.membership.address}
        await self._reporter.tell(report, sorted(others), only_news=only_news)

    async def _follow_seen(self) -> None:
        """Tell what was seen otherwise than by an event, in batches."""
        while True:
            await self._seen_anew.wait()
            self._seen_anew.clear()
            await self._tell_managers(only_news=True)
            await asyncio.sleep(self._patience.report_gap_seconds)

    async def _follow_gossip(self) -> None:
        while True:
            views = await self._beliefs.renewed(self.view)
            known = self.view.views
            if views is not known:
                await self._publish(replace(self.view, views=views))
            if views != known:
                self._seen_anew.set()
            await asyncio.sleep(_TICK_SECONDS)

    async def _ask_gossip(self, network_id: str) -> NetworkView | None:
        async with self._asking:
            return await asyncio.to_thread(self._engine.network_view, network_id)

    # --- the Swarm ---

    async def _follow_swarm(self) -> None:
        while True:
            membership = self.view.membership
            if membership is None:
                await self._look_around.wait()
                self._look_around.clear()
            elif membership.manager:
                await self._read_engine()
            else:
                await self._ask_managers(membership.managers)

    async def _read_engine(self) -> None:
        """Read the Engine once, then wait until it is worth reading again."""
        self._look_around.clear()
        began = time.monotonic()
        try:
            async with self._asking:
                topology = await asyncio.to_thread(self._engine.topology)
        except EngineError as exc:
            await self._fail(Source.ENGINE, exc)
            topology = self.view.topology
        else:
            await self._take_topology(topology)
        gap = max(self._patience.gap_seconds, (time.monotonic() - began) / _LARGEST_SHARE)
        await asyncio.sleep(gap)
        await _until(self._look_around, self._until_next(topology))

    async def _take_topology(self, topology: Topology) -> None:
        nodes = {node.id for node in topology.nodes}
        self._reports = {key: report for key, report in self._reports.items() if key in nodes}
        reports = tuple(report for _, report in sorted(self._reports.items()))
        whole = replace(topology, reports=reports)
        known = self.view
        if whole == known.topology and known.source is Source.ENGINE:
            version = known.version
        else:
            self._changes += 1
            version = f"{self._boot}-{self._changes}"
        view = replace(known, source=Source.ENGINE, topology=whole, version=version, error="")
        await self._publish(view)

    def _until_next(self, topology: Topology) -> float:
        """Wait less while tasks are in transition, but ever longer while nothing comes of it."""
        if not any(task.in_transition for task in topology.tasks):
            return self._patience.resync_seconds
        quiet = time.monotonic() - self._changed_at
        return min(self._patience.resync_seconds, quiet / 2)

    async def _ask_managers(self, managers: tuple[IPv4Address, ...]) -> None:
        """Ask one manager's agent after another until one answers."""
        for address in managers:
            try:
                fetched = await self._peers.topology(
                    address,
                    self.view.version,
                    _LONG_POLL_SECONDS,
                )
            except PeerError as exc:
                await self._fail(Source.AGENT, exc)
                continue
            if fetched.version.partition("-")[0] != self.view.version.partition("-")[0]:
                self._look_here.set()  # an agent that has just begun knows no report of ours
            topology = fetched.topology or replace(self.view.topology, read_at=fetched.read_at)
            view = replace(
                self.view,
                source=Source.AGENT,
                topology=topology,
                version=fetched.version,
                error="",
            )
            await self._publish(view)
            return
        await asyncio.sleep(_RETRY_SECONDS)

    # --- events ---

    async def _follow_events(self) -> None:
        loop = asyncio.get_running_loop()

        def on_change() -> None:
            loop.call_soon_threadsafe(self._look_here.set)

        while True:
            watch = self._watch()
            try:
                await asyncio.to_thread(watch.run, on_change)
            except EngineError as exc:
                logger.debug("no events: %s", exc)
                await asyncio.sleep(self._patience.resync_seconds)
            else:
                await asyncio.sleep(_RETRY_SECONDS)
                self._look_here.set()  # what happened meanwhile was not told
                self._beliefs.doubt()
            finally:
                watch.close()

    # --- both ---

    def _count_error(self, source: Source) -> None:
        self.errors[source] += 1

    async def _fail(self, source: Source, exc: Exception) -> None:
        self.errors[source] += 1
        if str(exc) != self.view.error:
            logger.warning("the topology stays as it was: %s", exc)
        self.view = replace(self.view, error=str(exc))
        self._on_change(self.view)

    async def _publish(self, view: View) -> None:
        before, self.view = self.view, view
        if view.version != before.version:
            self._changed_at = time.monotonic()
            async with self._changed:
                self._changed.notify_all()
        self._on_change(view)


async def _until(event: asyncio.Event, at_most_seconds: float) -> None:
    """Wait for *event*, but not for ever."""
    try:
        async with asyncio.timeout(at_most_seconds):
            await event.wait()
    except TimeoutError:
        pass
