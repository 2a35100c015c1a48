"""What can be wanted of a look, as it was typed? Plain data, which can be sent to another node."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Address
from types import MappingProxyType
from typing import Any

from probes.addresses import parse_address
from probes.looks.errors import UsageError
from probes.looks.looker import Looker, Report
from probes.looks.targets import parse_bytes, parse_host, parse_host_port, parse_server, parse_url
from probes.model.probe import (
    GrpcLook,
    HttpLook,
    IcmpLook,
    Look,
    NatsLook,
    PostgresLook,
    RedisLook,
    ServerLook,
    TcpLook,
    TlsLook,
    UdpLook,
)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class UdpWant:
    """An answer to a datagram, or at least no refusal."""

    target: str
    #: Text, or hexadecimal digits after "0x".
    send: str = ""
    expect: str = ""

    def read(self) -> Take:
        """Read what was typed; UsageError when it makes no sense."""
        host, port = parse_host_port(self.target)
        payload, expect = parse_bytes(self.send).hex(), parse_bytes(self.expect).hex()

        def make(address: IPv4Address) -> Look:
            return UdpLook(address=address, port=port, payload=payload, expect=expect)

        return lambda looker: looker.at_host(host, make, str(port))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerWant:
    """A conversation with a server at HOST:PORT; *kind* is one of `SERVERS`."""

    kind: str
    target: str
    tls: bool = False
    #: Name for the certificate; "" is the host, as typed.
    name: str = ""
    verify: bool = True
    #: Of the kind's own: grpc's service, postgres' database, a file of credentials.
    options: Mapping[str, str] = field(default_factory=dict)

    def read(self) -> Take:
        """Read what was typed; UsageError when it makes no sense."""
        host, port = parse_host_port(self.target)
        name = parse_host(self.name) if self.name else "" if parse_address(host) else host
        look = SERVERS.get(self.kind)
        if look is None:
            raise UsageError(f"{self.kind!r} is no server that can be looked at")
        strangers = self.options.keys() - _own_options(look)
        if strangers:
            raise UsageError(f"{self.kind} has no option {', '.join(sorted(strangers))}")

        def make(address: IPv4Address) -> Look:
            return look(
                address=address,
                port=port,
                host=name,
                tls=self.tls,
                verify=self.verify,
                **self.options,
            )

        return lambda looker: looker.at_host(host, make, str(port))


SERVERS: Mapping[str, type[TlsLook | GrpcLook | PostgresLook | RedisLook | NatsLook]] = (
    MappingProxyType(
        {
            "tls": TlsLook,
            "grpc": GrpcLook,
            "postgres": PostgresLook,
            "redis": RedisLook,
            "nats": NatsLook,
        }
    )
)


def _own_options(look: type[ServerLook]) -> set[str]:
    """List what a kind has beside what all servers have."""
    return {item.name for item in fields(look)} - {item.name for item in fields(ServerLook)}


Want = DnsWant | TcpWant | IcmpWant | HttpWant | UdpWant | ServerWant
