"""What is answered to who asks for a probe?

Blackbox_exporter's answers, with one difference: where it could not be looked, there is no
`probe_success 0`, but an error, so that the scrape fails (`up` is 0).
"""

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from ipaddress import IPv4Address
from math import isfinite
from time import perf_counter

from exporter.blackbox.allow import AllowList
from exporter.blackbox.asked import Asked, Module
from exporter.blackbox.errors import BadRequestError, NotAllowedError, UnableError
from exporter.blackbox.modules import Modules
from exporter.blackbox.opening import Scrape
from exporter.blackbox.place import Place
from exporter.blackbox.record import Record
from exporter.blackbox.run import run
from exporter.blackbox.sources import Here, There, find_source
from exporter.blackbox.targets import read_hostname
from exporter.collectors.blackbox import render
from exporter.peers import PeerError, Peers, Told
from exporter.settings import BlackboxSettings
from exporter.view import View
from probes.looks.names import Directory

#: What blackbox_exporter takes without being asked for one.
_MODULE = "http_2xx"
PARAMETERS = frozenset({"target", "module", "hostname", "debug", "source"})
#: Where no scrape says how long it waits; blackbox_exporter's own.
_TIMEOUT_SECONDS = 120.0
_PLAIN = "text/plain; charset=utf-8"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"


class Blackbox:
    """Takes looks for scrapes, as modules say."""

    def __init__(
        self,
        settings: BlackboxSettings,
        modules: Modules,
        view: Callable[[], View],
        peers: Peers,
    ) -> None:
        self._settings = settings
        self._modules = modules
        self._view = view
        self._peers = peers
        self._places = asyncio.Semaphore(settings.concurrent)
        self._directory: tuple[str, Directory] | None = None

    async def answer(self, scrape: Scrape) -> Told:
        """Take the look that is asked for."""
        try:
            return await self._answer(scrape)
        except BadRequestError as exc:
            return _refusal(HTTPStatus.BAD_REQUEST, str(exc))
        except NotAllowedError as exc:
            return _refusal(HTTPStatus.FORBIDDEN, str(exc))
        except UnableError as exc:
            return _refusal(HTTPStatus.SERVICE_UNAVAILABLE, f"could not look: {exc}")

    async def _answer(self, scrape: Scrape) -> Told:
        asked = self._read(scrape.query)
        timeout_seconds = self._timeout(scrape.scrape_timeout, asked.module)
        view = self._view()
        source = scrape.query.get("source", "")
        found = find_source(source, view, self._directory_of(view))
        if isinstance(found, There):
            return await self._ask_there(found, scrape, timeout_seconds)
        record = await self._look(asked, found, timeout_seconds)
        metrics = await asyncio.to_thread(render, record.samples)
        if scrape.query.get("debug") == "true":
            return Told(HTTPStatus.OK, _PLAIN, _debug_text(record, metrics, asked.module))
        return Told(HTTPStatus.OK, _METRICS, metrics)

    def _read(self, query: Mapping[str, str]) -> Asked:
        unknown = sorted(set(query) - PARAMETERS)
        if unknown:
            known = ", ".join(sorted(PARAMETERS))
            raise BadRequestError(f"{unknown[0]!r} is no parameter of a probe: {known} are")
        name = query.get("module") or _MODULE
        module = self._modules.get(name)
        if module is None:
            known = ", ".join(sorted(self._modules))
            raise BadRequestError(f"Unknown module {name!r}; known here: {known}")
        if not query.get("target"):
            raise BadRequestError("Target parameter is missing")
        hostname = query.get("hostname", "")
        if hostname and module.options.prober not in {"http", "tcp"}:
            raise BadRequestError(f"hostname says nothing to the prober {module.options.prober}")
        if hostname:
            hostname = read_hostname(hostname)
        return Asked(module=module, target=query["target"], hostname=hostname)

    def _timeout(self, scrape_timeout: str, module: Module) -> float:
        try:
            most = float(scrape_timeout) if scrape_timeout else _TIMEOUT_SECONDS
        except ValueError:
            most = -1.0
        if not isfinite(most) or most <= 0:
            raise BadRequestError(f"{scrape_timeout!r} is no scrape's timeout in seconds")
        most -= self._settings.timeout_offset_seconds
        if most <= 0:
            raise BadRequestError(
                f"a scrape's timeout of {scrape_timeout} s leaves nothing of "
                f"blackbox.timeout_offset ({self._settings.timeout_offset_seconds:g} s)",
            )
        return min(most, module.options.timeout or most)

    def _directory_of(self, view: View) -> Directory:
        """Know all names; made anew when the topology changed."""
        if self._directory is None or self._directory[0] != view.version:
            self._directory = (view.version, Directory(view.topology))
        return self._directory[1]

    async def _look(self, asked: Asked, here: Here, timeout_seconds: float) -> Record:
        directory = self._directory_of(self._view())

        def owned(name: str) -> frozenset[IPv4Address]:
            answers = directory.expected(name, here.task)
            return frozenset().union(*(answer.required | answer.allowed for answer in answers))

        allow = AllowList(self._settings.allow)
        place = Place(vantage=here.vantage, allow=allow, owned=owned)
        began = perf_counter()
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._places.acquire()
        except TimeoutError:
            most = self._settings.concurrent
            raise UnableError(f"{most} probes are under way (blackbox.concurrent)") from None
        try:
            left = timeout_seconds - (perf_counter() - began)
            return await run(asked, place, left)
        finally:
            self._places.release()

    async def _ask_there(self, there: There, scrape: Scrape, timeout_seconds: float) -> Told:
        if scrape.forwarded:
            source = scrape.query.get("source", "")
            raise UnableError(f"{source} is not on this node, but on {there.node}")
        try:
            told = await self._peers.probe(there.address, scrape.query, timeout_seconds)
        except PeerError as exc:
            raise UnableError(f"{there.node}: {exc}") from exc
        if told.status == HTTPStatus.OK:
            return told
        return Told(told.status, _PLAIN, f"the agent on {there.node} says: {told.text}")


def _refusal(status: HTTPStatus, text: str) -> Told:
    return Told(status, _PLAIN, f"{text}\n")


def _debug_text(record: Record, metrics: str, module: Module) -> str:
    return (
        f"Logs for the probe:\n{record.log_text()}\n\n\n"
        f"Metrics that would have been returned:\n{metrics}\n\n\n"
        f"Module configuration:\n{module.shown}"
    )
