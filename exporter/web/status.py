"""Which pages does the agent show to people, and what does it tell other agents for theirs?"""

import asyncio
from typing import Protocol
from urllib.parse import urlsplit

from aiohttp import web

from exporter.around import NoSuchPairError
from exporter.kept import Kept, TooMuchError
from exporter.page.page import page
from exporter.page.pair import Gathered, PairReport, dump_pair, pair_page
from exporter.page.question import question_of
from exporter.page.stacks import Stacks
from exporter.page.summary import Summary, dump_summary
from exporter.page.swarm import Swarm
from exporter.peers import PAIR_PATH, SUMMARY_PATH
from exporter.web.render import Rendered, render_page, render_pair
from exporter.web.static import SCRIPT, STYLE, route
from probes.explain.journey import Question
from probes.model.path import Walk
from probes.model.topology import Topology

#: As long as what they are made of; each folding of the matrix is a page of its own.
_KEPT_SECONDS = 2.0
_MOST_KEPT = 64
#: A name of Swarm's has 63 characters; the form has two of them.
_MOST_FORM_BYTES = 4096

#: No foreign resource, nothing inline: names on the page come from the network.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Accept-Encoding",
}


class Shown(Protocol):
    """What these pages need of the agent."""

    async def summary(self) -> Summary: ...
    def pair_report(self, source: str, destination: str) -> PairReport: ...
    async def swarm(self) -> Swarm: ...
    def topology(self) -> Topology: ...
    async def pair(self, source: str, destination: str) -> Gathered: ...
    async def explain(self, question: Question) -> Walk | str: ...


def routes(shown: Shown) -> list[web.RouteDef]:
    """List the routes."""
    pages = _StatusPages(shown)
    return [
        web.get("/", pages.page),
        web.get("/pair", pages.pair),
        web.post("/pair/explain", pages.explain),
        web.get(SUMMARY_PATH, pages.summary),
        web.get(PAIR_PATH, pages.pair_report),
        route(STYLE),
        route(SCRIPT),
    ]


class _StatusPages:
    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._pages = Kept[str | None, Rendered](_KEPT_SECONDS, most=_MOST_KEPT)
        self._pairs = Kept[tuple[str, str], Rendered](_KEPT_SECONDS, most=_MOST_KEPT)

    async def page(self, request: web.Request) -> web.Response:
        """Show the whole Swarm; `?stack=NAME` unfolds the matrix of one stack."""
        stack = request.query.get("stack")
        if stack is not None and not _is_stack(stack, self._shown.topology()):
            stack = None
        try:
            rendered = await self._pages.get(stack, lambda: self._render_page(stack))
        except TooMuchError as exc:
            raise web.HTTPServiceUnavailable(text=f"{exc}\n") from exc
        return _answer(request, rendered)

    async def _render_page(self, stack: str | None) -> Rendered:
        swarm = await self._shown.swarm()
        return await asyncio.to_thread(lambda: render_page(page(swarm, stack)))

    async def pair(self, request: web.Request) -> web.Response:
        """Show what came of the probes between two services in the last hour."""
        names = request.query.get("source", ""), request.query.get("destination", "")
        gathered = await self._gathered(*names)
        try:
            rendered = await self._pairs.get(names, lambda: _render_pair(gathered))
        except TooMuchError as exc:
            raise web.HTTPServiceUnavailable(text=f"{exc}\n") from exc
        return _answer(request, rendered)

    async def explain(self, request: web.Request) -> web.Response:
        """Walk the way between two services; a POST, since it makes agents work."""
        if not _is_own_form(request):
            raise web.HTTPForbidden(text="another site's page may not ask this\n")
        if (request.content_length or 0) > _MOST_FORM_BYTES:
            raise web.HTTPRequestEntityTooLarge(_MOST_FORM_BYTES, request.content_length or 0)
        form = await request.post()
        source, destination = str(form.get("source", "")), str(form.get("destination", ""))
        gathered = await self._gathered(source, destination)
        shown = pair_page(gathered)
        question = question_of(source, destination, shown.probes, self._shown.topology())
        walk: Walk | str = (
            "No probe between them starts in a running task: there is no way to walk."
        )
        if question is not None:
            try:
                walk = await self._shown.explain(question)
            except TooMuchError as exc:
                walk = str(exc)
        rendered = await asyncio.to_thread(render_pair, shown, walk)
        return _answer(request, rendered)

    async def _gathered(self, source: str, destination: str) -> Gathered:
        try:
            return await self._shown.pair(source, destination)
        except NoSuchPairError as exc:
            raise web.HTTPNotFound(text=f"{exc}\n") from exc
        except TooMuchError as exc:
            raise web.HTTPServiceUnavailable(text=f"{exc}\n") from exc

    async def summary(self, request: web.Request) -> web.Response:
        """Tell another agent what its page shows of this node."""
        summary = await self._shown.summary()
        return _json(request, await asyncio.to_thread(dump_summary, summary))

    async def pair_report(self, request: web.Request) -> web.Response:
        """Tell another agent what this node has of two services."""
        names = request.query.get("source", ""), request.query.get("destination", "")
        return _json(request, dump_pair(self._shown.pair_report(*names)))


async def _render_pair(gathered: Gathered) -> Rendered:
    return await asyncio.to_thread(lambda: render_pair(pair_page(gathered)))


def _is_stack(name: str, topology: Topology) -> bool:
    stacks = Stacks(topology)
    return any(stacks.name(service.name).stack == name for service in topology.services)


def _is_own_form(request: web.Request) -> bool:
    """Tell whether a form of ours was sent; browsers say which site it is that sends one."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _answer(request: web.Request, rendered: Rendered) -> web.Response:
    headers, body = dict(_HEADERS), rendered.plain
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"], body = "gzip", rendered.gzipped
    return web.Response(body=body, content_type="text/html", charset="utf-8", headers=headers)


def _json(request: web.Request, body: bytes) -> web.Response:
    response = web.Response(body=body, content_type="application/json")
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response
