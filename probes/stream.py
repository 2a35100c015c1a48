"""How are bytes exchanged over one connection, plain or TLS?

asyncio's own transports would outlive a cancelled look; a socket that we hold closes at once.
"""

import asyncio
import socket
import ssl
import struct
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from ipaddress import IPv4Address
from typing import Any, Protocol, TypeVar

from probes import certificates
from probes.errnos import translated
from probes.errors import TlsError
from probes.phases import Phases
from probes.shown import shown

#: `tcpi_rtt` in `struct tcp_info` (include/uapi/linux/tcp.h), in microseconds.
_RTT = struct.Struct("=68xI")
_CHUNK_BYTES = 16 * 1024
#: What OpenSSL says of bytes that are no TLS record, by version.
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"})

_T = TypeVar("_T")


async def connect(sock: socket.socket, address: IPv4Address, port: int, phases: Phases) -> None:
    """Connect, as phase "connect". Raises LookError."""
    with phases.timed("connect"), translated(f"{address}:{port}"):
        await asyncio.get_running_loop().sock_connect(sock, (str(address), port))


def rtt_seconds(sock: socket.socket) -> float:
    """Read the kernel's own measure of the round trip, taken from SYN and SYN-ACK."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _RTT.size)
    microseconds: int = _RTT.unpack(info)[0]
    return microseconds / 1e6


class Stream(Protocol):
    """A connection's two directions; both raise OSError, and TlsError where there is TLS."""

    async def send(self, data: bytes) -> None: ...

    async def receive(self, most_bytes: int) -> bytes: ...


class PlainStream:
    """Bytes as they are."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()

    async def send(self, data: bytes) -> None:
        """Send all of *data*."""
        await self._loop.sock_sendall(self._sock, data)

    async def receive(self, most_bytes: int) -> bytes:
        """Wait for some bytes; none at the end of the stream."""
        return await self._loop.sock_recv(self._sock, most_bytes)


class TlsStream:
    """Bytes through TLS; `handshake` comes first."""

    def __init__(self, sock: socket.socket, host: str, context: ssl.SSLContext) -> None:
        self._plain = PlainStream(sock)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_hostname=host,
        )

    async def handshake(self) -> None:
        """Agree on keys and, unless told not to verify, on who the peer is."""
        await self._drive(self._tls.do_handshake)

    def certificate_expires_at(self) -> float | None:
        """Read the peer's certificate, verified or not: Unix seconds at which it ends, if known."""
        # The ssl module decodes verified ones only.
        certificate = self._tls.getpeercert(binary_form=True)
        return None if certificate is None else certificates.expires_at(certificate)

    def chain(self) -> tuple[bytes, ...]:
        """Give the certificates that the peer showed, DER, its own first."""
        # Public since Python 3.13; before, the object behind it has the same.
        if sys.version_info >= (3, 13):
            return tuple(self._tls.get_unverified_chain())
        return _as_der(self._tls._sslobj.get_unverified_chain())  # type: ignore[attr-defined]  # noqa: SLF001

    def shown_chain(self) -> tuple[bytes, ...]:
        """Give the same also where the handshake came to nothing, of a `watching_context` alone."""
        return shown(self._tls)

    def verified_chain(self) -> tuple[bytes, ...]:
        """Give those from its own to the trusted one, DER; none where nobody verified."""
        if self._tls.context.verify_mode is ssl.CERT_NONE:
            return ()
        if sys.version_info >= (3, 13):
            return tuple(self._tls.get_verified_chain())
        return _as_der(self._tls._sslobj.get_verified_chain())  # type: ignore[attr-defined]  # noqa: SLF001

    def protocol(self) -> str:
        """Name the protocol that was agreed on inside of TLS (ALPN); "" for none."""
        return self._tls.selected_alpn_protocol() or ""

    def agreed(self) -> tuple[str, str]:
        """Name the version of TLS, and the cipher; "" for both before the handshake's end."""
        cipher = self._tls.cipher()
        return (self._tls.version() or "", cipher[0]) if cipher else ("", "")

    async def send(self, data: bytes) -> None:
        """Send all of *data*."""
        await self._drive(lambda: self._tls.write(data))

    async def receive(self, most_bytes: int) -> bytes:
        """Wait for some bytes; none at the end of the stream."""
        return await self._drive(lambda: self._read(most_bytes))

    def _read(self, most_bytes: int) -> bytes:
        try:
            return self._tls.read(most_bytes)
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""  # many servers close without saying so; HTTP knows where a message ends

    async def _drive(self, step: Callable[[], _T]) -> _T:
        """Carry records to and fro until *step* has what it needs."""
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._plain.receive(_CHUNK_BYTES)
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            except ssl.SSLError as exc:
                with suppress(OSError):
                    await self._flush()  # the alert that tells the peer why
                raise TlsError(_why(exc)) from exc
            else:
                await self._flush()
                return done

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._plain.send(self._outgoing.read())


def _as_der(chain: Iterable[Any] | None) -> tuple[bytes, ...]:
    return tuple(ssl.PEM_cert_to_DER_cert(item.public_bytes()) for item in chain or ())


def _why(exc: ssl.SSLError) -> str:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"the certificate is not valid: {exc.verify_message}"
    if isinstance(
        exc, ssl.SSLEOFError | ssl.SSLZeroReturnError
    ):  # which of them depends on OpenSSL
        return "the peer closed the connection in the middle of TLS"
    if exc.reason in _NOT_TLS:
        return f"the peer does not speak TLS ({exc.reason})"
    return f"TLS failed: {exc.reason or exc}"


@cache
def tls_context(*, verify: bool) -> ssl.SSLContext:
    """Make the settings of TLS, once: reading the machine's authorities takes over 10 ms.

    OpenSSL's variables SSL_CERT_FILE and SSL_CERT_DIR name other authorities.
    """
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
