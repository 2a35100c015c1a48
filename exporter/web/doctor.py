"""What does the agent tell a doctor: of its own node, and of all?"""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from aiohttp import web

from exporter.peers import CONFIGURATION_PATH, DOCTOR_NODE_PATH, DOCTOR_PATH
from probes.doctor.case import Case, Told
from probes.doctor.wire import dump_case, dump_told


class Tells(Protocol):
    """What these pages need of the agent's doctor."""

    async def told(self) -> Told: ...
    async def case(self) -> Case: ...
    def configuration(self) -> Mapping[str, Any]: ...


class HasDoctor(Protocol):
    """The agent, as far as these pages know it."""

    @property
    def doctor(self) -> Tells: ...


def routes(agent: HasDoctor) -> list[web.RouteDef]:
    """List the routes."""

    async def of_node(request: web.Request) -> web.Response:
        told = await agent.doctor.told()
        return _json(request, await asyncio.to_thread(dump_told, told))

    async def of_all(request: web.Request) -> web.Response:
        case = await agent.doctor.case()
        return _json(request, await asyncio.to_thread(dump_case, case))

    async def configuration(_: web.Request) -> web.Response:
        return web.json_response(agent.doctor.configuration())

    return [
        web.get(DOCTOR_NODE_PATH, of_node),
        web.get(DOCTOR_PATH, of_all),
        web.get(CONFIGURATION_PATH, configuration),
    ]


def _json(request: web.Request, body: bytes) -> web.Response:
    response = web.Response(body=body, content_type="application/json")
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response
