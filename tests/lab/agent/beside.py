"""Which servers can stand beside a task, in its namespace? Debian's own, and three of ours.

    python -m tests.lab.agent.beside ADDRESS FOLDER

runs ours: TLS on two ports, one with a certificate that has ended, a gRPC server with the health
service, and a UDP port that answers and one that does not. The folder has the certificates.
"""

import asyncio
import contextlib
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from tests.lab.audit.broken_way import End
from tests.probes.health_server import NOT_SERVING, SERVING, health
from tests.probes.servers import serving, silent

NAME = "shop.example.org"
TLS, EXPIRED, GRPC, UDP, DEAF = 18443, 18444, 18051, 18053, 18054
REDIS, NATS, POSTGRES = 18379, 18422, 18432


@contextmanager
def running(end: End, *argv: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in the task's namespace for as long as the block lasts."""
    command = end.lab.visit_netns(end.node, end.namespace, *argv)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def ours(end: End, folder: Path) -> tuple[str, ...]:
    """Give the command for our own servers."""
    make_certificates(folder)
    return (sys.executable, "-m", __name__, str(end.address), str(folder))


def redis(end: End, folder: Path) -> tuple[str, ...]:
    """Give the command for a Redis server that wants a password and keeps nothing."""
    listening = ("--bind", str(end.address), "--port", str(REDIS))
    return ("redis-server", *listening, "--save", "", "--dir", str(folder), "--requirepass", "open")


def nats(end: End) -> tuple[str, ...]:
    """Give the command for a NATS server."""
    return ("nats-server", "--addr", str(end.address), "--port", str(NATS))


def make_certificates(folder: Path) -> None:
    """Make an authority, and two certificates of it: one to last, one that has ended."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    day = timedelta(days=1)
    now = datetime.now(UTC)
    lasting = authority.issue_cert(NAME, not_after=now + 90 * day)
    ended = authority.issue_cert(NAME, not_before=now - 30 * day, not_after=now - 2 * day)
    for name, certificate in (("lasting", lasting), ("ended", ended)):
        certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / f"{name}.pem"))


def _context(file: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


def _echo(sock: socket.socket) -> None:
    data, peer = sock.recvfrom(65_535)
    sock.sendto(data, peer)


def _bound(address: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    sock.bind((address, port))
    return sock


async def _serve(address: str, folder: Path) -> None:
    statuses = {"": SERVING, "shop.Orders": NOT_SERVING}
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        for port, handler, file in (
            (TLS, silent, "lasting.pem"),
            (EXPIRED, silent, "ended.pem"),
            (GRPC, health(statuses, []), ""),
        ):
            tls = _context(folder / file) if file else None
            await stack.enter_async_context(serving(handler, _listener(address, port), tls))
        answering = stack.enter_context(_bound(address, UDP))
        loop.add_reader(answering, _echo, answering)
        stack.enter_context(_bound(address, DEAF))
        await asyncio.Event().wait()


def _listener(address: str, port: int) -> socket.socket:
    return socket.create_server((address, port))


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], Path(sys.argv[2])))
