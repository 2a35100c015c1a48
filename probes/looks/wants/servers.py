"""What can be wanted of a server that speaks a protocol of its own?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from probes.addresses import parse_address
from probes.looks.names import Place
from probes.looks.targets import parse_host, parse_host_port
from probes.looks.wants.take import Take
from probes.model.probe import GrpcLook, Look, NatsLook, PostgresLook, RedisLook, TlsLook

_Server = TlsLook | GrpcLook | PostgresLook | RedisLook | NatsLook

SERVERS: Mapping[str, Callable[..., _Server]] = MappingProxyType(
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
    #: Of the kind's own: grpc's service, postgres' database, a file of credentials.
    options: Mapping[str, str] = field(default_factory=dict)

    def read(self) -> Take:
        """Read what was typed; UsageError when it makes no sense."""
        host, port = parse_host_port(self.target)
        name = parse_host(self.name) if self.name else "" if parse_address(host) else host

        def make(place: Place) -> Look:
            return SERVERS[self.kind](
                address=place.address,
                port=port,
                host=name,
                tls=self.tls,
                verify=self.verify,
                **self.options,
            )

        return lambda looker: looker.at_host(host, make, str(port))
