"""What do looks meet in tests? Real servers, gone with the block that started them."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import dns.message
import dns.rcode
import dns.rrset

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Responder = Callable[[dns.message.Message], dns.message.Message | bytes | None]

_RESET_ON_CLOSE = struct.pack("@ii", 1, 0)


def listener() -> socket.socket:
    """Open a TCP socket that listens on loopback, on a free port."""
    return socket.create_server(("127.0.0.1", 0))


@asynccontextmanager
async def serving(
    handler: Handler,
    sock: socket.socket | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """Serve connections with *handler*; yields the port."""
    under_way: set[asyncio.Task[None] | None] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way.add(asyncio.current_task())
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await handler(reader, writer)
                writer.close()
                await writer.wait_closed()
        finally:
            writer.transport.abort()

    sock = sock or listener()
    server = await asyncio.start_server(handle, sock=sock, ssl=tls)
    try:
        yield sock.getsockname()[1]
    finally:
        server.close()
        tasks = [task for task in under_way if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # aborted transports close in the loop's next turn


def answering(*answers: bytes) -> Handler:
    """Read one request per connection and give the next answer; the last one again and again."""
    waiting = list(answers)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(waiting.pop(0) if len(waiting) > 1 else waiting[0])
        await writer.drain()

    return handle


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the request and drop the connection."""
    await reader.readuntil(b"\r\n\r\n")
    peer = writer.get_extra_info("socket")
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take everything and answer nothing."""
    del writer
    while await reader.read(1024):
        pass


async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take something and close without an answer."""
    del writer
    await reader.read(1024)


def saying(data: bytes) -> Handler:
    """Say *data* without being asked, and close: half an answer, or another protocol's."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        writer.write_eof()
        await silent(reader, writer)

    return handle


@asynccontextmanager
async def resolving(respond: Responder, sock: socket.socket | None = None) -> AsyncIterator[int]:
    """Answer DNS queries over UDP with what *respond* makes of them; yields the port."""
    if sock is None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        sock.bind(("127.0.0.1", 0))

    def answer(sock: socket.socket) -> None:
        data, asker = sock.recvfrom(65535)
        reply = respond(dns.message.from_wire(data))
        if reply is not None:
            sock.sendto(reply if isinstance(reply, bytes) else reply.to_wire(), asker)

    with sock:
        loop = asyncio.get_running_loop()
        loop.add_reader(sock, answer, sock)
        try:
            yield sock.getsockname()[1]
        finally:
            loop.remove_reader(sock)


def records(*lines: str) -> Responder:
    """Answer every query with *lines*, each "NAME TTL CLASS TYPE DATA"."""

    def respond(query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query)
        for line in lines:
            name, *rest = line.split()
            reply.answer.append(dns.rrset.from_text(name, *rest))  # type: ignore[arg-type]
        return reply

    return respond


def code(value: dns.rcode.Rcode) -> Responder:
    """Answer every query with a response code alone."""

    def respond(query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query)
        reply.set_rcode(value)
        return reply

    return respond
