"""Why does a service not answer a task? The agents of both nodes walk the way together."""

import asyncio
import time
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address
from typing import Protocol

from exporter.audit import Observed
from exporter.peers import EXPLAIN_PATH, FAR_PATH, PeerError
from exporter.questions import FarQuestion, write_far_question, write_question
from probes.audit.expected import vteps
from probes.audit.round import audit
from probes.audit.situation import Situation
from probes.errors import LookError
from probes.explain.attempts import Attempts, attempt, keep_echoing, resolve
from probes.explain.far import Far
from probes.explain.far import hops as far_hops
from probes.explain.hops import Judge
from probes.explain.journey import Journey, NoSuchJourneyError, Question, journey_of
from probes.explain.near import Near
from probes.explain.walk import (
    Beyond,
    address_of,
    backend_to_follow,
    sender_to,
    standstill,
    unasked,
    walk,
)
from probes.kernel.arrival import Arrivals, Sight, watch_arrivals, watch_departures
from probes.kernel.listening import read_listeners
from probes.kernel.node import read_task
from probes.model.path import Hop, Mark, Walk
from probes.model.reading import CouldNotLook
from probes.model.topology import Network, Task
from probes.model.vantage import HOST, Vantage, VantageKind
from probes.wire import load_hops, load_walk

#: How long the far side watches for echoes; they are sent five times a second.
_WATCH_SECONDS = 1.0
#: Each takes one of the few threads for what blocks.
_AT_ONCE = 2
#: How long the other agents get; the command gives its own agent 10 s.
_FAR_WITHIN_SECONDS = 4.0
_ELSEWHERE_WITHIN_SECONDS = 9.0


class CannotExplainError(Exception):
    """The way cannot be walked; the message says why, and what to do."""


class Observe(Protocol):
    """Gathers what is known; *anew* takes no reading of a moment ago."""

    async def __call__(self, *, anew: bool = False) -> Observed: ...


class Helpers(Protocol):
    """The other agents, as far as they help here; `exporter.peers.Peers` is them."""

    async def ask(self, address: IPv4Address, path: str, query: Mapping[str, str]) -> bytes: ...


