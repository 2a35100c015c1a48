"""What does the doctor ask on this node? Its Engine, its agent, and without one the kernel."""

import time
from collections.abc import Iterable
from pathlib import Path

from probes.audit.check import Check
from probes.audit.round import CHECKS, Unanswered, audit
from probes.audit.situation import Seen, Situation, situate
from probes.cli.agent import ask_agent
from probes.cli.options import Addresses
from probes.doctor.case import Case, Silence, Told
from probes.doctor.steps import State, Step
from probes.doctor.wire import load_case
from probes.findings import FINDINGS, control
from probes.intent.labels import read_labels
from probes.kernel.node import read_node
from probes.looks.errors import CannotLookError
from probes.model.finding import Finding, HeldFinding
from probes.model.gossip import NetworkView
from probes.model.reading import NodeReading
from probes.model.topology import Node, Topology
from probes.swarm.engine import Engine
from probes.swarm.errors import EngineError, NotAManagerError
from probes.swarm.facts import Facts

DOCTOR_PATH = "/api/v1/doctor"
#: How old what we know is: without an agent, that is nobody's fault.
_AGE = (control.NO_LEADER, control.TOPOLOGY_STALE)


class Patient:
    """The node that we are on; each of its parts may be out of order."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._engine = Engine(addresses.engine, addresses.netns_folder)
        #: None where the Engine does not answer.
        self.facts: Facts | None = None
        #: Why the agent told nothing; "" when it did.
        self._silence = ""

    @property
    def node_id(self) -> str:
        """Give the node's id in the Swarm; "" while unknown."""
        return self.facts.node_id if self.facts else ""

    def engine(self) -> Step:
        """Ask the Engine who it is, and whether it is in a Swarm."""
        try:
            facts = self.facts = self._engine.facts()
        except EngineError as exc:
            return Step(name="engine", state=State.BAD, saw=str(exc))
        said = f"Docker {facts.version} on {facts.operating_system}, kernel {facts.kernel}"
        if facts.swarm_state != "active":
            saw = f"{said}; it is in no Swarm (its state is {facts.swarm_state!r})"
            return Step(name="engine", state=State.BAD, saw=saw)
        role = "a manager" if facts.manager else "a worker"
        return Step(name="engine", state=State.OK, saw=f"{said}; {role} at {facts.address}")

    def case(self) -> Case | Step:
        """Ask this node's agent for what all agents tell; a step says why it does not."""
        try:
            case = load_case(ask_agent(self._addresses.agent, DOCTOR_PATH))
            if case.told:
                return case
            why = f"the agent at {self._addresses.agent} told nothing, not even of itself"
        except CannotLookError as exc:
            why = str(exc)
        except ValueError as exc:
            why = f"the agent at {self._addresses.agent} told nothing that can be read: {exc}"
        self._silence = why
        return Step(name="agent here", state=State.BAD, saw=why)

    def read(self, topology: Topology, own: str) -> NodeReading:
        """Read this node's kernel; what cannot be read is told in it."""
        return read_node(
            Path(self._addresses.netns_folder),
            topology.networks,
            now=time.time(),
            peers=[node.address for node in topology.nodes if node.address and node.id != own],
        )

    def alone(self) -> Case | Step:
        """Look at this node without an agent; a step says why nothing can be told."""
        if self.facts is None or self.facts.swarm_state != "active":
            saw = "without the Engine and without an agent, nothing is known of the Swarm"
            return Step(name="this node", state=State.COULD_NOT_LOOK, saw=saw)
        try:
            topology, error = self._topology(self.facts)
            situation = self._situation(topology, self.facts)
        except EngineError as exc:
            return Step(name="this node", state=State.COULD_NOT_LOOK, saw=str(exc))
        if situation is None:
            saw = "the Swarm's managers do not know this node"
            return Step(name="this node", state=State.BAD, saw=saw)
        checks = [check for check in CHECKS if not error or _needs_this_node_alone(check)]
        found = audit(situation, checks)
        return Case(
            topology=topology,
            told=(
                Told(
                    node=situation.node.name,
                    version="",
                    at=situation.now,
                    topology_read_at=0.0 if error else topology.read_at,
                    topology_error=error,
                    audited_at=situation.now,
                    findings=tuple(
                        _held(item, situation.node.name, situation.now) for item in found.findings
                    ),
                    unanswered=(
                        *found.unanswered,
                        *(
                            Unanswered(check=check.name, where="topology", why=error)
                            for check in CHECKS
                            if check not in checks
                        ),
                    ),
                ),
            ),
            silent=(Silence(node=situation.node.name, why=self._silence),),
            now=situation.now,
        )

    def _topology(self, facts: Facts) -> tuple[Topology, str]:
        """Read the Swarm; on a worker, this node is all that is known of it."""
        try:
            return self._engine.topology(), ""
        except NotAManagerError:
            error = "this node is a worker: only an agent could ask a manager"
        own = Node(
            id=facts.node_id,
            name=facts.name or "this node",
            address=None,
            state="ready",
            availability="active",
            manager=facts.manager,
        )
        return Topology(nodes=(own,), read_at=time.time()), error

    def _situation(self, topology: Topology, facts: Facts) -> Situation | None:
        seen = Seen(
            local=self._engine.local_tasks(),
            reading=self.read(topology, facts.node_id),
            views=tuple(self._views(topology)),
        )
        intent = read_labels(topology.services)
        return situate(topology, intent, facts.node_id, seen, time.time())

    def _views(self, topology: Topology) -> Iterable[NetworkView]:
        for network in topology.networks:
            view = self._engine.network_view(network.id) if network.driver == "overlay" else None
            if view is not None:
                yield view


def _needs_this_node_alone(check: Check) -> bool:
    return not check.needs_topology and check.finds != _AGE


def _held(finding: Finding, node: str, now: float) -> HeldFinding:
    spec = FINDINGS[finding.code]
    return HeldFinding(
        finding=finding,
        since=now,
        severity=spec.severity,
        meaning=spec.meaning,
        remedy=spec.remedy_of(finding, node),
        references=spec.references,
    )
