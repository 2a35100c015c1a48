"""Is what a gRPC server says of its health understood, and what is no gRPC told?"""

import asyncio
import ssl
from collections.abc import Mapping

import pytest
import trustme

from probes.model.probe import GrpcLook
from probes.model.result import Outcome, Result
from tests.probes.health_server import NOT_SERVING, SERVING, health
from tests.probes.looking import LOOPBACK, look_once
from tests.probes.servers import Handler, closing, saying, serving, silent


async def _look(port: int, service: str = "", timeout: float = 5.0, **fields: str | bool) -> Result:
    look = GrpcLook(address=LOOPBACK, port=port, service=service, **fields)  # type: ignore[arg-type]
    return await look_once(look, timeout=timeout)


async def test_a_server_that_serves_is_ok() -> None:
    """The server, and a service of it, asked for by the method's full name."""
    asked: list[Mapping[str, str]] = []
    async with serving(health({"": SERVING, "shop.Orders": SERVING}, asked)) as port:
        whole, one = await _look(port), await _look(port, "shop.Orders")

    assert (whole.outcome, one.outcome) == (Outcome.OK, Outcome.OK)
    assert dict(whole.observed.told) == {"health": "SERVING"}
    assert {item[":path"] for item in asked} == {"/grpc.health.v1.Health/Check"}
    assert {item["te"] for item in asked} == {"trailers"}


async def test_a_server_that_does_not_serve_says_so() -> None:
    """It does not serve, serves another, or has no status: 0, which protobuf leaves out."""
    async with serving(health({"": NOT_SERVING, "shop.Orders": b""}, [])) as port:
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
    async with serving(health({"": SERVING}, []), tls=context) as port:
        result = await _look(port, host="api.example", tls=True)

    assert (result.outcome, result.detail) == (Outcome.OK, "")
    assert [phase.name for phase in result.phases] == ["connect", "tls", "first_byte"]
    assert result.observed.certificate_expires_at is not None


async def _http1(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize(
    ("handler", "outcome", "detail"),
    [
        (_http1, Outcome.BAD_REPLY, "the answer is not HTTP/2"),
        (closing, Outcome.BAD_REPLY, "the connection was closed without an answer"),
        (saying(b"\x00\x00"), Outcome.BAD_REPLY, "the connection was closed without an answer"),
        (silent, Outcome.TIMEOUT, "no answer within 0.5 s (step: first_byte)"),
    ],
)
async def test_what_is_no_grpc_is_told(handler: Handler, outcome: Outcome, detail: str) -> None:
    """By what comes back, or does not."""
    async with serving(handler) as port:
        result = await _look(port, timeout=0.5)

    assert result.outcome is outcome
    assert result.detail.startswith(detail)
