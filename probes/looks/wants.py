"""What can be wanted of a look, as it was typed? Plain data, which can be sent to another node."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from probes.looks.looker import Looker, Report
from probes.looks.targets import parse_host, parse_host_port, parse_server, parse_url
from probes.model.probe import HttpLook, IcmpLook, Look, TcpLook

#: Takes a look once there is somewhere to take it from; what was typed has been read by then.
Take = Callable[[Looker], Coroutine[Any, Any, Report]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsWant:
    """A name's addresses."""

    name: str
    #: ADDRESS[:PORT] of a resolver; "" for the one that programs there ask.
    server: str = ""

    def read(self) -> Take:
        """Read what was typed; UsageError when it makes no sense."""
        host, asked = parse_host(self.name), parse_server(self.server) if self.server else None
        return lambda looker: looker.at_name(host, asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpWant:
    """A connection to HOST:PORT."""

    target: str

    def read(self) -> Take:
        """Read what was typed; UsageError when it makes no sense."""
        host, port = parse_host_port(self.target)

        def make(address: IPv4Address) -> Look:
            return TcpLook(address=address, port=port)

        return lambda looker: looker.at_host(host, make, str(port))


@dataclass(frozen=True, slots=True, kw_only=True)
class IcmpWant:
    """An echo."""

    target: str

    def read(self) -> Take:
        """Read what was typed; UsageError when it makes no sense."""
        host = parse_host(self.target)

        def make(address: IPv4Address) -> Look:
            return IcmpLook(address=address)

        return lambda looker: looker.at_host(host, make, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpWant:
    """An answer to a GET."""

    target: str
    statuses: frozenset[int] = frozenset()
    body: str = ""
    verify: bool = True
    redirects: int = 0

    def read(self) -> Take:
        """Read what was typed; UsageError when it makes no sense."""
        url = parse_url(self.target)

        def make(address: IPv4Address) -> Look:
            return HttpLook(
                address=address,
                port=url.port,
                path=url.path,
                tls=url.tls,
                host=url.header,
                statuses=self.statuses,
                body=self.body,
                verify=self.verify,
                redirects=self.redirects,
            )

        return lambda looker: looker.at_host(url.host, make, f"{url.port}{url.path}")


Want = DnsWant | TcpWant | IcmpWant | HttpWant
