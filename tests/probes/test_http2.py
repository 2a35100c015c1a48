"""HTTP/2 with a peer that speaks it well, badly, or not at all."""

import asyncio
import socket
from collections.abc import Callable, Sequence

import h2.config
import h2.connection
import h2.events
import pytest

from probes.errors import BadReplyError, CouldNotLookError, ResetError
from probes.http2 import Header, Http2, status_of
from probes.phases import Phases
from probes.stream import PlainStream
from tests.probes.servers import Handler, closing, serving

HEAD = [
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":authority", b"a.test"),
    (b":path", b"/"),
]
Answer = Callable[[h2.connection.H2Connection, int, bytes], None]


def speaking(answer: Answer) -> Handler:
    """Read one request, and answer it."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        config = h2.config.H2Configuration(client_side=False, header_encoding=None)
        peer = h2.connection.H2Connection(config)
        peer.initiate_connection()
        body = bytearray()
        while True:
            writer.write(peer.data_to_send())
            await writer.drain()
            data = await reader.read(65536)
            if not data:
                return
            for event in peer.receive_data(data):
                if isinstance(event, h2.events.DataReceived):
                    body += event.data
                    peer.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    answer(peer, event.stream_id, bytes(body))

    return handle


async def asked(
    port: int, body: bytes = b"", head: Sequence[Header] = HEAD
) -> tuple[tuple[Header, ...], bytes, Http2]:
    """Ask once; give the head, the body, and how it was asked."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as sock:
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        exchange = Http2(PlainStream(sock))
        answered = await exchange.ask(head, body, Phases())
        return answered, b"".join([chunk async for chunk in exchange.chunks()]), exchange


def _echo(peer: h2.connection.H2Connection, stream: int, body: bytes) -> None:
    peer.send_headers(stream, [(b":status", b"200"), (b"x-length", str(len(body)).encode())])
    peer.send_data(stream, body[:16384])
    peer.send_headers(stream, [(b"x-end", b"yes")], end_stream=True)


@pytest.mark.parametrize("size", [0, 5, 200_000])
async def test_a_request_of_any_size_is_answered(size: int) -> None:
    """A large one goes in pieces, as the peer makes room."""
    async with serving(speaking(_echo)) as port:
        head, body, exchange = await asked(port, b"a" * size)

    assert status_of(head) == 200
    assert dict(head)[b"x-length"] == str(size).encode()
    assert body == b"a" * min(size, 16384)
    assert exchange.complete
    assert exchange.trailers == ((b"x-end", b"yes"),)


def _reset(peer: h2.connection.H2Connection, stream: int, _: bytes) -> None:
    peer.reset_stream(stream, 7)


def _go_away(peer: h2.connection.H2Connection, _: int, __: bytes) -> None:
    peer.close_connection(2)


@pytest.mark.parametrize("answer", [_reset, _go_away])
async def test_a_peer_that_breaks_off_is_told(answer: Answer) -> None:
    """Whether it ends the stream or the connection."""
    async with serving(speaking(answer)) as port:
        with pytest.raises(ResetError):
            await asked(port)


async def _other_protocol(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1024)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)
    await writer.drain()
    await reader.read()


@pytest.mark.parametrize("handler", [_other_protocol, closing])
async def test_what_is_not_http2_is_told(handler: Handler) -> None:
    """As bytes that make no sense, or as none."""
    async with serving(handler) as port:
        with pytest.raises(BadReplyError):
            await asked(port)


@pytest.mark.parametrize("status", [b"", b"20", b"2000", b"abc"])
def test_a_status_that_is_none_is_told(status: bytes) -> None:
    """Rather than taken for a bug of ours."""
    with pytest.raises(BadReplyError):
        status_of([(b":status", status)])


async def test_headers_that_cannot_be_sent_are_ours() -> None:
    """Nothing is said about the peer then."""
    late = [(b"x-early", b"a"), *HEAD]
    async with serving(speaking(_echo)) as port:
        with pytest.raises(CouldNotLookError, match="no request can be made"):
            await asked(port, head=late)
