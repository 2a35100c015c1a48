"""How does this agent take a look for a person or for another agent, or have others take it?"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Protocol

from exporter.peers import PeerError
from exporter.view import Source, View
from probes.errors import CouldNotLookError
from probes.kernel.namespaces import Namespace, list_namespaces
from probes.looks.asking import (
    LOOK_PATH,
    Answer,
    Asked,
    answers_within,
)
from probes.looks.errors import CannotLookError, CommandError, UsageError
from probes.looks.looker import Looker
from probes.looks.names import Directory
from probes.looks.resolver import host_resolver
from probes.looks.sources import stand_anywhere
from probes.looks.wire import dump_asked, load_answers
from probes.model.local import LocalTask
from probes.model.topology import Node

#: Looks beside the agent's own probes, which must not be late for them ...
_TAKEN_AT_ONCE = 8
#: ... and people whose looks are passed on; each waits for as many agents as there are.
_PASSED_ON_AT_ONCE = 4
#: Requests to other agents under way, for one of them.
_ASKED_AT_ONCE = 64


class BusyError(CannotLookError):
    """As many looks as this agent takes at once are under way."""


class Others(Protocol):
    """The other agents; `exporter.peers.Peers` is them."""

    async def post(
        self, address: IPv4Address, path: str, body: bytes, within_seconds: float
    ) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    """What is around this agent, as `probes.looks.looker.Around` asks for it."""

    directory: Directory
    view: View
    netns_folder: Path

    @property
    def local(self) -> tuple[LocalTask, ...]:
        return self.view.local

    @property
    def host_resolver(self) -> IPv4Address:
        return host_resolver()

    @property
    def namespaces(self) -> tuple[Namespace, ...]:
        try:
            return list_namespaces(self.netns_folder, self.view.topology.networks)
        except CouldNotLookError as exc:
            raise CannotLookError(str(exc)) from exc


class Looks:
    """Takes looks on this node, and asks other agents for theirs."""

    def __init__(self, view: Callable[[], View], netns_folder: Path, others: Others) -> None:
        self._view = view
        self._netns_folder = netns_folder
        self._others = others
        self._known: tuple[str, Directory] | None = None
        self._taking = _Turns(_TAKEN_AT_ONCE)
        self._passing_on = _Turns(_PASSED_ON_AT_ONCE)

    async def look(self, asked: Asked) -> tuple[Answer, ...]:
        """Take the look where it is wanted: here, or on every node that *asked* means.

        Raises UsageError for what nobody could look at, and CannotLookError where this agent
        itself cannot tell who should.
        """
        around = self._around()
        if asked.here:
            return (await self._take(asked, around),)
        asked.want.read()
        stand = stand_anywhere(asked.source, around.directory, around.view.node_name)
        there = replace(asked, source=stand.source, here=True)
        with self._passing_on.one():
            places = asyncio.Semaphore(_ASKED_AT_ONCE)
            asking = (self._ask(node, there, around, places) for node in stand.nodes)
            return tuple(await asyncio.gather(*asking))

    def _around(self) -> _Here:
        view = self._view()
        if view.source is Source.NONE or not view.node_name:
            raise CannotLookError("this agent knows no topology yet: try again in a moment")
        if self._known is None or self._known[0] != view.version:
            self._known = (view.version, Directory(view.topology))
        return _Here(directory=self._known[1], view=view, netns_folder=self._netns_folder)

    async def _take(self, asked: Asked, around: _Here) -> Answer:
        node = around.view.node_name
        try:
            with self._taking.one():
                take = asked.want.read()
                looker = Looker(around, asked.source, asked.timeout_seconds, node=node)
                return Answer(node=node, report=await take(looker))
        except CommandError as exc:
            return Answer(node=node, why=str(exc), pointless=isinstance(exc, UsageError))

    async def _ask(
        self, node: Node, asked: Asked, around: _Here, places: asyncio.Semaphore
    ) -> Answer:
        if node.name == around.view.node_name:
            return await self._take(asked, around)
        if node.state == "down":
            return Answer(node=node.name, why="Swarm says that the node is down")
        if node.address is None:
            return Answer(node=node.name, why="Swarm knows no address of it")
        within = answers_within(asked.timeout_seconds)
        try:
            async with places:
                body = await self._others.post(node.address, LOOK_PATH, dump_asked(asked), within)
            (answer,) = load_answers(body)
        except (PeerError, ValueError) as exc:
            return Answer(node=node.name, why=str(exc))
        return replace(answer, node=node.name)


class _Turns:
    """Places that are had at once, or not at all: whoever waits would look at another moment."""

    def __init__(self, most: int) -> None:
        self._free = most

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold one for the body; BusyError where all are taken."""
        if not self._free:
            raise BusyError("this agent takes no more looks at once: try again in a moment")
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
