"""What can be wanted of a server that speaks a protocol of its own?"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from probes.addresses import parse_address
from probes.looks.errors import UsageError
from probes.looks.names import Place
from probes.looks.targets import parse_host, parse_host_port
from probes.looks.wants.take import Take
from probes.model.probe import (
    GrpcLook,
    Look,
    NatsLook,
    PostgresLook,
    RedisLook,
    ServerLook,
    StartTls,
    TlsLook,
)

_Server = TlsLook | GrpcLook | PostgresLook | RedisLook | NatsLook

SERVERS: Mapping[str, type[_Server]] = MappingProxyType(
    {
        "tls": TlsLook,
        "grpc": GrpcLook,
        "postgres": PostgresLook,
        "redis": RedisLook,
        "nats": NatsLook,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerWant:
    """A conversation with a server at HOST:PORT; *kind* is one of `SERVERS`."""

    kind: str
    target: str
    tls: bool = False
    #: Name for the certificate; "" is the host, as typed.
    name: str = ""
    verify: bool = True
    #: Path of a PEM file of authorities; "" for the machine's own.
    authorities_file: str = ""
    #: One of `StartTls`, for the kind `tls`; "" where TLS begins at once.
    starttls: str = ""
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
        own: dict[str, Any] = dict(self.options)
        if self.starttls and self.kind != "tls":
            raise UsageError(f"{self.kind} asks for TLS in its own way, not by starttls")
        if self.starttls:
            own["starttls"] = _starttls(self.starttls)
        if self.authorities_file:
            _check_authorities(self.authorities_file)

        def make(place: Place) -> Look:
            return look(
                address=place.address,
                port=port,
                host=name,
                tls=self.tls,
                verify=self.verify,
                authorities_file=self.authorities_file,
                **own,
            )

        return lambda looker: looker.at_host(host, make, str(port))


def _own_options(look: type[ServerLook]) -> set[str]:
    """List what a kind has beside what all servers have."""
    return {item.name for item in fields(look)} - {item.name for item in fields(ServerLook)}


def _starttls(text: str) -> StartTls:
    try:
        return StartTls(text)
    except ValueError:
        raise UsageError(f"{text!r} is none of {', '.join(StartTls)}") from None


def _check_authorities(file: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except ssl.SSLError as exc:
        raise UsageError(f"{file} holds no certificate in PEM") from exc
    except OSError as exc:
        raise UsageError(f"the authorities in {file} cannot be read: {exc.strerror}") from exc
