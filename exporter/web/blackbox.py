"""How is a probe asked for over HTTP, as of blackbox_exporter?"""

from typing import Protocol

from aiohttp import web

from exporter.blackbox.opening import Scrape
from exporter.peers import FORWARDED_HEADER, PROBE_PATH, SCRAPE_TIMEOUT_HEADER, Told


class Asked(Protocol):
    """What the page needs of the agent."""

    async def probe(self, scrape: Scrape) -> Told: ...


def routes(agent: Asked) -> list[web.RouteDef]:
    """List the routes; like `/api`, they want the token."""

    async def probe(request: web.Request) -> web.Response:
        told = await agent.probe(
            Scrape(
                query=dict(request.query),
                scrape_timeout=request.headers.get(SCRAPE_TIMEOUT_HEADER, ""),
                forwarded=FORWARDED_HEADER in request.headers,
            ),
        )
        return web.Response(
            status=told.status,
            text=told.text,
            headers={"Content-Type": told.content_type, "X-Content-Type-Options": "nosniff"},
        )

    return [web.get(PROBE_PATH, probe)]
