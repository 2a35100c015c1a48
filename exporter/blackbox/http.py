"""Does a page answer as a module of the http prober expects?"""

from contextlib import suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime
from http.cookies import CookieError, SimpleCookie
from ipaddress import IPv4Address

from aiohttp import CookieJar
from yarl import URL

from exporter.blackbox import metrics, targets
from exporter.blackbox.asked import Asked
from exporter.blackbox.errors import BadRequestError
from exporter.blackbox.http_answer import Answer, Head, Request, fetch
from exporter.blackbox.http_body import MOST_BYTES, BodyReader
from exporter.blackbox.http_judge import judge
from exporter.blackbox.place import Place
from exporter.blackbox.record import Record
from exporter.blackbox.targets import Url
from exporter.blackbox.tls import record_connection
from probes.phases import Phases

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: These make a GET of whatever was sent (RFC 9110, section 15.4), as Go does it.
_BECOME_GET = frozenset({301, 302, 303})
#: As Go's client.
_MOST_REDIRECTS = 10
#: Whoever a redirect leads to is not told what was meant for the target.
_NOT_FOR_OTHERS = frozenset({"authorization", "cookie", "www-authenticate"})
#: blackbox_exporter's names of our phases.
_PHASES = {"connect": "connect", "tls": "tls", "first_byte": "processing", "transfer": "transfer"}


async def probe(asked: Asked, place: Place, record: Record) -> None:
    """Request the page, follow redirects, and judge the last answer."""
    _begin(record)
    url = targets.read_url(asked.target)
    address = await place.first_address(url.host, record)
    lookup = record.samples[metrics.LOOKUP_SECONDS][()]
    record.set(metrics.HTTP_SECONDS, lookup, "resolve")
    for name in _PHASES.values():
        record.set(metrics.HTTP_SECONDS, 0, name)
    visit = _Visit(asked, place, record)
    try:
        answer = await visit.run(_first_request(asked, url), address)
    finally:
        visit.record_phases()
    _record_answer(answer, record)
    judge(answer, asked.module.options.http, record)


def _begin(record: Record) -> None:
    for spec in (
        metrics.REGEX_FAILED,
        metrics.HTTP_LENGTH,
        metrics.HTTP_BODY,
        metrics.HTTP_REDIRECTS,
        metrics.HTTP_TLS,
        metrics.HTTP_STATUS,
        metrics.HTTP_VERSION,
    ):
        record.set(spec, 0)
    record.set(metrics.HTTP_SECONDS, 0, "resolve")


def _first_request(asked: Asked, url: Url) -> Request:
    module = asked.module
    options = module.options.http
    named = next((value for name, value in module.headers if name.lower() == "host"), "")
    if asked.hostname and named not in {"", asked.hostname}:
        raise BadRequestError(
            f"the module sends the Host header {named!r}, and hostname={asked.hostname!r} another",
        )
    host = asked.hostname or named
    headers = [item for item in module.headers if item[0].lower() != "host"]
    if module.authorization:
        headers.append(("Authorization", module.authorization))
    if "user-agent" not in {name.lower() for name, _ in headers}:
        headers.append(("User-Agent", "swarmscope"))
    return Request(
        url=url,
        method=options.method,
        host=host or url.authority,
        server_name=options.tls_config.server_name or host.partition(":")[0] or url.host,
        headers=tuple(headers),
        body=module.body,
        tls=module.tls,
    )


class _Visit:
    """One target's answer, and what leads to it."""

    def __init__(self, asked: Asked, place: Place, record: Record) -> None:
        self._options = asked.module.options.http
        self._place = place
        self._record = record
        self._phases = Phases()
        self._cookies = CookieJar(unsafe=True)  # which takes cookies of mere addresses, too
        compression = self._options.compression or ""
        limit = self._options.body_size_limit or MOST_BYTES
        self._reader = BodyReader(compression=compression, most_bytes=limit)

    async def run(self, request: Request, address: IPv4Address) -> Answer:
        """Follow redirects to the last answer, or to one that is not to be followed."""
        redirects = 0
        while True:
            self._record.info("Making HTTP request", url=request.url, host=request.host)
            answer = await fetch(
                self._with_cookies(request),
                address,
                self._place,
                self._phases,
                reader=self._reader,
                wanted=lambda head: not _location(head),
            )
            self._record.info("Received HTTP response", status_code=answer.head.status)
            location = _location(answer.head)
            if not location:
                return answer
            redirects += 1
            self._record.set(metrics.HTTP_REDIRECTS, redirects)
            if redirects > _MOST_REDIRECTS or not self._options.follow_redirects:
                self._record.info("Not following redirect", location=location)
                return answer
            self._record.info("Following redirect", location=location)
            self._keep_cookies(request, answer.head)
            request, address = await self._follow(request, address, answer.head.status, location)

    async def _follow(
        self, request: Request, address: IPv4Address, status: int, location: str
    ) -> tuple[Request, IPv4Address]:
        url = targets.followed(request.url, location)
        if status in _BECOME_GET and request.method not in {"GET", "HEAD"}:
            request = replace(request, method="GET", body=b"")
        if url.host == request.url.host:
            # A redirect that only says what, keeps the header that says where.
            host = url.authority if "//" in location.partition("?")[0] else request.host
            return replace(request, url=url, host=host), address
        with self._phases.timed("resolve"):
            address = await self._place.address_of(url.host)
        headers = tuple(item for item in request.headers if item[0].lower() not in _NOT_FOR_OTHERS)
        elsewhere = replace(
            request, url=url, host=url.authority, server_name=url.host, headers=headers
        )
        return elsewhere, address

    def _with_cookies(self, request: Request) -> Request:
        kept = self._cookies.filter_cookies(URL(str(request.url)))
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in kept.items())
        if not cookies or not (cookies.isascii() and cookies.isprintable()):
            return request
        return replace(request, headers=(*request.headers, ("Cookie", cookies)))

    def _keep_cookies(self, request: Request, head: Head) -> None:
        for value in head.values("Set-Cookie"):
            try:
                self._cookies.update_cookies(SimpleCookie(value), URL(str(request.url)))
            except CookieError:
                self._record.info("Ignoring a cookie that makes no sense")

    def record_phases(self) -> None:
        """Record how long each phase took, also when the last did not end."""
        for phase in self._phases.recorded():
            name = _PHASES.get(phase.name, phase.name)
            self._record.add(metrics.HTTP_SECONDS, phase.seconds, name)


def _location(head: Head) -> str:
    """Tell where a redirect leads to; "" for any other answer."""
    return next(iter(head.values("Location")), "") if head.status in _REDIRECTS else ""


def _record_answer(answer: Answer, record: Record) -> None:
    record.set(metrics.HTTP_STATUS, answer.head.status)
    record.set(metrics.HTTP_VERSION, float(answer.head.version))
    record.set(metrics.HTTP_LENGTH, answer.head.length)
    record.set(metrics.HTTP_BODY, answer.body.length if answer.body else 0)
    if answer.secure:
        record.set(metrics.HTTP_TLS, 1)
        record_connection(answer.secure, record)
    for modified in answer.head.values("Last-Modified")[:1]:
        with suppress(ValueError, TypeError, OverflowError):  # a time that makes no sense is none
            record.set(metrics.HTTP_MODIFIED, parsedate_to_datetime(modified).timestamp())
