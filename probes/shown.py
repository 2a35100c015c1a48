"""Which certificates did a peer show, also when TLS came to nothing?

OpenSSL forgets the chain of a peer that it does not trust. It hands every message of a handshake to
a callback first, deciphered, and the one with the certificates is kept here.
"""

import ssl
from functools import cache
from weakref import WeakKeyDictionary

from probes.errors import CouldNotLookError

#: RFC 8446, section 4: the type of the message, before its three bytes of length.
_CERTIFICATE = 11
_HEAD_BYTES = 4
_LENGTH_BYTES = 3

_messages: WeakKeyDictionary[ssl.SSLObject, bytes] = WeakKeyDictionary()


@cache
def watching_context(
    *, verify: bool, authorities_file: str = "", protocols: tuple[str, ...] = ()
) -> ssl.SSLContext:
    """Make settings of TLS that keep what peers show; *protocols* are offered by ALPN.

    Raises CouldNotLookError when the file of authorities cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=authorities_file or None)
    except OSError as exc:  # an SSLError is one
        why = exc.strerror or "it holds no certificate in PEM"
        if isinstance(exc, ssl.SSLError):
            why = "it holds no certificate in PEM"
        raise CouldNotLookError(f"the authorities in {authorities_file}: {why}") from exc
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(list(protocols))
    # Not documented, but there since Python 3.8: nothing else tells of a chain that failed.
    context._msg_callback = _keep  # type: ignore[attr-defined]  # noqa: SLF001
    return context


def shown(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """Give the certificates that the peer showed, as DER, its own first; none before it did."""
    return tuple(_certificates(_messages.get(tls, b"")[_HEAD_BYTES:]))


def _keep(  # the signature is the ssl module's
    tls: ssl.SSLObject,
    direction: str,
    _version: int,
    _content: int,
    message: int,
    data: bytes,
) -> None:
    if direction == "read" and message == _CERTIFICATE:
        _messages[tls] = data


def _certificates(body: bytes) -> list[bytes]:
    """Take the message apart; RFC 5246, 7.4.2, and RFC 8446, 4.4.2."""
    # Up to TLS 1.2, a list of certificates; later, a context, and a list of those with extensions.
    listed = _length(body) == len(body) - _LENGTH_BYTES
    context_bytes = 0 if listed else 1 + sum(body[:1])
    rest = body[context_bytes + _LENGTH_BYTES :]
    found = []
    while len(rest) > _LENGTH_BYTES:
        end = _LENGTH_BYTES + _length(rest)
        found.append(rest[_LENGTH_BYTES:end])
        if not listed:
            end += 2 + int.from_bytes(rest[end : end + 2])
        rest = rest[end:]
    return found


def _length(data: bytes) -> int:
    return int.from_bytes(data[:_LENGTH_BYTES])
