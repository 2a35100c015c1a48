"""What do the agents of such a Swarm know, and how do they answer one another?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from zlib import crc32

from exporter.around import Others
from exporter.audit import AuditState
from exporter.doctor import Doctor
from exporter.front import Front
from exporter.page.pair import dump_pair
from exporter.page.summary import OwnFacts, dump_summary
from exporter.peers import DOCTOR_NODE_PATH, PAIR_PATH, SUMMARY_PATH, PeerError
from exporter.store import ResultStore
from exporter.view import Source, View
from probes.audit.situation import Seen, situate
from probes.doctor.wire import dump_told
from probes.intent.labels import read_labels
from probes.model.finding import HeldFinding
from probes.model.gossip import NetworkView
from probes.model.local import LocalTask
from probes.model.path import Hop, Mark, Walk
from probes.model.probe import Kind, Probe
from probes.model.result import Observation, Outcome, Phase, Result
from probes.model.topology import Node, Task, Topology
from probes.plan.budget import Budget, Plan
from probes.plan.candidates import Pace
from probes.plan.lookup import Lookup
from probes.plan.plan import PlanSettings, plan
from probes.swarm.membership import Membership
from tests.exporter.synthetic.readings import healthy
from tests.exporter.synthetic.topologies import AGENT

_SETTINGS = PlanSettings(
    pace=Pace(interval_seconds=10.0, timeout_seconds=2.0, slow_seconds=0.5),
    budget=Budget(probes_per_second=200, series=50_000),
    agent_service=AGENT,
    agent_port=9877,
)
#: What an explanation tells: the same, whatever is asked.
WALK = Walk(
    source="shop_web.1 on node3",
    destination="shop_api.2:8080",
    works=False,
    hops=(
        Hop(name="name", place="shop_web.1 on node3", mark=Mark.OK, saw="shop_api is 10.0.1.9"),
        Hop(
            name="load balancer", place="lb shop_app on node3", mark=Mark.OK, saw="3 of 3 backends"
        ),
        Hop(
            name="forwarding entry",
            place="overlay shop_app on node3",
            mark=Mark.BROKEN,
            saw="no entry for 02:42:0a:00:01:0b",
            why="Frames for shop_api.2 are dropped here: no entry says where it is.",
            remedy="docker service update --force shop_api",
            code="fdb_missing",
        ),
    ),
)

Broken = Callable[[Probe], bool]


@dataclass
class _Place:
    """One node's agent."""

    view: View
    plan: Plan
    store: ResultStore
    audit: AuditState
    findings: tuple[HeldFinding, ...] = ()


@dataclass
class Fleet:
    """Agents on all nodes of a topology; `run` lets every probe of theirs end once."""

    topology: Topology
    now: float
    silent: set[str] = field(default_factory=set)
    explained: int = 0

    def __post_init__(self) -> None:
        lookup = Lookup(self.topology)
        self.topology = replace(self.topology, read_at=self.now)
        self._places: dict[str, _Place] = {
            node.name: self._place(node, lookup) for node in self.topology.nodes
        }
        self._fronts: Mapping[str, Front] = {
            name: self.front_to(name, self) for name in self._places
        }

    def front(self, node: str) -> Front:
        """Give what a node's agent shows."""
        return self._fronts[node]

    def front_to(self, node: str, others: Others) -> Front:
        """Make what a node's agent shows, when the other agents are *others*."""
        place = self._places[node]
        return Front(
            lambda: place.view, lambda: self._facts(place), place.store, others, self._explain
        )

    def doctor(self, node: str) -> Doctor:
        """Give whom a doctor asks on a node."""
        place = self._places[node]
        return Doctor(lambda: self._facts(place), self._fronts[node].around)

    def probes(self, node: str) -> tuple[Probe, ...]:
        """List what a node probes."""
        return self._places[node].plan.probes

    def find(self, node: str, *findings: HeldFinding) -> None:
        """Let a node's audit hold findings."""
        self._places[node].findings = findings

    def run(self, at: float, broken: Broken = lambda _: False) -> None:
        """End every probe once; those that are *broken* time out."""
        for place in self._places.values():
            for probe in place.plan.probes:
                place.store.put(result(probe, at, broken=broken(probe)))

    async def ask(self, address: IPv4Address, path: str, query: Mapping[str, str]) -> bytes:
        """Answer as the agent at *address*, unless it is silent."""
        name = next(node.name for node in self.topology.nodes if node.address == address)
        if name in self.silent:
            raise PeerError(f"agent on {address}: Connection refused")
        if path == SUMMARY_PATH:
            return dump_summary(await self._fronts[name].summary())
        if path == DOCTOR_NODE_PATH:
            return dump_told(await self.doctor(name).told())
        assert path == PAIR_PATH
        return dump_pair(self._fronts[name].pair_report(query["source"], query["destination"]))

    def _facts(self, place: _Place) -> OwnFacts:
        return OwnFacts(
            view=place.view,
            tallies=tuple(place.store.snapshot().tallies.values()),
            plan=place.plan,
            audit=replace(place.audit, held=place.findings),
            complaints=read_labels(self.topology.services).complaints,
            config_error="",
            version="0.1.0",
            now=self.now,
        )

    async def _explain(self, _: object) -> Walk:
        self.explained += 1
        return WALK

    def _place(self, node: Node, lookup: Lookup) -> _Place:
        local = tuple(
            _local(task, lookup) for task in self.topology.tasks if task.node_id == node.id
        )
        planned = plan(
            self.topology, read_labels(self.topology.services), node.id, local, _SETTINGS
        )
        store = ResultStore()
        store.retain(planned.probes)
        view = View(
            source=Source.ENGINE if node.manager else Source.AGENT,
            topology=self.topology,
            version="1-1",
            membership=Membership(
                node_id=node.id, address=node.address, manager=node.manager, managers=()
            ),
            local=local,
        )
        situation = situate(
            self.topology,
            read_labels(self.topology.services),
            node.id,
            Seen(
                local=local,
                reading=healthy(node, self.topology),
                views=tuple(
                    NetworkView(network_id=network.id, peers=(), services=())
                    for network in self.topology.networks
                ),
            ),
            self.now,
        )
        audit = AuditState(at=self.now, rounds=1, situation=situation)
        return _Place(view=view, plan=planned, store=store, audit=audit)


def _local(task: Task, lookup: Lookup) -> LocalTask:
    service = lookup.services[task.service_id]
    shares_host = service.name == AGENT
    return LocalTask(
        task_id=task.id,
        service_id=service.id,
        service_name=service.name,
        container_id=f"c-{task.id}",
        container_name=lookup.name_of(task),
        netns=None if shares_host else f"/netns/{task.id}",
    )


def result(probe: Probe, at: float, *, broken: bool) -> Result:
    """End a probe: after a time that is its own and hardly changes, or by its timeout."""
    seed = crc32(repr(probe.id).encode())
    noise = crc32(f"{seed}{at}".encode()) % 100 / 100
    seconds = (0.2 + seed % 500 / 1000 + noise * 0.2) / 1000
    if broken:
        return Result(
            probe=probe,
            outcome=Outcome.TIMEOUT,
            detail="nobody answered within 2 s",
            started_at=at,
            seconds=probe.timeout_seconds,
        )
    tcp = probe.id.probe is Kind.TCP
    return Result(
        probe=probe,
        outcome=Outcome.OK,
        detail="",
        started_at=at,
        seconds=seconds,
        phases=(Phase(name="connect" if tcp else "answer", seconds=seconds * 0.8),),
        observed=Observation(rtt_seconds=seconds * 0.7 if tcp else None),
    )
