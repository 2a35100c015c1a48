"""What is probed in these tests? Real servers on loopback, gone with their block."""

import asyncio
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import trustme
from aiohttp import web

from tests.exporter.blackbox.http2_server import Http2Server
from tests.probes.servers import closing, listener, resolving, serving, silent

ZONE = {
    ("example.test.", "A"): ("192.0.2.1", "192.0.2.2"),
    ("example.test.", "SOA"): ("ns.example.test. mail.example.test. 2026112801 1 2 3 4",),
    ("example.test.", "TXT"): ('"one two"',),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """An authority, and servers' certificates of all sorts."""

    authority: trustme.CA
    good: trustme.LeafCert
    expired: trustme.LeafCert
    misnamed: trustme.LeafCert
    #: Of an authority that nobody trusts.
    strange: trustme.LeafCert


def make_certificates() -> Certificates:
    """Make them anew."""
    authority = trustme.CA()
    before, after = datetime(2019, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)
    return Certificates(
        authority=authority,
        good=authority.issue_cert("localhost", "127.0.0.1"),
        expired=authority.issue_cert("127.0.0.1", not_before=before, not_after=after),
        misnamed=authority.issue_cert("elsewhere.test"),
        strange=trustme.CA().issue_cert("localhost", "127.0.0.1"),
    )


def server_context(certificate: trustme.LeafCert, *alpn: str) -> ssl.SSLContext:
    """Make a server's settings."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


async def _page(_: web.Request) -> web.Response:
    headers = {"X-Version": "7", "Last-Modified": "Sat, 28 Nov 2026 10:00:00 GMT"}
    return web.Response(text="all is fine", headers=headers)


async def _status(request: web.Request) -> web.Response:
    return web.Response(status=int(request.match_info["code"]), text="as asked")


async def _redirect(_: web.Request) -> web.Response:
    raise web.HTTPFound("/")


async def _loop(_: web.Request) -> web.Response:
    raise web.HTTPFound("/loop")


async def _to(request: web.Request) -> web.Response:
    raise web.HTTPFound(request.query["url"])


async def _login(request: web.Request) -> web.Response:
    """Let in who comes back with the cookie."""
    if request.cookies.get("seen") == "yes":
        return web.Response(text="welcome")
    answer = web.HTTPFound("/login")
    answer.set_cookie("seen", "yes")
    raise answer


async def _echo(request: web.Request) -> web.Response:
    headers = request.headers
    told = (
        f"{request.method} {request.host} {headers.get('Authorization', 'nobody')} "
        f"{headers.get('X-Key', 'no key')} {await request.text()}"
    )
    return web.Response(text=told)


async def _chunked(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    answer.enable_chunked_encoding()
    await answer.prepare(request)
    await answer.write(b"in ")
    await answer.write(b"pieces")
    await answer.write_eof()
    return answer


async def _gzip(_: web.Request) -> web.Response:
    return web.Response(body=gzip.compress(b"packed " * 10), headers={"Content-Encoding": "gzip"})


async def _large(request: web.Request) -> web.Response:
    body = b"0123456789abcdef" * 64 * 1024 * 3
    return web.Response(body=gzip.compress(body) if "pack" in request.query else body)


async def _slow(_: web.Request) -> web.Response:
    await asyncio.sleep(30)
    return web.Response()


def make_pages() -> web.Application:
    """Make a site with good, bad and slow pages."""
    app = web.Application()
    app.add_routes(
        [
            web.route("*", "/", _page),
            web.get("/status/{code}", _status),
            web.get("/redirect", _redirect),
            web.get("/loop", _loop),
            web.get("/to", _to),
            web.get("/login", _login),
            web.route("*", "/echo", _echo),
            web.get("/chunked", _chunked),
            web.get("/gzip", _gzip),
            web.get("/large", _large),
            web.get("/slow", _slow),
        ],
    )
    return app


async def _banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"* wait\r\n+OK ready 4.2\r\n")
    said = await reader.readline()
    writer.write(b"got " + said)
    await writer.drain()
    await reader.read()


async def _brief(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"goodbye\r\n")
    await writer.drain()


def _starting_tls(context: ssl.SSLContext) -> object:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail ready\r\n")
        while (await reader.readline()).strip() != b"STARTTLS":
            writer.write(b"250 STARTTLS\r\n")
        writer.write(b"220 go ahead\r\n")
        await writer.drain()
        await writer.start_tls(context)
        writer.write(b"250 over " + (await reader.readline()).strip() + b"\r\n")
        await writer.drain()
        await reader.read()

    return handle


def respond(query: dns.message.Message) -> dns.message.Message | None:
    """Answer from the zone; some names are broken."""
    asked = query.question[0]
    name, kind = asked.name.to_text(), dns.rdatatype.to_text(asked.rdtype)
    reply = dns.message.make_response(query)
    if name == "silent.test.":
        return None
    if name == "broken.test.":
        reply.set_rcode(dns.rcode.SERVFAIL)
    elif (name, kind) in ZONE:
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *ZONE[name, kind]))
        reply.authority.append(dns.rrset.from_text("test.", 60, "IN", "NS", "ns.example.test."))
        glue = dns.rrset.from_text("ns.example.test.", 60, "IN", "A", "192.0.2.53")
        reply.additional.append(glue)
    else:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply


async def _dns_over_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    (length,) = struct.unpack("!H", await reader.readexactly(2))
    reply = respond(dns.message.from_wire(await reader.readexactly(length)))
    if reply:
        wire = reply.to_wire()
        writer.write(struct.pack("!H", len(wire)) + wire)
        await writer.drain()
    await reader.read()


def _garbage(_: dns.message.Message) -> bytes:
    return b"\0\0no message"


def _on_one_port() -> tuple[socket.socket, socket.socket]:
    """Find a port that is free over UDP and over TCP."""
    while True:
        over_tcp = listener()
        over_udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            over_udp.bind(over_tcp.getsockname())
        except OSError:
            over_udp.close()
            over_tcp.close()
        else:
            return over_udp, over_tcp


@asynccontextmanager
async def running(certificates: Certificates) -> AsyncIterator[dict[str, int]]:
    """Start all of them; yields their ports by name."""
    ports = {}
    async with AsyncExitStack() as stack:
        # Whoever is slow is not waited for.
        runner = web.AppRunner(make_pages(), handler_cancellation=True, shutdown_timeout=0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        contexts = {
            "http": None,
            "https": server_context(certificates.good),
            "expired": server_context(certificates.expired),
            "misnamed": server_context(certificates.misnamed),
            "strange": server_context(certificates.strange),
        }
        for name, context in contexts.items():
            sock = listener()
            ports[name] = sock.getsockname()[1]
            await web.SockSite(runner, sock, ssl_context=context).start()
        mail = _starting_tls(contexts["https"])  # type: ignore[arg-type]
        handlers = {"banner": _banner, "mail": mail, "silent": silent, "closing": closing}
        handlers["brief"] = _brief
        for name, handler in handlers.items():
            ports[name] = await stack.enter_async_context(serving(handler))  # type: ignore[arg-type]
        over_udp, over_tcp = _on_one_port()
        ports["dns"] = await stack.enter_async_context(resolving(respond, over_udp))
        await stack.enter_async_context(serving(_dns_over_tcp, over_tcp))
        tls = contexts["https"]
        ports["dns_tls"] = await stack.enter_async_context(serving(_dns_over_tcp, tls=tls))
        ports["garbage"] = await stack.enter_async_context(resolving(_garbage))
        secure = server_context(certificates.good, "h2")
        for name, context in (("grpc", None), ("grpc_tls", secure)):
            handle = Http2Server().serve
            ports[name] = await stack.enter_async_context(serving(handle, tls=context))
        with listener() as unheard:
            ports["closed"] = unheard.getsockname()[1]
        yield ports