class Explainer:
    """Explains ways that begin or end on this node."""

    def __init__(
        self,
        observe: Observe,
        situation: Callable[[Observed, float], Situation | None],
        peers: Helpers,
        agent_port: Callable[[], int],
        *,
        host: Vantage = HOST,
        far_within_seconds: float = _FAR_WITHIN_SECONDS,
    ) -> None:
        self._observe = observe
        self._situation = situation
        self._peers = peers
        self._agent_port = agent_port
        self._host = host
        self._far_within_seconds = far_within_seconds
        # Two kinds of turn: who waits for another node's help must not keep it from that node.
        self._walking = asyncio.Semaphore(_AT_ONCE)
        self._helping = asyncio.Semaphore(_AT_ONCE)

    async def explain(self, question: Question) -> Walk:
        """Walk the way, or let the agent on the source's node walk it.

        Raises NoSuchJourneyError and CannotExplainError.
        """
        situation = await self._now()
        journey = journey_of(question, situation.lookup)
        stuck = standstill(journey, situation.lookup)
        if stuck is not None:
            return stuck
        if journey.source.node_id != situation.node.id:
            return await self._elsewhere(question, journey, situation)
        async with self._walking:
            return await self._here(question, journey, situation)

    async def _here(self, question: Question, journey: Journey, situation: Situation) -> Walk:
        """Walk the way from this very node."""
        vantage = _vantage(journey.source, situation)
        attempts = Attempts()
        if vantage is not None:
            journey, attempts = await self._try(journey, vantage, situation)
        # Read after the attempts: they make the kernel show what is wrong.
        situation = await self._now(anew=True)
        near = await asyncio.to_thread(_near, journey, situation, attempts, vantage)
        return walk(near, await self._beyond(near, question, vantage))

    async def far(self, asked: FarQuestion) -> tuple[Hop, ...]:
        """Tell what this node knows of a way that ends on it; raises as `explain` does."""
        known = await self._now()
        journey = journey_of(asked.question, known.lookup)
        network = known.lookup.networks.get(asked.network)
        async with self._helping:
            watching = asyncio.to_thread(self._arrivals, asked, journey, network, known)
            arrivals, situation = await asyncio.gather(watching, self._now(anew=True))
            return await asyncio.to_thread(_far, asked, journey, situation, arrivals)

    async def _now(self, *, anew: bool = False) -> Situation:
        observed = await self._observe(anew=anew)
        situation = await asyncio.to_thread(self._situation, observed, time.time())
        if situation is None:
            raise CannotExplainError("this agent knows no topology yet: try again in a moment")
        return situation

    async def _elsewhere(self, question: Question, journey: Journey, situation: Situation) -> Walk:
        node = journey.source_node
        why = "the Swarm knows no address of it"
        if node is not None and node.address is not None:
            try:
                async with asyncio.timeout(_ELSEWHERE_WITHIN_SECONDS):
                    asked = self._peers.ask(node.address, EXPLAIN_PATH, write_question(question))
                    return load_walk(await asked)
            except TimeoutError:
                why = f"did not answer within {_ELSEWHERE_WITHIN_SECONDS:g} s"
            except (PeerError, ValueError) as exc:
                why = str(exc)
        said = f"the agent of {journey.node_name}: {why}"
        return unasked(journey, situation.lookup, said)

    async def _try(
        self,
        journey: Journey,
        vantage: Vantage,
        situation: Situation,
    ) -> tuple[Journey, Attempts]:
        """Ask for the name, and take the way that the answer leads to."""
        name = await resolve(journey, vantage, situation.lookup)
        if name is not None and name.observed.answer is not None:
            journey = journey.over(name.observed.answer.addresses)
        network = journey.network
        balancer = situation.namespace(VantageKind.LOAD_BALANCER, network.id) if network else None
        attempts = await attempt(
            journey,
            vantage,
            balancer.vantage if balancer else None,
            self._host,
            lookup=situation.lookup,
            agent_port=self._agent_port(),
            name=name,
        )
        return journey, attempts

    async def _beyond(
        self,
        near: Near,
        question: Question,
        vantage: Vantage | None,
    ) -> Beyond | None:
        """Follow the way to one task, with the agent of its node."""
        backend, network = backend_to_follow(near), near.journey.network
        if backend is None or network is None:
            return None
        sender = sender_to(near, backend)
        passed_on = near.attempts.passed_on.get(backend.id)
        balanced = sender != near.journey.address
        asked = FarQuestion(
            question=question,
            backend=backend.id,
            network=network.id,
            works=near.attempts.reaches(backend.id) and not balanced,
            sender=sender if backend.node_id != near.situation.node.id else None,
        )
        if asked.sender is None:
            hops = await asyncio.to_thread(_far, asked, near.journey, near.situation, None)
            return Beyond(backend=backend, hops=hops)
        if near.attempts.misses_node(backend.node_id):
            return Beyond(backend=backend)
        if balanced and passed_on is not None:
            vantage = passed_on.probe.vantage
        return await self._with_the_other(near, backend, asked, vantage)

    async def _with_the_other(
        self,
        near: Near,
        backend: Task,
        asked: FarQuestion,
        vantage: Vantage | None,
    ) -> Beyond:
        """Send the backend's node something to see, and see it off, while its agent watches."""
        journey, address = near.journey, address_of(near, backend)
        echoing = None
        if vantage is not None and address is not None:
            echoing = asyncio.create_task(keep_echoing(journey, address, vantage))
        try:
            left, hops = await asyncio.gather(
                asyncio.to_thread(self._departures, asked, near, backend),
                self._ask_far(near, backend, asked),
            )
        finally:
            if echoing is not None:
                echoing.cancel()
                await asyncio.wait([echoing])
        return Beyond(backend=backend, left=left if echoing else None, hops=hops)

    async def _ask_far(self, near: Near, backend: Task, asked: FarQuestion) -> tuple[Hop, ...]:
        node = near.peer(backend)
        place = near.node_of(backend)
        if node is None or node.address is None:
            return (_unseen(place, "the Swarm knows no address of it"),)
        try:
            async with asyncio.timeout(self._far_within_seconds):
                return load_hops(
                    await self._peers.ask(node.address, FAR_PATH, write_far_question(asked))
                )
        except TimeoutError:
            return (_unseen(place, f"did not answer within {self._far_within_seconds:g} s"),)
        except (PeerError, ValueError) as exc:
            return (_unseen(place, str(exc)),)

    def _departures(
        self, asked: FarQuestion, near: Near, backend: Task
    ) -> int | CouldNotLook | None:
        """Count what leaves for the backend's node; None where nobody would know it."""
        network = near.journey.network
        peer = vteps(near.situation.topology).get(backend.node_id)
        sight = _sight(asked, network, peer, near.situation)
        if sight is None:
            return None
        try:
            return watch_departures(sight, _WATCH_SECONDS, host=self._host)
        except LookError as exc:
            return CouldNotLook(where=self._host.name, why=str(exc))

    def _arrivals(
        self,
        asked: FarQuestion,
        journey: Journey,
        network: Network | None,
        situation: Situation,
    ) -> Arrivals | CouldNotLook | None:
        """Count what arrives from the sender; None where nobody would know it."""
        peer = vteps(situation.topology).get(journey.source.node_id)
        sight = _sight(asked, network, peer, situation)
        overlay = situation.namespace(VantageKind.OVERLAY, asked.network)
        if sight is None or overlay is None:
            return None
        try:
            return watch_arrivals(overlay.vantage, sight, _WATCH_SECONDS, host=self._host)
        except LookError as exc:
            return CouldNotLook(where=self._host.name, why=str(exc))


