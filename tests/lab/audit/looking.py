"""What does the audit find on a node of the lab, now? The agent's own parts, without the agent.

    auditor.shows(node, "fdb_missing", inject=..., remove=..., service="shop_api")

injects a fault, waits until exactly that finding is there and nothing else is new, removes the
fault, and waits until all is as before. One look is one reading of everything: nothing is held.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from exporter.report import node_report
from probes.audit.associations import associations
from probes.audit.changes import Changes, follow
from probes.audit.check import Check
from probes.audit.expected import vteps
from probes.audit.round import Round, audit
from probes.audit.situation import Seen, Situation, situate
from probes.intent.labels import read_labels
from probes.kernel.host import read_host
from probes.kernel.node import MAX_ROWS, read_node
from probes.kernel.tables import Tables
from probes.model.finding import Finding
from probes.model.gossip import NetworkView
from probes.model.intent import Intent
from probes.model.reading import NOTHING_READ, HostReading, NodeReading
from probes.model.result import Result
from probes.model.topology import NodeReport, PeerAssociation, Topology
from probes.model.vantage import Vantage, VantageKind
from probes.plan.budget import Budget
from probes.plan.candidates import Pace
from probes.plan.plan import PlanSettings, plan
from probes.runner import run
from probes.swarm.engine import Engine
from probes.swarm.errors import EngineError
from probes.vantage import inside
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.wait import at_once, wait_until

T = TypeVar("T")

#: A node's report, and its Engine's views.
_Told = tuple[NodeReport, tuple[NetworkView, ...]]

#: Code and subject: what makes a finding the same one.
Key = tuple[str, object]

#: Gossip may take half a minute after a change (moby 07c6062e1f).
SEEN_WITHIN_SECONDS = 45.0
_PLAN = PlanSettings(
    pace=Pace(interval_seconds=10, timeout_seconds=2, slow_seconds=0.5),
    budget=Budget(probes_per_second=1000, series=1_000_000),
    agent_service="",
    agent_port=9877,
)


def netns_folder(node: Node) -> Path:
    """Name the node's folder of namespaces as it is seen from outside the node."""
    return Path(f"/proc/{node.pid_file.read_text().strip()}/root/run/docker/netns")


def in_thread(work: Callable[[], T]) -> T:
    """Do what enters namespaces where it belongs."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(work).result()


class LabAuditor:
    """Looks at any node of a lab with the agent's own parts; remembers the look before."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self._before: dict[str, NodeReading] = {}
        self._last: dict[str, _Told] = {}
        self._changes = Changes()

    # --- one look ---

    def look(self, node: Node, *, probing: bool = False) -> Round:
        """Look once; with *probing* every probe that the node would run is run once, too."""
        return audit(self.situation(node, probing=probing))

    def situation(self, node: Node, *, probing: bool = False) -> Situation:
        """Read everything that the agent on *node* would know now."""
        bare = _engine(self.lab.manager).topology()
        told = at_once(lambda each: self._told_by(each, bare), self.lab.nodes)
        topology = replace(bare, reports=tuple(report for report, _ in told))
        self._changes = follow(self._changes, topology, time.time())
        report, views = told[self.lab.nodes.index(node)]
        intent = read_labels(topology.services)
        reading = read(node, topology)
        results = _results(node, topology, intent, report.node_id) if probing else ()
        made = situate(
            topology,
            intent,
            report.node_id,
            Seen(
                local=_engine(node).local_tasks(),
                reading=reading,
                before=self._before.get(node.name, NOTHING_READ),
                views=views,
                results=results,
                departed=self._changes.departed,
            ),
            time.time(),
        )
        self._before[node.name] = reading
        if made is None:
            raise LabError(f"the manager does not know {node.name} yet")
        return made

    def as_if(
        self, node: Node, checks: Sequence[Check], changed: Callable[[Topology], Topology]
    ) -> tuple[Finding, ...]:
        """Look once while the Swarm and the agents tell something else than they do.

        For faults that no Engine makes for the asking: all but what *changed* is as it is, and as
        it is there is nothing to find.
        """
        seen = self.situation(node)
        assert audit(seen, checks).findings == ()
        told = changed(seen.topology)
        made = situate(
            told,
            read_labels(told.services),
            seen.node.id,
            Seen(
                local=seen.local,
                reading=seen.reading,
                before=seen.before,
                views=seen.views,
                results=seen.results,
            ),
            seen.now,
        )
        assert made is not None
        return audit(made, checks).findings

    def _told_by(self, node: Node, topology: Topology) -> _Told:
        """Ask a node; one whose Engine is stopped, or hangs, has told what it told last.

        A manager that knows no leader does not say what networks there are.
        """
        try:
            self._last[node.name] = _told(node, topology)
        except (EngineError, FileNotFoundError):
            if node.name not in self._last:
                raise
        return self._last[node.name]

    def findings(self, node: Node, *, probing: bool = False) -> dict[Key, Finding]:
        """Look once, and key what is found."""
        found = self.look(node, probing=probing).findings
        return {(finding.code, finding.subject): finding for finding in found}

    # --- faults ---

    def shows(
        self,
        node: Node,
        code: str,
        *,
        inject: Callable[[], object],
        remove: Callable[[], object],
        probing: bool = False,
        timeout: float = SEEN_WITHIN_SECONDS,
        **subject: str,
    ) -> Finding:
        """Inject a fault and see its finding and no other; remove it, and see all as before."""
        before = self.settled(node, probing=probing)

        def alone() -> bool:
            """See no other finding that stays: a Swarm is never quite at rest."""
            found = self.findings(node, probing=probing).keys() - before
            others = {key for key in found if key[0] != code}
            if others:
                raise LabError(f"found as well: {others}")
            return True

        inject()
        try:
            finding = self.wait_for(node, code, probing=probing, timeout=timeout, **subject)
            wait_until(alone, SEEN_WITHIN_SECONDS, f"nothing but {code} is found on {node.name}")
        finally:
            remove()

        def as_before() -> bool:
            """See nothing new; what was still settling before may be gone."""
            new = self.findings(node, probing=probing).keys() - before
            if new:
                raise LabError(f"still found: {new}")
            return True

        wait_until(as_before, timeout, f"{code} is gone from {node.name}, and nothing else came")
        return finding

    def wait_for(
        self,
        node: Node,
        code: str,
        *,
        probing: bool = False,
        timeout: float = SEEN_WITHIN_SECONDS,
        **subject: str,
    ) -> Finding:
        """Wait until *node* shows a finding of this code, whose subject has these values."""

        def matching() -> Finding:
            found = self.findings(node, probing=probing)
            for finding in found.values():
                fits = all(getattr(finding.subject, key) == item for key, item in subject.items())
                if finding.code == code and fits:
                    return finding
            raise LabError(f"found: {[*found]}")

        return wait_until(matching, timeout, f"{node.name} shows {code} {subject}")

    def settled(self, node: Node, *, probing: bool = False) -> set[Key]:
        """Wait until two looks agree, and return what they show: a kernel may lack something."""

        def twice() -> list[set[Key]]:
            one, two = (set(self.findings(node, probing=probing)) for _ in range(2))
            if one != two:
                raise LabError(f"{one ^ two} came or went")
            return [one]

        return wait_until(twice, SEEN_WITHIN_SECONDS, f"{node.name} has settled")[0]


