"""Which names does this node's agent know? For the completion of a shell, which is in a hurry."""

import asyncio
from typing import Protocol

from aiohttp import web

from exporter.view import Source, View
from probes.looks.nameable import nameable_document
from probes.looks.naming import nameable

NAMES_PATH = "/api/v1/names"


class HasView(Protocol):
    """What this page needs of the agent."""

    @property
    def view(self) -> View: ...


def routes(agent: HasView) -> list[web.RouteDef]:
    """List the routes."""

    async def names(_: web.Request) -> web.Response:
        view = agent.view
        if view.source is Source.NONE:
            raise web.HTTPServiceUnavailable(text=f"no topology yet: {view.error}\n")
        return web.json_response(
            nameable_document(await asyncio.to_thread(nameable, view.topology))
        )

    return [web.get(NAMES_PATH, names)]