def _sight(
    asked: FarQuestion,
    network: Network | None,
    peer: IPv4Address | None,
    situation: Situation,
) -> Sight | None:
    if asked.sender is None or network is None or (network.encrypted and peer is None):
        return None
    return Sight(
        sender=asked.sender,
        port=situation.topology.data_path_port,
        secret_peer=peer if network.encrypted else None,
    )


def _unseen(node: str, why: str) -> Hop:
    return Hop(name="other half", place=node, mark=Mark.UNKNOWN, saw=f"its agent: {why}")


def _vantage(task: Task, situation: Situation) -> Vantage | None:
    """Find the namespace of a task of this node."""
    local = (item for item in situation.local if item.task_id == task.id)
    netns = next((item.netns for item in local), None)
    name = situation.lookup.name_of(task)
    return Vantage(kind=VantageKind.TASK, name=name, netns=netns) if netns else None


_NO_NAMESPACE = "the Engine of its node has no container of it with a namespace of its own"


def _near(
    journey: Journey,
    situation: Situation,
    attempts: Attempts,
    vantage: Vantage | None,
) -> Near:
    judge = Judge(found=audit(situation), node=situation.node.name)
    inside, why_not = None, "" if vantage else _NO_NAMESPACE
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


def _far(
    asked: FarQuestion,
    journey: Journey,
    situation: Situation,
    arrivals: Arrivals | CouldNotLook | None,
) -> tuple[Hop, ...]:
    backend = situation.lookup.tasks.get(asked.backend)
    network = situation.lookup.networks.get(asked.network)
    if backend is None or network is None:
        raise NoSuchJourneyError("this node's topology does not know the task or its network yet")
    vantage = _vantage(backend, situation)
    inside, listeners, why_not = None, None, "" if vantage else _NO_NAMESPACE
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
        judge=Judge(found=audit(situation), node=situation.node.name),
        works=asked.works,
        sender=asked.sender,
        arrivals=arrivals,
        inside=inside,
        listeners=listeners,
        why_not=why_not,
    )
    return tuple(far_hops(far))
