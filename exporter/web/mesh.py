"""How is a round of looks asked for?"""

from typing import Protocol

from aiohttp import web

from exporter.peers import MESH_PATH
from probes.mesh.model import Mesh, NodeMesh
from probes.mesh.take import NoSuchMeshError
from probes.wire import dump_mesh, dump_node_mesh


class Meshed(Protocol):
    """Who has everyone look at everyone."""

    async def own(self, kind: str, network: str) -> NodeMesh: ...
    async def everywhere(self, kind: str, network: str) -> Mesh: ...


class HasMeshes(Protocol):
    """What these pages need of the agent."""

    @property
    def meshes(self) -> Meshed: ...


def routes(agent: HasMeshes) -> list[web.RouteDef]:
    """List the routes."""

    async def mesh(request: web.Request) -> web.Response:
        """Look now: `?kind=tcp&network=NAME`, and `&nodes=all` from every node."""
        kind, network = request.query.get("kind", ""), request.query.get("network", "")
        try:
            if request.query.get("nodes") == "all":
                body = dump_mesh(await agent.meshes.everywhere(kind, network))
            else:
                body = dump_node_mesh(await agent.meshes.own(kind, network))
        except NoSuchMeshError as exc:
            raise web.HTTPBadRequest(text=f"{exc}\n") from exc
        return web.Response(body=body, content_type="application/json")

    return [web.get(MESH_PATH, mesh)]
