"""Is what a gRPC server says of its health understood, and what is no gRPC told?"""

import asyncio
import ssl
from collections.abc import Mapping

import h2.config
import h2.connection
import h2.events
import pytest
import trustme

from probes.model.probe import GrpcLook
from probes.model.result import Outcome, Result
from tests.probes.looking import LOOPBACK, look_once
from tests.probes.servers import Handler, closing, saying, serving, silent

SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"


def _health(statuses: Mapping[str, bytes], asked: list[Mapping[str, str]]) -> Handler:
    """Serve `grpc.health.v1.Health`; who is not in *statuses* is not found."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        http.initiate_connection()
        writer.write(http.data_to_send())
        body = b""
        while data := await reader.read(4096):
            for event in http.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    asked.append({str(key): str(value) for key, value in event.headers or ()})
                elif isinstance(event, h2.events.DataReceived):
                    body += event.data or b""
                elif isinstance(event, h2.events.StreamEnded):
                    _answer(http, statuses, body)
            writer.write(http.data_to_send())

    return handle


def _answer(http: h2.connection.H2Connection, statuses: Mapping[str, bytes], body: bytes) -> None:
    assert body[0] == 0
    assert int.from_bytes(body[1:5]) == len(body) - 5
    message = body[5:]
    service = message[2:].decode() if message else ""
    assert message[:1] in {b"", b"\x0a"}
    assert len(service.encode()) == (message[1] if message else 0)
    head = [(":status", "200"), ("content-type", "application/grpc")]
    if service not in statuses:
        trailers = [*head, ("grpc-status", "5"), ("grpc-message", "unknown service")]
        http.send_headers(1, trailers, end_stream=True)
        return
    answer = statuses[service]
    http.send_headers(1, head)
    http.send_data(1, b"\0" + len(answer).to_bytes(4) + answer)
    http.send_headers(1, [("grpc-status", "0")], end_stream=True)


async def _look(port: int, service: str = "", timeout: float = 5.0, **fields: str | bool) -> Result:
    look = GrpcLook(address=LOOPBACK, port=port, service=service, **fields)  # type: ignore[arg-type]
    return await look_once(look, timeout=timeout)


async def test_a_server_that_serves_is_ok() -> None:
    """The server, and a service of it, asked for by the method's full name."""
    asked: list[Mapping[str, str]] = []
    async with serving(_health({"": SERVING, "shop.Orders": SERVING}, asked)) as port:
        whole, one = await _look(port), await _look(port, "shop.Orders")

    assert (whole.outcome, one.outcome) == (Outcome.OK, Outcome.OK)
    assert dict(whole.observed.told) == {"health": "SERVING"}
    assert {item[":path"] for item in asked} == {"/grpc.health.v1.Health/Check"}
    assert {item["te"] for item in asked} == {"trailers"}


async def test_a_server_that_does_not_serve_says_so() -> None:
    """It does not serve, serves another, or has no status: 0, which protobuf leaves out."""
    async with serving(_health({"": NOT_SERVING, "shop.Orders": b""}, [])) as port:
        whole, one = await _look(port), await _look(port, "shop.Orders")
        other = await _look(port, "shop.Nobody")

    assert {item.outcome for item in (whole, one, other)} == {Outcome.NOT_READY}
    assert whole.detail == "the server says NOT_SERVING"
    assert one.detail == "shop.Orders says UNKNOWN"
    assert other.detail == "no health from the server: it does not know this service"


async def test_over_tls_http_2_is_agreed_on(authority: trustme.CA) -> None:
    """By ALPN, as servers want it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["h2"])
    authority.issue_cert("api.example").configure_cert(context)
    async with serving(_health({"": SERVING}, []), tls=context) as port:
        result = await _look(port, host="api.example", tls=True)

    assert (result.outcome, result.detail) == (Outcome.OK, "")
    assert [phase.name for phase in result.phases] == ["connect", "tls", "answer"]
    assert result.observed.certificate_expires_at is not None


async def _http1(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize(
    ("handler", "outcome", "detail"),
    [
        (_http1, Outcome.BAD_REPLY, "the answer is not HTTP/2"),
        (closing, Outcome.BAD_REPLY, "the server closed the connection in the middle"),
        (saying(b"\x00\x00"), Outcome.BAD_REPLY, "the server closed the connection in the middle"),
        (silent, Outcome.TIMEOUT, "no answer within 0.5 s (step: answer)"),
    ],
)
async def test_what_is_no_grpc_is_told(handler: Handler, outcome: Outcome, detail: str) -> None:
    """By what comes back, or does not."""
    async with serving(handler) as port:
        result = await _look(port, timeout=0.5)

    assert result.outcome is outcome
    assert result.detail.startswith(detail)
