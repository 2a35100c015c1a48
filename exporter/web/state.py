"""How are tables of state asked for?"""

from typing import Protocol

from aiohttp import web

from exporter.peers import STATE_PATH, PeerError
from exporter.state import NoStateError, NoSuchTableError
from probes.state.table import Table
from probes.wire import dump_table


class Stated(Protocol):
    """Who makes tables."""

    async def table(self, kind: str, node: str) -> Table: ...


class HasStates(Protocol):
    """What these pages need of the agent."""

    @property
    def states(self) -> Stated: ...


def routes(agent: HasStates) -> list[web.RouteDef]:
    """List the routes."""

    async def table(request: web.Request) -> web.Response:
        """Give one table: `?kind=fdb`, and `&node=NAME` for another node's."""
        kind, node = request.query.get("kind", ""), request.query.get("node", "")
        try:
            made = await agent.states.table(kind, node)
        except NoSuchTableError as exc:
            raise web.HTTPNotFound(text=f"{exc}\n") from exc
        except (NoStateError, PeerError) as exc:
            raise web.HTTPServiceUnavailable(text=f"{exc}\n") from exc
        return web.Response(body=dump_table(made), content_type="application/json")

    return [web.get(STATE_PATH, table)]
