"""What may be looked at through the agent?

What counts is the address that is connected to, after the name was looked up: whoever answers for
a name cannot lead us elsewhere by it.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

_NAME = re.compile(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")

Allowed = IPv4Network | str


def read_allowed(value: object) -> Allowed:
    """Read "10.0.1.0/24", "192.0.2.1", "api.example.org", "*.example.org" or "shop_api"."""
    if isinstance(value, str):
        try:
            return IPv4Network(value)
        except ValueError:
            looks_like_one = "/" in value or re.fullmatch(r"[0-9.]+", value)
        if not looks_like_one and _NAME.fullmatch(value):
            return value.lower()
    raise ValueError(
        f"{value!r} is no IPv4 network (without host bits), address or name, "
        "such as 10.0.1.0/24, 192.0.2.1, api.example.org or *.example.org",
    )


@dataclass(frozen=True, slots=True)
class AllowList:
    """Networks that may be looked at by any name, and names."""

    entries: tuple[Allowed, ...] = ()

    def permits(
        self,
        host: str,
        address: IPv4Address,
        owned: Callable[[], Collection[IPv4Address]],
    ) -> bool:
        """Tell whether *host* may be looked at where it resolved to *address*.

        A listed name leads to addresses of the Internet, and to those that Swarm gave it, which
        *owned* lists; never to another private one, whatever a resolver says.
        """
        if any(isinstance(entry, IPv4Network) and address in entry for entry in self.entries):
            return True
        if not any(isinstance(entry, str) and _names(entry, host) for entry in self.entries):
            return False
        return (address.is_global and not address.is_multicast) or address in owned()


def _names(entry: str, host: str) -> bool:
    name = host.lower().removesuffix(".")
    if entry.startswith("*."):
        return name.endswith(entry[1:]) and len(name) > len(entry) - 1
    return name == entry
