"""How is one look taken for a person: from where, at what, and how did it end?"""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Protocol

from probes.addresses import parse_address
from probes.looks.errors import CannotLookError
from probes.looks.names import Directory, Place, find_container
from probes.model.local import LocalTask
from probes.model.probe import KIND_OF, DnsLook, Look, Names, Probe, ProbeId, Target
from probes.model.result import Outcome, Result
from probes.model.vantage import HOST, Vantage, VantageKind
from probes.plan.candidates import EMBEDDED_RESOLVER
from probes.runner import run

_HOST = "host"


class Around(Protocol):
    """What is around the node that looks; raises CannotLookError where it cannot be told."""

    @property
    def directory(self) -> Directory: ...
    @property
    def local(self) -> tuple[LocalTask, ...]: ...
    @property
    def host_resolver(self) -> IPv4Address: ...
    def overlay(self, network: str) -> Vantage | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A look, and what came before it."""

    result: Result
    #: The look at the resolver that gave the address; None when the Swarm told it.
    resolution: Result | None = None
    #: The same on the underlay, between the nodes that the two stand on.
    beneath: Result | None = None
    #: What may have been meant, or could not be found out.
    hint: str = ""


class Looker:
    """Takes looks from one place."""

    def __init__(self, around: Around, source: str, timeout_seconds: float) -> None:
        self._around = around
        self._timeout_seconds = timeout_seconds
        self._source = None if source == _HOST else self._find_source(source)
        self._vantage = HOST if self._source is None else vantage_of(self._source)

    def _find_source(self, name: str) -> LocalTask:
        local = self._around.local
        return find_container(name, local) or self._around.directory.source(name, local)

    async def at_name(self, name: str, server: tuple[IPv4Address, int] | None) -> Report:
        """Ask for a name; where the Swarm says what it should be, the answer must be that."""
        expected = self._around.directory.expected(name, self._source) if self._source else ()
        address, port = server or (self._resolver, 53)
        look = DnsLook(name=name, server=address, port=port, expected=expected)
        place = Place(address=address, target=Target.NAME)
        result = await self._run(look, place, name)
        return Report(result=result, hint=self._hint(name, result))

    async def at_host(
        self,
        host: str,
        make: Callable[[Place], Look],
        endpoint: str,
    ) -> Report:
        """Look at an address, at what the Swarm knows by a name, or at what the resolver does."""
        address = parse_address(host)
        if address:
            place = Place(address=address, target=Target.STATIC)
            return Report(result=await self._run(make(place), place, endpoint))
        why_not = self._why_not_in_swarm()
        if not why_not and self._around.directory.knows(host):
            place = self._around.directory.place(host, self._source)
            return Report(result=await self._run(make(place), place, endpoint))
        look = DnsLook(name=host, server=self._resolver)
        place = Place(address=look.server, target=Target.NAME)
        resolution = await self._run(look, place, host)
        answer = resolution.observed.answer
        if resolution.outcome is not Outcome.OK or answer is None:
            return Report(result=resolution, hint=why_not or self._hint(host, resolution))
        place = Place(address=answer.addresses[0], target=Target.STATIC)
        result = await self._run(make(place), place, endpoint)
        return Report(result=result, resolution=resolution, hint=why_not)

    async def beneath(self, node: str, make: Callable[[Place], Look]) -> Result | None:
        """Look from this node's host at another node; None where that is no other node."""
        address = self._around.directory.node_address(node) if node else None
        if address is None or _is_own(address):
            return None
        place = Place(address=address, target=Target.NODE, network="host", node=node)
        return await self._run(make(place), place, "", HOST)

    def overlay(self, network: str) -> Vantage | None:
        """Find an overlay's own namespace on this node, by the network's name."""
        return self._around.overlay(network) if network else None

    def names(self) -> Names:
        """Name every address that the Swarm knows; nothing where it cannot be asked."""
        return () if self._why_not_in_swarm() else self._around.directory.names()

    def _why_not_in_swarm(self) -> str:
        """Without an Engine, the host's own resolver still knows names; a task needs the Engine."""
        try:
            _ = self._around.directory
        except CannotLookError as exc:
            if self._source:
                raise
            return f"no service was looked for, only the resolver asked: {exc}"
        return ""

    @property
    def _resolver(self) -> IPv4Address:
        """A task asks Docker's own resolver; one that shares the host's network, the host's."""
        return EMBEDDED_RESOLVER if self._vantage.netns else self._around.host_resolver

    def _hint(self, name: str, result: Result) -> str:
        """Say what may have been meant by a name that failed and that the Swarm does not know.

        Docker asks the machine's resolver for such a name, so it can fail in any way.
        """
        if result.outcome is Outcome.OK or self._source is None:
            return ""
        if self._around.directory.knows(name):
            return ""
        return self._around.directory.hint(name).removeprefix("; ")

    async def _run(
        self, look: Look, place: Place, endpoint: str, vantage: Vantage | None = None
    ) -> Result:
        probe_id = ProbeId(
            probe=KIND_OF[type(look)],
            target=place.target,
            network=place.network,
            source_service=self._source.service_name if self._source else "",
            source_node="",
            destination_service=place.service,
            destination_node=place.node,
            destination_task=place.task,
            endpoint=endpoint,
        )
        probe = Probe(
            id=probe_id,
            look=look,
            vantage=vantage or self._vantage,
            interval_seconds=self._timeout_seconds,
            timeout_seconds=self._timeout_seconds,
        )
        return await run(probe)


def _is_own(address: IPv4Address) -> bool:
    """Tell whether an address is this very node's: only such can be bound to (bind(2))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((str(address), 0))
        except OSError:
            return False
    return True


def vantage_of(source: LocalTask) -> Vantage:
    """Name the task as people do: Docker's name for its container adds the task's id."""
    name = source.container_name.removesuffix(f".{source.task_id}")
    return Vantage(kind=VantageKind.TASK, name=name, netns=source.netns)
