"""Why does a service not answer a task? The agents of both nodes walk the way together."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address
from typing import Protocol

from exporter.audit import Observed
from exporter.peers import EXPLAIN_PATH, FAR_PATH, PeerError
from probes.audit.round import audit
from probes.audit.situation import Situation
from probes.errors import LookError
from probes.explain.attempts import Attempts, attempt, echo
from probes.explain.far import Far
from probes.explain.far import hops as far_hops
from probes.explain.hops import Judge
from probes.explain.journey import Journey, NoSuchJourneyError, Question, journey_of
from probes.explain.near import Near
from probes.explain.walk import backend_to_follow, walk
from probes.kernel.arrival import Arrivals, watch
from probes.kernel.listening import read_listeners
from probes.kernel.node import read_task
from probes.model.path import Hop, Mark, Walk
from probes.model.topology import Node, Task
from probes.model.vantage import Vantage, VantageKind
from probes.wire import load_hops, load_walk

#: How long the far side watches, and how many echoes are sent meanwhile.
_WATCH_SECONDS = 1.5
_ECHOES = 4


class CannotExplainError(Exception):
    """The way cannot be walked; the message says why, and what to do."""


class Helpers(Protocol):
    """The other agents, as far as they help here; `exporter.peers.Peers` is them."""

    async def ask(self, address: IPv4Address, path: str, query: Mapping[str, str]) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FarQuestion:
    """What the destination's node is asked."""

    question: Question
    backend: str
    network: str
    #: Whether the source answers for it that everything works.
    works: bool
    #: Whether frames should arrive from another node.
    remote: bool


class Explainer:
    """Explains ways that begin or end on this node."""

    def __init__(
        self,
        observe: Callable[[], Awaitable[Observed]],
        situation: Callable[[Observed, float], Situation | None],
        peers: Helpers,
        agent_port: Callable[[], int],
    ) -> None:
        self._observe = observe
        self._situation = situation
        self._peers = peers
        self._agent_port = agent_port

    async def explain(self, question: Question) -> Walk:
        """Walk the way, or let the agent on the source's node walk it.

        Raises NoSuchJourneyError and CannotExplainError.
        """
        situation = await self._now()
        journey = journey_of(question, situation.lookup)
        if journey.source.node_id != situation.node.id:
            return await self._elsewhere(question, journey.source_node)
        vantage = _vantage(journey.source, situation)
        attempts = Attempts()
        if vantage is not None:
            attempts = await attempt(journey, vantage, situation.lookup, self._agent_port())
        # Read after the attempts: they make the kernel show what is wrong.
        situation = await self._now()
        near = await asyncio.to_thread(_near, journey, situation, attempts, vantage)
        backend = backend_to_follow(near)
        far: tuple[Hop, ...] = ()
        if backend is not None and journey.network is not None:
            asked = FarQuestion(
                question=question,
                backend=backend.id,
                network=journey.network.id,
                works=attempts.works,
                remote=backend.node_id != situation.node.id,
            )
            far = await self._far_half(asked, backend, situation, journey, vantage)
        return walk(near, backend, far)

    async def far(self, asked: FarQuestion) -> tuple[Hop, ...]:
        """Tell what this node knows of a way that ends on it; raises as `explain` does."""
        situation = await self._now()
        journey = journey_of(asked.question, situation.lookup)
        return await asyncio.to_thread(_far, asked, journey, situation)

    async def _now(self) -> Situation:
        observed = await self._observe()
        situation = await asyncio.to_thread(self._situation, observed, time.time())
        if situation is None:
            raise CannotExplainError("this agent knows no topology yet: try again in a moment")
        return situation

    async def _elsewhere(self, question: Question, node: Node) -> Walk:
        if node.address is None:
            raise CannotExplainError(f"the Swarm knows no address of {node.name}")
        try:
            return load_walk(await self._peers.ask(node.address, EXPLAIN_PATH, _query(question)))
        except (PeerError, ValueError) as exc:
            raise CannotExplainError(f"{node.name}, where it begins, cannot help: {exc}") from exc

    async def _far_half(
        self,
        asked: FarQuestion,
        backend: Task,
        situation: Situation,
        journey: Journey,
        vantage: Vantage | None,
    ) -> tuple[Hop, ...]:
        """Ask the backend's node, and meanwhile send it something to see."""
        if not asked.remote:
            return await asyncio.to_thread(_far, asked, journey, situation)
        node = situation.lookup.nodes.get(backend.node_id)
        place = node.name if node else backend.node_id
        if node is None or node.address is None:
            return (_unseen(place, "the Swarm knows no address of it"),)
        query = {
            **_query(asked.question),
            "backend": asked.backend,
            "network": asked.network,
            "works": str(int(asked.works)),
        }
        asking = asyncio.create_task(self._peers.ask(node.address, FAR_PATH, query))
        try:
            while vantage is not None and not asking.done():
                await echo(journey, backend, vantage, _ECHOES)
            return load_hops(await asking)
        except (PeerError, ValueError) as exc:
            return (_unseen(place, str(exc)),)
        finally:
            asking.cancel()


def _query(question: Question) -> Mapping[str, str]:
    return {key: str(value) for key, value in asdict(question).items() if value}


def _unseen(node: str, why: str) -> Hop:
    return Hop(name="other half", place=node, mark=Mark.UNKNOWN, saw=f"its agent: {why}")


def _vantage(task: Task, situation: Situation) -> Vantage | None:
    """Find the namespace of a task of this node."""
    local = (item for item in situation.local if item.task_id == task.id)
    netns = next((item.netns for item in local), None)
    name = situation.lookup.name_of(task)
    return Vantage(kind=VantageKind.TASK, name=name, netns=netns) if netns else None


def _near(
    journey: Journey,
    situation: Situation,
    attempts: Attempts,
    vantage: Vantage | None,
) -> Near:
    judge = Judge(found=audit(situation), node=situation.node.name, works=attempts.works)
    inside, why_not = None, "it has no namespace of its own here"
    if vantage is not None:
        try:
            inside = read_task(vantage)
        except LookError as exc:
            why_not = str(exc)
    return Near(
        journey=journey,
        situation=situation,
        judge=judge,
        attempts=attempts,
        inside=inside,
        why_not=why_not,
    )


def _far(asked: FarQuestion, journey: Journey, situation: Situation) -> tuple[Hop, ...]:
    backend = situation.lookup.tasks.get(asked.backend)
    network = situation.lookup.networks.get(asked.network)
    if backend is None or network is None:
        raise NoSuchJourneyError("this node's topology does not know the task or its network yet")
    vantage = _vantage(backend, situation)
    inside, listeners, why_not = None, None, "it has no namespace of its own here"
    if vantage is not None:
        try:
            inside, listeners = read_task(vantage), read_listeners(vantage)
        except LookError as exc:
            why_not = str(exc)
    far = Far(
        journey=journey,
        network=network,
        backend=backend,
        situation=situation,
        judge=Judge(found=audit(situation), node=situation.node.name, works=asked.works),
        arrivals=_arrivals(journey, network.id, situation) if asked.remote else None,
        inside=inside,
        listeners=listeners,
        why_not=why_not,
    )
    return tuple(far_hops(far))


def _arrivals(journey: Journey, network_id: str, situation: Situation) -> Arrivals | None:
    overlay = situation.namespace(VantageKind.OVERLAY, network_id)
    if overlay is None or journey.address is None:
        return None
    port = situation.topology.data_path_port
    with suppress(LookError):
        return watch(overlay.vantage, journey.address, port, _WATCH_SECONDS)
    return None
