"""What does the agent do, from its start to its end? The parts, put together."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Any

from exporter.audit import Auditor, Observed
from exporter.blackbox.opening import Probing, Scrape, open_blackbox
from exporter.collectors import audit, counts, exposition, kernel, own, results
from exporter.declared import read_declaration
from exporter.doctor import Doctor
from exporter.explain import Explainer
from exporter.findings import findings_everywhere, own_findings
from exporter.follow import Follower, Patience, SwarmEngine, Watch
from exporter.front import Front
from exporter.kernel import KernelReader
from exporter.looks import Looks
from exporter.mesh import Meshes
from exporter.page.summary import OwnFacts
from exporter.peers import Peers, Told
from exporter.planning import NodePlan, plan_node
from exporter.questions import FarQuestion
from exporter.schedule import ProbeSchedule
from exporter.settings import Settings
from exporter.state import States
from exporter.store import ResultStore, Snapshot
from exporter.token import read_token
from exporter.view import Source, View
from exporter.web.app import make_app
from exporter.web.listen import Listeners
from probes.audit.own_report import own_report
from probes.documents.load import DocumentError, load
from probes.documents.units import AUTO
from probes.explain.journey import Question
from probes.model.path import Hop, Walk
from probes.model.probe import Probe
from probes.model.topology import NodeReport
from probes.runner import run as run_probe

logger = logging.getLogger(__name__)

#: Settings that other things were built on: a change takes a restart.
_FIXED = ("listen", "socket", "engine", "netns_folder")
_RETRY_SECONDS = 2.0
_LOOPBACK = "127.0.0.1"


def set_log_level(level: str) -> None:
    """Set the level of our own messages; the libraries speak up when something is wrong."""
    for package in ("exporter", "probes"):
        logging.getLogger(package).setLevel(level.upper())


class Agent:
    """One node's agent; `run` is its whole life."""

    def __init__(
        self,
        settings: Settings,
        config: Path | None,
        own_service: str,
        engine: SwarmEngine,
        watch: Callable[[], Watch],
    ) -> None:
        self._settings = settings
        self._config = config
        self._own_service = own_service
        self.token = read_token(settings.token_file)
        self._declaration = read_declaration(settings)
        self._reload = own.ReloadState(successful=True, succeeded_at=time.time())
        self._store = ResultStore()
        self._plan = NodePlan()
        self._schedule = ProbeSchedule(
            self._probe,
            concurrent=settings.budget.concurrent_probes,
            per_second=settings.budget.probes_per_second,
        )
        self._kernel = KernelReader(Path(settings.netns_folder), settings.kernel.cache_seconds)
        self._peers = Peers(settings.listen.port, lambda: self.token)
        self._follower = Follower(
            engine,
            watch,
            self._peers,
            Patience(resync_seconds=settings.topology.resync_seconds),
            self._on_change,
        )
        self._auditor = Auditor(
            self._observe,
            settings.audit.interval_seconds,
            lambda situation: self._follower.take_own(own_report(situation)),
        )
        self._explainer = Explainer(
            self._observe,
            self._auditor.situation,
            self._peers,
            lambda: self._settings.listen.port,
        )
        self.front = Front(
            lambda: self.view,
            self._own_facts,
            self._store,
            self._peers,
            self._explainer.explain,
        )
        self.looks = Looks(lambda: self.view, Path(settings.netns_folder), self._peers)
        self._blackbox = self._opened(settings)
        self.states = States(lambda: self._auditor.state.situation, lambda: self.view, self._peers)
        self.meshes = Meshes(
            lambda: self._plan.plan.probes, lambda: self.view, run_probe, self._peers
        )
        self.doctor = Doctor(self._own_facts, self.front.around, lambda: self._settings)
        self._listeners = Listeners(make_app(self))
        self._moved = asyncio.Event()

    async def run(self, stop: asyncio.Event, on_ready: Callable[[], None] = lambda: None) -> None:
        """Work until *stop* is set, then leave nothing behind; *on_ready* is called once."""
        async with self._listeners, self._peers:
            if self._settings.socket:
                await self._listeners.unix(Path(self._settings.socket))
            self._schedule.start()
            work = [
                asyncio.create_task(self._follower.run(), name="follower"),
                asyncio.create_task(self._auditor.run(), name="audit"),
                asyncio.create_task(self._listen(on_ready), name="listeners"),
            ]
            stopping = asyncio.create_task(stop.wait(), name="stop")
            try:
                done, _ = await asyncio.wait(
                    [*work, stopping],
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for task in done - {stopping}:
                    task.result()  # these never end by themselves: raises the bug that ended it
            finally:
                for task in (*work, stopping):
                    task.cancel()
                await self._schedule.stop()
                await asyncio.gather(*work, stopping, return_exceptions=True)
                self._kernel.close()
        if self._settings.socket:
            Path(self._settings.socket).unlink(missing_ok=True)

    # --- keeping up ---

    def _on_change(self, view: View) -> None:
        self._moved.set()
        self._follow_plan(view)

    def _follow_plan(self, view: View, *, anew: bool = False) -> None:
        planned = plan_node(
            view,
            self._settings,
            self._own_service,
            self._declaration,
            listening=self._listeners.listening,
            before=None if anew else self._plan,
        )
        if planned is self._plan:
            return
        for complaint in set(planned.intent.complaints) - set(self._plan.intent.complaints):
            logger.warning(
                "service %s: label %s=%r is ignored: %s",
                complaint.service,
                complaint.key,
                complaint.value,
                complaint.reason,
            )
        self._plan = planned
        self._store.retain(planned.plan.probes)
        self._schedule.set(planned.plan.probes)

    async def _observe(self, *, anew: bool = False) -> Observed:
        """Gather what a round of the audit looks at; *anew* takes no reading of a moment ago."""
        state = await self._kernel.read(self.view, anew=anew)
        return Observed(
            view=self.view,
            intent=self._plan.intent,
            reading=state.reading,
            results=tuple(tally.latest for tally in self.results().tallies.values()),
        )

    async def _probe(self, probe: Probe) -> None:
        limit = self._settings.probes.response_bytes
        self._store.put(await run_probe(probe, response_bytes=limit))

    async def _listen(self, on_ready: Callable[[], None]) -> None:
        """Listen where the settings say; "auto" is the node's Swarm address, once it has one."""
        ready = False
        while True:
            self._moved.clear()
            host = self._listen_host()
            try:
                if host is not None:
                    await self._listeners.tcp(host, self._settings.listen.port)
            except OSError as exc:
                logger.error("cannot listen on %s: %s", host, exc)  # noqa: TRY400 -- no bug
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            self._follow_plan(self.view)
            if not ready and not self.why_not_ready():
                ready = True
                on_ready()
            await self._moved.wait()

    def _listen_host(self) -> str | None:
        """Find the address; None while we don't know yet whether there is a Swarm."""
        host = self._settings.listen.host
        if host != AUTO:
            return host or "0.0.0.0"  # noqa: S104 -- the operator asked for every interface
        view = self.view
        if view.membership is not None and view.membership.address is not None:
            return str(view.membership.address)
        return _LOOPBACK if view.error else None

    # --- what the pages need ---

    @property
    def view(self) -> View:
        """What the agent believes exists."""
        return self._follower.view

    def results(self) -> Snapshot:
        """Tell what came of the probes."""
        return self._store.snapshot()

    def take_report(self, report: NodeReport) -> None:
        """Take what another node's agent sees."""
        self._follower.take_report(report)

    async def newer_than(self, version: str, wait_seconds: float) -> View:
        """Wait for news of the topology."""
        return await self._follower.newer_than(version, wait_seconds)

    def why_not_ready(self) -> str:
        """Say what is missing before the agent does its work; "" when nothing is."""
        view = self.view
        if view.membership is not None and view.source is Source.NONE:
            return f"no topology yet: {view.error or 'it was not asked for yet'}"
        if view.membership is None and not view.error:
            return "the Engine has not been asked yet"
        if not self._listeners.listening:
            return f"not listening on port {self._settings.listen.port} yet"
        return ""

    def findings(self) -> Mapping[str, Any]:
        """Describe what disagrees on this node."""
        return own_findings(self._auditor.state, self.view.node_name)

    async def findings_everywhere(self) -> Mapping[str, Any]:
        """Describe what disagrees anywhere."""
        return await findings_everywhere(self.view, self._auditor.state, self._peers)

    async def explain(self, question: Question) -> Walk:
        """Walk the way from a task to a service."""
        return await self._explainer.explain(question)

    async def explain_far(self, asked: FarQuestion) -> tuple[Hop, ...]:
        """Tell what this node knows of a way that ends here."""
        return await self._explainer.far(asked)

    async def probe(self, scrape: Scrape) -> Told:
        """Take a look for a scrape, as a module of blackbox_exporter's says."""
        if self._blackbox is None:
            text = "blackbox.modules_file is not configured on this agent\n"
            return Told(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", text)
        return await self._blackbox.answer(scrape)

    def _opened(self, settings: Settings) -> Probing | None:
        return open_blackbox(settings.blackbox, lambda: self.view, self._peers)

    def _own_facts(self) -> OwnFacts:
        """Gather what this agent's part of the page for people is made of."""
        return OwnFacts(
            view=self.view,
            tallies=tuple(self.results().tallies.values()),
            plan=self._plan.plan,
            audit=self._auditor.state,
            complaints=self._plan.intent.complaints,
            config_error="" if self._reload.successful else self._reload.error,
            version=version("swarmscope"),
            now=time.time(),
        )

    async def metrics(self, accept: str) -> tuple[bytes, str]:
        """Write the metrics page; rendered in a thread, from copies."""
        read = await self._kernel.read(self.view)
        parts: dict[str, exposition.Part] = {
            "probes": partial(results.collect, self.results()),
            "kernel": partial(kernel.collect, read),
            "audit": partial(audit.collect, self._auditor.state),
            "counts": partial(counts.collect, self._auditor.state.situation),
            "agent": partial(own.collect, self._own_state()),
        }
        return await asyncio.to_thread(exposition.render, parts, accept)

    def _own_state(self) -> own.OwnState:
        return own.OwnState(
            view=self.view,
            intent=self._plan.intent,
            plan=self._plan.plan,
            pressure=self._schedule.pressure(),
            reload=self._reload,
            errors=dict(self._follower.errors),
        )

    # --- configuration ---

    async def reload(self) -> str:
        """Load the configuration again; returns why it could not be, and then keeps the old one."""
        try:
            settings = await asyncio.to_thread(self._reloaded)
            token = await asyncio.to_thread(read_token, settings.token_file)
            declaration = await asyncio.to_thread(read_declaration, settings)
            blackbox = await asyncio.to_thread(self._opened, settings)
        except DocumentError as exc:
            logger.error("the old configuration stays: %s", exc)  # noqa: TRY400 -- no bug
            before = self._reload.succeeded_at
            self._reload = own.ReloadState(successful=False, succeeded_at=before, error=str(exc))
            return str(exc)
        self._settings, self.token, self._declaration = settings, token, declaration
        self._reload = own.ReloadState(successful=True, succeeded_at=time.time())
        self._blackbox = blackbox
        set_log_level(settings.log_level)
        self._kernel.cache_seconds = settings.kernel.cache_seconds
        self._auditor.interval_seconds = settings.audit.interval_seconds
        self._follower.set_patience(Patience(resync_seconds=settings.topology.resync_seconds))
        self._schedule.limit(
            concurrent=settings.budget.concurrent_probes,
            per_second=settings.budget.probes_per_second,
        )
        self._follow_plan(self.view, anew=True)
        logger.info("configuration reloaded")
        return ""

    def _reloaded(self) -> Settings:
        settings = load(self._config, Settings) if self._config else Settings()
        for name in _FIXED:
            if getattr(settings, name) != getattr(self._settings, name):
                raise DocumentError(f"{self._config}: {name} cannot change without a restart")
        return settings
