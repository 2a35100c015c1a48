"""How does everyone look at everyone, at once, when somebody asks?

Each agent takes the looks that it has planned anyway, so nobody is looked at who need not be;
within bounds, and one round at a time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import IPv4Address
from typing import Protocol

from exporter.peers import MESH_PATH, PeerError
from exporter.view import View
from probes.mesh.model import Mesh, NodeMesh, Silent, look_of
from probes.model.probe import Kind, Probe, Target
from probes.model.result import Result, Verdict
from probes.model.topology import Node
from probes.wire import load_node_mesh

#: What can be asked for, and at whom it is aimed.
KINDS: Mapping[str, tuple[Kind, frozenset[Target]]] = {
    "tcp": (Kind.TCP, frozenset({Target.TASK})),
    "icmp": (Kind.ICMP, frozenset({Target.TASK})),
    "dns": (Kind.DNS, frozenset({Target.NAME})),
    "nodes": (Kind.TCP, frozenset({Target.NODE})),
}
_MOST_LOOKS = 500
_AT_ONCE = 32
#: Looks begin within this time; where all of them time out, they would take longer than whoever
#: asked waits (`exporter.peers`), and that node would look silent just when it has most to tell.
_BEGIN_WITHIN_SECONDS = 10.0


class NoSuchMeshError(Exception):
    """Nobody looks so."""


class Others(Protocol):
    """The other agents; `exporter.peers.Peers` is them."""

    async def ask(self, address: IPv4Address, path: str, query: Mapping[str, str]) -> bytes: ...


class Meshes:
    """Takes a round of looks here, and has all others take theirs."""

    def __init__(
        self,
        planned: Callable[[], tuple[Probe, ...]],
        view: Callable[[], View],
        run: Callable[[Probe], Awaitable[Result]],
        others: Others,
        *,
        begin_within_seconds: float = _BEGIN_WITHIN_SECONDS,
    ) -> None:
        self._planned = planned
        self._view = view
        self._run = run
        self._others = others
        self._begin_within_seconds = begin_within_seconds
        self._turn = asyncio.Lock()

    async def own(self, kind: str, network: str) -> NodeMesh:
        """Look from this node; raises NoSuchMeshError."""
        wanted = _wanted(self._planned(), kind, network)
        places, loop = asyncio.Semaphore(_AT_ONCE), asyncio.get_running_loop()
        end = loop.time() + self._begin_within_seconds

        async def look(probe: Probe) -> Result | None:
            async with places:
                return await self._run(probe) if loop.time() < end else None

        async with self._turn:
            taken = await asyncio.gather(*map(look, wanted[:_MOST_LOOKS]))
        results = [item for item in taken if item is not None]
        return NodeMesh(
            node=self._view().node_name,
            looks=tuple(look_of(item) for item in results if not _only_assumed(item)),
            left_out=len(wanted) - len(results),
        )

    async def everywhere(self, kind: str, network: str) -> Mesh:
        """Look from every node; who does not answer is named."""
        view = self._view()
        others = [node for node in view.topology.nodes if node.name != view.node_name]
        query = {"kind": kind, "network": network}
        own, *answers = await asyncio.gather(
            self.own(kind, network), *(self._ask(node, query) for node in others)
        )
        told = [item for item in (own, *answers) if isinstance(item, NodeMesh)]
        return Mesh(
            kind=kind,
            nodes=tuple(sorted(told, key=lambda item: item.node)),
            silent=tuple(item for item in answers if isinstance(item, Silent)),
        )

    async def _ask(self, node: Node, query: Mapping[str, str]) -> NodeMesh | Silent:
        if node.address is None:
            return Silent(node=node.name, why="Swarm knows no address of it")
        try:
            return load_node_mesh(await self._others.ask(node.address, MESH_PATH, query))
        except PeerError as exc:
            return Silent(node=node.name, why=str(exc))
        except ValueError:
            return Silent(node=node.name, why="its agent is of another version")


def _wanted(planned: tuple[Probe, ...], kind: str, network: str) -> list[Probe]:
    if kind not in KINDS:
        raise NoSuchMeshError(f"there is no mesh of {kind!r}, only of {', '.join(KINDS)}")
    speaks, aims = KINDS[kind]
    return [
        probe
        for probe in planned
        if probe.id.probe is speaks
        and probe.id.target in aims
        and network in {"", probe.id.network}
    ]


def _only_assumed(result: Result) -> bool:
    """Tell whether it failed where nobody said that anything listens."""
    return result.probe.assumed and result.outcome.verdict is Verdict.FAILED
