"""Which TCP ports does anything listen on, and at which address?"""

from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from probes.errors import CouldNotLookError
from probes.model.vantage import Vantage
from probes.vantage import inside

#: /proc/net is the main thread's; a thread that has entered a namespace has its own.
_TABLES = (Path("/proc/thread-self/net/tcp"), Path("/proc/thread-self/net/tcp6"))
#: TCP_LISTEN (kernel include/net/tcp_states.h).
_LISTEN = "0A"
_IPV4_DIGITS = 8
_ANY = IPv4Address(0)
#: The host's byte order is taken for little-endian, four bytes at a time (net/ipv6/tcp_ipv6.c).
_IPV6_ANY = "0" * 32
_IPV4_MAPPED = "0000000000000000FFFF0000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A listening socket that takes IPv4; 0.0.0.0 stands for every address."""

    address: IPv4Address
    port: int


def read_listeners(vantage: Vantage) -> tuple[Listener, ...]:
    """List the listening TCP sockets of a namespace; only for a worker thread. Raises LookError."""
    with inside(vantage):
        try:
            texts = [table.read_text() for table in _TABLES if table.exists()]
        except OSError as exc:
            why = f"the sockets of {vantage.name} cannot be listed: {exc.strerror}"
            raise CouldNotLookError(why) from exc
    return tuple(sorted(parse_listeners(texts), key=lambda each: (each.port, each.address)))


def parse_listeners(texts: list[str]) -> set[Listener]:
    """Read tables as in proc_pid_net(5): hexadecimal, each address in the host's byte order."""
    rows = [line.split() for text in texts for line in text.splitlines()[1:]]
    found = (_listener(row[1]) for row in rows if len(row) > 3 and row[3] == _LISTEN)  # noqa: PLR2004 -- the fourth column
    return {listener for listener in found if listener}


def _listener(local: str) -> Listener | None:
    digits, _, port = local.partition(":")
    address = _address(digits)
    return Listener(address=address, port=int(port, 16)) if address is not None else None


def _address(digits: str) -> IPv4Address | None:
    """Read an address; None for one that no IPv4 packet comes to."""
    if len(digits) == _IPV4_DIGITS:
        return IPv4Address(bytes.fromhex(digits)[::-1])
    if digits.startswith(_IPV4_MAPPED):
        return _address(digits.removeprefix(_IPV4_MAPPED))
    # A socket on IPv6's wildcard takes IPv4 too, unless it says otherwise, which no table tells.
    return _ANY if digits == _IPV6_ANY else None
