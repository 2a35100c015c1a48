"""How does a person write what to look at?"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address
from urllib.parse import urlsplit

from probes.addresses import parse_address
from probes.looks.errors import UsageError

_LAST_PORT = 65535
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """An HTTP URL, taken apart."""

    host: str
    port: int
    #: With its query.
    path: str
    tls: bool
    #: The `Host` header: what was typed, or "" for a mere address.
    header: str


def parse_host(text: str) -> str:
    """Read a name or an IPv4 address; UsageError for anything else."""
    if not _NAME.fullmatch(text):
        raise UsageError(f"{text!r} is no name and no IPv4 address")
    return text


def parse_host_port(text: str) -> tuple[str, int]:
    """Read HOST:PORT."""
    host, colon, port = text.rpartition(":")
    if not colon:
        raise UsageError(f"{text!r} has no port: write HOST:PORT, such as api:8080")
    return parse_host(host), _port(port)


def parse_url(text: str) -> Url:
    """Read http[s]://HOST[:PORT][/PATH]."""
    example = "write http[s]://HOST[:PORT]/PATH, such as http://api:8080/healthz"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as exc:
        raise UsageError(f"{text!r}: {exc}; {example}") from exc
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        raise UsageError(f"{text!r} is no URL that can be looked at: {example}")
    host = parse_host(parts.hostname)
    return Url(
        host=host,
        port=_DEFAULT_PORTS[parts.scheme] if port is None else _port(str(port)),
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        tls=parts.scheme == "https",
        header="" if parse_address(host) else parts.netloc,
    )


def parse_server(text: str) -> tuple[IPv4Address, int]:
    """Read ADDRESS[:PORT] of a DNS server."""
    host, colon, port = text.partition(":")
    address = parse_address(host)
    if address is None:
        raise UsageError(f"{text!r} is no IPv4 address, which a DNS server is named by")
    return address, _port(port) if colon else 53


def parse_bytes(text: str) -> bytes:
    """Read text, or hexadecimal digits after "0x"."""
    if not text.startswith("0x"):
        return text.encode()
    try:
        return bytes.fromhex(text[2:])
    except ValueError:
        raise UsageError(f"{text!r} is no even number of hexadecimal digits") from None


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= _LAST_PORT:
        raise UsageError(f"{text!r} is no port from 1 to {_LAST_PORT}")
    return int(text)