def read(node: Node, topology: Topology) -> NodeReading:
    """Read a node of the lab as its agent would, from outside."""
    own = next((item.id for item in topology.nodes if item.name == node.name), "")
    peers = [address for node_id, address in vteps(topology).items() if node_id != own]
    return in_thread(
        lambda: read_node(
            netns_folder(node),
            topology.networks,
            now=time.time(),
            peers=peers,
            host=_host(node),
        ),
    )


def _host(node: Node) -> Vantage:
    """Stand where the node's agent stands."""
    return Vantage(kind=VantageKind.HOST, name="host", netns=str(node.pins.net))


def _engine(node: Node) -> Engine:
    return Engine(f"unix://{node.socket}", str(netns_folder(node)))


def _told(node: Node, topology: Topology) -> _Told:
    """Make the report of a node's agent, and its views."""
    engine = _engine(node)
    node_id = engine.membership().node_id
    local = engine.local_tasks()
    overlays = [network.id for network in topology.networks if network.driver == "overlay"]
    asked = [engine.network_view(network_id) for network_id in overlays]
    views = tuple(view for view in asked if view)
    outbound, inbound = _associations(node, topology)
    seen = NodeReport(node_id=node_id, outbound=outbound, inbound=inbound)
    return node_report(seen, local, views, topology), views


def _associations(
    node: Node, topology: Topology
) -> tuple[tuple[PeerAssociation, ...], tuple[PeerAssociation, ...]]:
    """Read with which peers a node talks in secret, where there is a network for that."""
    if not any(network.encrypted for network in topology.networks):
        return (), ()
    host = _host(node)

    def look() -> HostReading:
        with inside(host):
            return read_host(host, (), Tables("host", MAX_ROWS, []))

    return associations(in_thread(look))


def _results(node: Node, topology: Topology, intent: Intent, node_id: str) -> tuple[Result, ...]:
    planned = plan(topology, intent, node_id, _engine(node).local_tasks(), _PLAN).probes
    host = _host(node)
    probes = [
        replace(probe, vantage=host) if probe.vantage.kind is VantageKind.HOST else probe
        for probe in planned
    ]

    async def all_at_once() -> list[Result]:
        return await asyncio.gather(*(run(probe, response_bytes=65_536) for probe in probes))

    return tuple(asyncio.run(all_at_once()))
