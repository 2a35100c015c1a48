"""How is one look taken for a person: from where, at what, and how did it end?"""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Protocol

from probes.addresses import parse_address
from probes.looks.errors import CannotLookError, UsageError
from probes.looks.names import Directory, Place, Source
from probes.looks.sources import NEAREST, ON_HOST, nearest, stand_here
from probes.model.local import LocalTask
from probes.model.probe import KIND_OF, DnsLook, Look, Names, Probe, ProbeId, Target
from probes.model.result import Outcome, Result
from probes.model.topology import Network
from probes.model.vantage import HOST, Vantage, VantageKind
from probes.plan.candidates import EMBEDDED_RESOLVER
from probes.runner import run

if TYPE_CHECKING:
    from probes.kernel.namespaces import Namespace

#: An overlay's own bridge has the same address on every node, so answers to it stay where they
#: are sent from; its balancer has one of its own.
_WITH_OWN_ADDRESS = {VantageKind.LOAD_BALANCER, VantageKind.INGRESS}


class Around(Protocol):
    """What is around the node that looks; raises CannotLookError where it cannot be told."""

    @property
    def directory(self) -> Directory: ...
    @property
    def local(self) -> tuple[LocalTask, ...]: ...
    @property
    def host_resolver(self) -> IPv4Address: ...
    @property
    def namespaces(self) -> "tuple[Namespace, ...]": ...


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
    """Takes one look from one place.

    *source* is `host`, a name that `stand_here` finds on this node, or `NEAREST`. *node* names this
    node where a look is taken for another one; the results tell it.
    """

    def __init__(
        self,
        around: Around,
        source: str,
        timeout_seconds: float,
        *,
        node: str = "",
    ) -> None:
        self._around = around
        self._timeout_seconds = timeout_seconds
        self._node = node
        self._nearest = source == NEAREST
        self._source: Source | None = None
        if source not in {ON_HOST, NEAREST}:
            self._source = stand_here(source, around.directory, around.local)
        self._vantage = self._vantage_of(self._source)

    def _vantage_of(self, source: Source | None) -> Vantage:
        match source:
            case LocalTask():
                return vantage_of(source)
            case Network():
                return self._balancer_of(source)
            case None:
                return HOST

    def _balancer_of(self, network: Network) -> Vantage:
        for namespace in self._around.namespaces:
            if namespace.network_id == network.id and namespace.vantage.kind in _WITH_OWN_ADDRESS:
                return namespace.vantage
        raise UsageError(
            f"{network.name} has no balancer on this node to look from, as on nodes without a task "
            f"on it: look from another, with --from NODE:{network.name}",
        )

    def _stand_near(self, target: str) -> None:
        """Choose the place by what is looked at, where that was asked for."""
        if self._nearest:
            self._source = nearest(target, self._around.directory, self._around.local)
            self._vantage = self._vantage_of(self._source)

    async def at_name(self, name: str, server: tuple[IPv4Address, int] | None) -> Report:
        """Ask for a name; where the Swarm says what it should be, the answer must be that."""
        self._stand_near(name)
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
        """Look at an address, a service, a task, a node, or at what the resolver knows."""
        self._stand_near(host)
        address = parse_address(host)
        if address:
            place = Place(address=address, target=Target.STATIC)
            return Report(result=await self._run(make(place), place, endpoint))
        why_not = self._why_not_in_swarm()
        if not why_not and self._around.directory.knows(host):
            place = self._around.directory.place(host, self._source)
            return Report(result=await self._run(make(place), place, endpoint))
        address = None if why_not else self._around.directory.node_address(host)
        if address:
            place = Place(address=address, target=Target.NODE, network="host", node=host)
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
        if not network:
            return None
        try:
            places = [item.vantage for item in self._around.namespaces]
        except CannotLookError:
            return None
        found = (item for item in places if item.kind is VantageKind.OVERLAY)
        return next((item for item in found if item.name == network), None)

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
        if isinstance(self._source, Network):
            raise UsageError(
                f"{self._source.name} has no resolver: ask for names from a service that is on it, "
                "or look at an address",
            )
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
            source_service=_service_of(self._source),
            source_node=self._node,
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


def _service_of(source: Source | None) -> str:
    return source.service_name if isinstance(source, LocalTask) else ""


def vantage_of(source: LocalTask) -> Vantage:
    """Name the task as people do: Docker's name for its container adds the task's id."""
    name = source.container_name.removesuffix(f".{source.task_id}")
    return Vantage(kind=VantageKind.TASK, name=name, netns=source.netns)
