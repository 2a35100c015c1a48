"""Which pages does the agent serve?"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from aiohttp import web

from exporter.blackbox.opening import Scrape
from exporter.explain import CannotExplainError
from exporter.peers import (
    EXPLAIN_PATH,
    FAR_PATH,
    FINDINGS_PATH,
    READ_AT_HEADER,
    REPORTS_PATH,
    TOPOLOGY_PATH,
    Told,
)
from exporter.questions import FarQuestion, read_far_question, read_question
from exporter.store import Snapshot
from exporter.view import Source, View
from exporter.web import blackbox, doctor, looks, mesh, names, state
from exporter.web.access import guard
from exporter.web.doctor import Tells
from exporter.web.looks import Looking
from exporter.web.status import Shown, routes
from probes.explain.journey import NoSuchJourneyError, Question
from probes.model.path import Hop, Walk
from probes.model.topology import NodeReport
from probes.wire import (
    DOCUMENT_VERSION,
    dump_hops,
    dump_topology,
    dump_walk,
    load_report,
    result_document,
)

_LONGEST_WAIT_SECONDS = 60.0
_MOST_REPORT_BYTES = 1024 * 1024


class Served(Protocol):
    """What the pages need of the agent."""

    @property
    def view(self) -> View: ...
    @property
    def token(self) -> str: ...
    @property
    def front(self) -> Shown: ...
    @property
    def looks(self) -> Looking: ...
    @property
    def states(self) -> state.Stated: ...
    @property
    def meshes(self) -> mesh.Meshed: ...
    @property
    def doctor(self) -> Tells: ...
    def results(self) -> Snapshot: ...
    def why_not_ready(self) -> str: ...
    def take_report(self, report: NodeReport) -> None: ...
    async def metrics(self, accept: str) -> tuple[bytes, str]: ...
    async def reload(self) -> str: ...
    def findings(self) -> Mapping[str, Any]: ...
    async def findings_everywhere(self) -> Mapping[str, Any]: ...
    async def probe(self, scrape: Scrape) -> Told: ...
    async def explain(self, question: Question) -> Walk: ...
    async def explain_far(self, asked: FarQuestion) -> tuple[Hop, ...]: ...
    async def newer_than(self, version: str, wait_seconds: float) -> View: ...


def make_app(agent: Served) -> web.Application:
    """Build the application; it serves TCP and the Unix socket alike."""
    pages = _Pages(agent)
    app = web.Application(
        middlewares=[guard(lambda: agent.token)],
        client_max_size=_MOST_REPORT_BYTES,
    )
    app.add_routes(
        [
            *routes(agent.front),
            *looks.routes(agent),
            *state.routes(agent),
            *mesh.routes(agent),
            *names.routes(agent),
            *doctor.routes(agent),
            *blackbox.routes(agent),
            web.get("/metrics", pages.metrics),
            web.get("/-/healthy", pages.healthy),
            web.get("/-/ready", pages.ready),
            web.post("/-/reload", pages.reload),
            web.get(TOPOLOGY_PATH, pages.topology),
            web.put(REPORTS_PATH, pages.report),
            web.get("/api/v1/results", pages.results),
            web.get(FINDINGS_PATH, pages.findings),
            web.get(EXPLAIN_PATH, pages.explain),
            web.get(FAR_PATH, pages.explain_far),
        ],
    )
    return app


class _Pages:
    def __init__(self, agent: Served) -> None:
        self._agent = agent

    async def metrics(self, request: web.Request) -> web.Response:
        body, content_type = await self._agent.metrics(request.headers.get("Accept", ""))
        response = web.Response(body=body, headers={"Content-Type": content_type})
        _compress(request, response)
        return response

    async def healthy(self, _: web.Request) -> web.Response:
        return web.Response(text="healthy\n")

    async def ready(self, _: web.Request) -> web.Response:
        reason = self._agent.why_not_ready()
        if reason:
            return web.Response(status=503, text=f"not ready: {reason}\n")
        return web.Response(text="ready\n")

    async def reload(self, _: web.Request) -> web.Response:
        error = await self._agent.reload()
        if error:
            return web.Response(status=500, text=f"the old configuration stays:\n{error}\n")
        return web.Response(text="reloaded\n")

    async def topology(self, request: web.Request) -> web.Response:
        """Answer with the topology; `If-None-Match` and `?wait=SECONDS` make it wait for news."""
        known = request.headers.get("If-None-Match", "").strip('"')
        wait = min(_wait_seconds(request), _LONGEST_WAIT_SECONDS)
        view = await self._agent.newer_than(known, wait) if wait else self._agent.view
        if view.source is Source.NONE:
            raise web.HTTPServiceUnavailable(text=f"no topology yet: {view.error}\n")
        headers = {"ETag": f'"{view.version}"', READ_AT_HEADER: str(view.topology.read_at)}
        if known == view.version:
            return web.Response(status=304, headers=headers)
        body = await asyncio.to_thread(dump_topology, view.topology)
        response = web.Response(body=body, content_type="application/json", headers=headers)
        _compress(request, response)
        return response

    async def report(self, request: web.Request) -> web.Response:
        try:
            report = load_report(await request.read())
        except ValueError as exc:
            raise web.HTTPBadRequest(text=f"this is no node report: {exc}\n") from exc
        self._agent.take_report(report)
        return web.Response(status=204)

    async def results(self, request: web.Request) -> web.Response:
        """List the last result of each probe."""
        tallies = self._agent.results().tallies.values()
        document = {
            "version": DOCUMENT_VERSION,
            "node": self._agent.view.node_name,
            "results": [result_document(tally.latest) for tally in tallies],
        }
        response = web.json_response(document)
        _compress(request, response)
        return response

    async def findings(self, request: web.Request) -> web.Response:
        """List what this node's audit found, or with `?nodes=all` what every node's did."""
        match request.query.get("nodes", "own"):
            case "own":
                document = self._agent.findings()
            case "all":
                document = await self._agent.findings_everywhere()
            case other:
                raise web.HTTPBadRequest(text=f"nodes={other!r} is neither own nor all\n")
        response = web.json_response(document)
        _compress(request, response)
        return response

    async def explain(self, request: web.Request) -> web.Response:
        """Walk the way from a task to a service, by ids."""
        with _refused():
            asked = read_question(request.query)
        with _told():
            body = dump_walk(await self._agent.explain(asked))
        return web.Response(body=body, content_type="application/json")

    async def explain_far(self, request: web.Request) -> web.Response:
        """Tell another agent what this node knows of a way that ends here."""
        with _refused():
            asked = read_far_question(request.query)
        with _told():
            body = dump_hops(await self._agent.explain_far(asked))
        return web.Response(body=body, content_type="application/json")


@contextmanager
def _told() -> Iterator[None]:
    """Turn what cannot be explained into answers."""
    try:
        yield
    except NoSuchJourneyError as exc:
        raise web.HTTPNotFound(text=f"{exc}\n") from exc
    except CannotExplainError as exc:
        raise web.HTTPServiceUnavailable(text=f"{exc}\n") from exc


@contextmanager
def _refused() -> Iterator[None]:
    """Turn what cannot be read into an answer."""
    try:
        yield
    except ValueError as exc:
        raise web.HTTPBadRequest(text=f"{exc}\n") from exc


def _compress(request: web.Request, response: web.Response) -> None:
    """Send gzip to whoever takes it, as Prometheus does; aiohttp by itself prefers deflate."""
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)


def _wait_seconds(request: web.Request) -> float:
    text = request.query.get("wait", "0")
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not seconds >= 0:
        raise web.HTTPBadRequest(text=f"wait={text!r} is no number of seconds\n")
    return seconds
