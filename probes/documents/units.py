"""How does a person write a duration, a size, an address, a URL or a path?

Every function takes what YAML gave and returns the value, or raises a ValueError whose message says
what is allowed: pydantic reports these with the key.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from types import MappingProxyType
from typing import Final, TypeVar
from urllib.parse import urlsplit

from probes.durations import parse_seconds

AUTO: Final = "auto"
DEFAULT_PORT: Final = 9877

_Amount = TypeVar("_Amount", int, float)

_LAST_PORT = 65535
#: `sockaddr_un.sun_path` holds 108 bytes, the last of them a zero (unix(7)).
_LONGEST_SOCKET_PATH = 107
_ENGINE_SCHEMES = ("unix", "tcp", "http", "https")
_BYTES = MappingProxyType({"B": 1, "KiB": 1024, "MiB": 1024 * 1024})
_SCHEME_PORTS = MappingProxyType({"http": 80, "https": 443})


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One TCP port at one address."""

    address: IPv4Address
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """An HTTP URL, taken apart."""

    endpoint: Endpoint
    #: With its query, such as "/healthz?deep=1".
    path: str
    tls: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where the agent's web server listens."""

    #: An IPv4 address; "auto" is the node's Swarm address, "" is every interface.
    host: str = AUTO
    port: int = DEFAULT_PORT


def seconds(value: object) -> float:
    """Read "250ms", "5s" or "1m"."""
    return parse_seconds(_text(value, "duration with its unit, such as 250ms, 5s or 1m"))


def size_bytes(value: object) -> int:
    """Read "512B", "64KiB" or "1MiB"."""
    allowed = "size with its unit, such as 512B, 64KiB or 1MiB"
    match = re.fullmatch(r"(\d{1,9})(B|KiB|MiB)", _text(value, allowed))
    if match is None:
        raise ValueError(f"{value!r} is no {allowed}")
    return int(match[1]) * _BYTES[match[2]]


def within(
    parse: Callable[[object], _Amount],
    at_least: str,
    at_most: str,
) -> Callable[[object], _Amount]:
    """Narrow *parse* to the amounts between two others, written as people write them."""
    low, high = parse(at_least), parse(at_most)

    def check(value: object) -> _Amount:
        amount = parse(value)
        if not low <= amount <= high:
            raise ValueError(f"{value!r} is not from {at_least} to {at_most}")
        return amount

    return check


def address(value: object) -> IPv4Address:
    """Read "192.0.2.1"."""
    try:
        return IPv4Address(_text(value, "IPv4 address"))
    except AddressValueError:
        raise ValueError(
            f"{value!r} is no IPv4 address; names are not looked up, so that a fault of DNS "
            "is not taken for a fault of the target",
        ) from None


def port(text: str) -> int:
    """Read a TCP port out of a longer text."""
    if not text.isdecimal() or not 1 <= int(text) <= _LAST_PORT:
        raise ValueError(f"{text!r} is no port from 1 to {_LAST_PORT}")
    return int(text)


def endpoint(value: object) -> Endpoint:
    """Read "192.0.2.5:5432"."""
    allowed = "ADDRESS:PORT, such as 192.0.2.5:5432"
    host, separator, number = _text(value, allowed).rpartition(":")
    if not separator:
        raise ValueError(f"{value!r} is no {allowed}")
    return Endpoint(address=address(host), port=port(number))


def listen(value: object) -> Listen:
    """Read "auto", "auto:9877", "192.0.2.1:9877" or ":9877"."""
    allowed = "auto, auto:PORT, ADDRESS:PORT or :PORT"
    text = _text(value, allowed)
    if text == AUTO:
        return Listen()
    host, separator, number = text.rpartition(":")
    if not separator:
        raise ValueError(f"{value!r} is none of {allowed}")
    if host not in {AUTO, ""}:
        address(host)
    return Listen(host=host, port=port(number))


def url(value: object) -> Url:
    """Read "https://192.0.2.7:8443/healthz"."""
    allowed = "URL of the form http[s]://ADDRESS[:PORT][/PATH][?QUERY]"
    text = _text(value, allowed)
    parts = urlsplit(text)
    plain = text.isascii() and text.isprintable() and " " not in text
    if not plain or parts.scheme not in _SCHEME_PORTS or "@" in parts.netloc or "#" in text:
        raise ValueError(f"{value!r} is no {allowed}")
    host, separator, number = parts.netloc.partition(":")
    return Url(
        endpoint=Endpoint(
            address=address(host),
            port=port(number) if separator else _SCHEME_PORTS[parts.scheme],
        ),
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        tls=parts.scheme == "https",
    )


def engine(value: object) -> str:
    """Read "unix:///var/run/docker.sock" or "tcp://192.0.2.1:2376"."""
    allowed = "Engine's address, such as unix:///var/run/docker.sock or tcp://ADDRESS:PORT"
    text = _text(value, allowed)
    parts = urlsplit(text)
    where = parts.path.strip("/") if parts.scheme == "unix" else parts.netloc
    if parts.scheme not in _ENGINE_SCHEMES or not where:
        raise ValueError(f"{value!r} is no {allowed}")
    return text


def path(value: object) -> str:
    """Read an absolute path."""
    return matching(r"/.*", "absolute path")(value)


def optional_path(value: object) -> str:
    """Read an absolute path, or "" for none."""
    return matching(r"(/.*)?", 'absolute path, nor "" for none')(value)


def socket_path(value: object) -> str:
    """Read the absolute path of a Unix socket, or "" for none."""
    text = optional_path(value)
    if len(text.encode()) > _LONGEST_SOCKET_PATH:
        raise ValueError(f"a Unix socket's path takes at most {_LONGEST_SOCKET_PATH} bytes")
    return text


def matching(expression: str, allowed: str) -> Callable[[object], str]:
    """Make the reader of a text that *expression* matches as a whole."""

    def check(value: object) -> str:
        if not re.fullmatch(expression, _text(value, allowed)):
            raise ValueError(f"{value!r} is no {allowed}")
        return str(value)

    return check


def _text(value: object, allowed: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no {allowed}")  # noqa: TRY004 -- pydantic reports no TypeError
    return value
