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
from probes.mesh.model import Mesh, NodeMesh, Silent
from probes.mesh.take import chosen, take
from probes.model.probe import Probe
from probes.model.result import Result
from probes.model.topology import Node
from probes.wire import load_node_mesh


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
    ) -> None:
        self._planned = planned
        self._view = view
        self._run = run
        self._others = others
        self._turn = asyncio.Lock()

    async def own(self, kind: str, network: str) -> NodeMesh:
        """Look from this node; raises NoSuchMeshError."""
        wanted = chosen(self._planned(), kind, network)
        return await take(self._view().node_name, wanted, self._run, turn=self._turn)

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
