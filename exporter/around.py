"""What do all agents know? Each is asked once, all at the same time, for whoever looks.

Answers are kept for moments, so that many viewers cost no more than one; nobody is asked while
nobody looks.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from ipaddress import IPv4Address
from typing import Protocol, TypeVar

from exporter.kept import Kept
from exporter.page.pair import Gathered, PairReport, load_pair
from exporter.page.summary import Summary, load_summary
from exporter.page.swarm import Silent, Swarm
from exporter.peers import PAIR_PATH, SUMMARY_PATH, PeerError
from exporter.view import View
from probes.model.topology import Node

#: A summary takes an agent some milliseconds, and a person waits for the slowest.
_ANSWER_WITHIN_SECONDS = 1.5
#: Requests under way: more of them at once would only hold up the loop that the probes are on.
_AT_ONCE = 16
#: Much less than a probe's interval.
_KEPT_SECONDS = 2.0
_MOST_PAIRS = 32

_Answer = TypeVar("_Answer")


class NoSuchPairError(Exception):
    """No agent probes from the one service to the other."""


class Others(Protocol):
    """The other agents; `exporter.peers.Peers` is them."""

    async def ask(self, address: IPv4Address, path: str, query: Mapping[str, str]) -> bytes: ...


class Around:
    """Gathers what the agents tell."""

    def __init__(
        self,
        view: Callable[[], View],
        own_summary: Callable[[], Awaitable[Summary]],
        own_pair: Callable[[str, str], PairReport],
        others: Others,
    ) -> None:
        self._view = view
        self._own_summary = own_summary
        self._own_pair = own_pair
        self._others = others
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._reading = asyncio.Lock()
        self._swarm = Kept[None, Swarm](_KEPT_SECONDS, most=1)
        self._pairs = Kept[tuple[str, str], Gathered](_KEPT_SECONDS, most=_MOST_PAIRS)

    async def swarm(self) -> Swarm:
        """Ask every node's agent; who does not answer is named, with the reason."""
        return await self._swarm.get(None, self._gather)

    async def _gather(self) -> Swarm:
        view = self._view()
        others = [node for node in view.topology.nodes if node.name != view.node_name]
        own, (told, silent) = await asyncio.gather(
            self._own_summary(),
            self.ask_all(others, SUMMARY_PATH, {}, load_summary),
        )
        return Swarm(
            topology=view.topology,
            summaries=(own, *told),
            silent=silent,
            now=time.time(),
        )

    async def pair(self, source: str, destination: str) -> Gathered:
        """Ask the agents that look from one service to another; NoSuchPairError when none does."""
        swarm = await self.swarm()
        looking = {
            summary.node
            for summary in swarm.summaries
            for pair in summary.pairs
            if (pair.source, pair.destination) == (source, destination)
        }
        if not looking:
            raise NoSuchPairError(f"no agent that answers looks from {source} to {destination}")
        return await self._pairs.get(
            (source, destination),
            lambda: self._gather_pair(source, destination, swarm, looking),
        )

    async def _gather_pair(
        self, source: str, destination: str, swarm: Swarm, looking: set[str]
    ) -> Gathered:
        own = swarm.own.node
        others = [node for node in swarm.topology.nodes if node.name in looking - {own}]
        query = {"source": source, "destination": destination}
        told, silent = await self.ask_all(others, PAIR_PATH, query, load_pair)
        reports = [self._own_pair(source, destination)] if own in looking else []
        return Gathered(
            node=own,
            version=swarm.own.version,
            source=source,
            destination=destination,
            reports=(*reports, *told),
            silent=(*swarm.silent, *silent),
            now=time.time(),
        )

    async def ask_all(
        self,
        nodes: Iterable[Node],
        path: str,
        query: Mapping[str, str],
        load: Callable[[bytes], _Answer],
        within_seconds: float = _ANSWER_WITHIN_SECONDS,
    ) -> tuple[tuple[_Answer, ...], tuple[Silent, ...]]:
        """Ask the agents of *nodes* all at once; who does not answer is named, with the reason."""
        answers = await asyncio.gather(
            *(self._ask(node, path, query, load, within_seconds) for node in nodes)
        )
        told = tuple(answer for answer in answers if not isinstance(answer, Silent))
        return told, tuple(answer for answer in answers if isinstance(answer, Silent))

    async def _ask(
        self,
        node: Node,
        path: str,
        query: Mapping[str, str],
        load: Callable[[bytes], _Answer],
        within_seconds: float,
    ) -> _Answer | Silent:
        if node.address is None:
            return Silent(node=node.name, why="Swarm knows no address of it")
        try:
            async with self._places, asyncio.timeout(within_seconds):
                document = await self._others.ask(node.address, path, query)
            async with self._reading:  # one thread at a time beside the probes' own
                return await asyncio.to_thread(load, document)
        except TimeoutError:
            return Silent(node=node.name, why=f"no answer within {within_seconds:g} s")
        except PeerError as exc:
            return Silent(node=node.name, why=str(exc))
        except ValueError:
            return Silent(node=node.name, why="its agent is of another version")
