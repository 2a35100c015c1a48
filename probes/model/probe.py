"""What is to be looked at: one active look, from one vantage, at one target."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address
from math import inf
from types import MappingProxyType

from probes.model.vantage import Vantage


class Kind(StrEnum):
    """The protocols that a probe speaks; each has one file in `probes/kinds`."""

    DNS = "dns"
    TCP = "tcp"
    ICMP = "icmp"
    HTTP = "http"
    MTU = "mtu"
    SWEEP = "sweep"
    ROUTE = "route"
    TRACE = "trace"
    TLS = "tls"
    UDP = "udp"
    GRPC = "grpc"
    POSTGRES = "postgres"
    REDIS = "redis"
    NATS = "nats"
    POLICY = "policy"  # a TCP connection that must not come about
    NAMED = "named"  # any of these, at an address that is looked up first


class Target(StrEnum):
    """What the probe is aimed at."""

    NAME = "name"  # a name, at a resolver
    VIP = "vip"  # a service's virtual IP
    TASK = "task"  # one task's own address
    NODE = "node"  # a node's address on the underlay
    PUBLISHED = "published"  # a port that a service publishes, on one node's address
    STATIC = "static"  # what the operator listed in the configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedAnswer:
    """The addresses that a name may resolve to on one network."""

    #: Every one of these must be answered ...
    required: frozenset[IPv4Address]
    #: ... and these may be too: tasks that are starting or stopping.
    allowed: frozenset[IPv4Address] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsLook:
    """Ask *server* for the A records of *name*."""

    name: str
    server: IPv4Address
    port: int = 53
    #: Docker answers from one of the networks that asker and name share
    #: (moby libnetwork `Sandbox.ResolveName`), so matching any one of these will do.
    #: Empty: any address will do.
    expected: tuple[ExpectedAnswer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpLook:
    """Open one connection and close it again."""

    address: IPv4Address
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IcmpLook:
    """Send one echo request."""

    address: IPv4Address
    payload_bytes: int = 56


@dataclass(frozen=True, slots=True, kw_only=True)
class MtuLook:
    """Send one echo request as large as the way there should carry, in one piece."""

    address: IPv4Address


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCheck:
    """A GET, and what is expected of the answer, wherever it is sent."""

    port: int
    path: str = "/"
    tls: bool = False
    #: `Host` header and TLS server name; "" means the address.
    host: str = ""
    #: Acceptable status codes; empty means 200 to 299.
    statuses: frozenset[int] = frozenset()
    #: Text that the body must contain; "" means any body. No pattern: a service's label must not
    #: be able to keep the agent busy.
    body: str = ""
    #: Whether the certificate must be valid for the host.
    verify: bool = True
    #: How many redirects to follow, on the same address only.
    redirects: int = 0
    #: Text that a header must contain, by which the answer shows who gave it; "" for none.
    header: str = ""
    header_contains: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLook(HttpCheck):
    """Send one GET and hold the answer against what is expected."""

    address: IPv4Address


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLook:
    """Try to open a connection that the declared policy forbids."""

    address: IPv4Address
    port: int
    #: Silence for so long is an answer: it must be below the probe's timeout.
    patience_seconds: float
    #: Whether it may leave by a gateway, which an overlay's address never should.
    routed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepLook:
    """Find the largest packet that gets there and back in one piece."""

    address: IPv4Address
    #: How long to wait for each echo; lost ones are sent twice.
    patience_seconds: float = 0.5


#: Who has an address, for a person.
Names = tuple[tuple[IPv4Address, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteLook:
    """Ask the kernel which way it would send, and what it knows of the next hop."""

    address: IPv4Address
    #: The namespace of the overlay that the address is on; None for none, or where it is unknown.
    overlay: Vantage | None = None
    nodes: Names = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLook:
    """Find who passes packets on, hop by hop."""

    address: IPv4Address
    names: Names = ()
    most_hops: int = 16
    tries: int = 3
    #: How long to wait for each answer.
    patience_seconds: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class UdpLook:
    """Send one datagram, and wait for an answer or a refusal."""

    address: IPv4Address
    port: int
    #: What is sent, in hexadecimal digits.
    payload: str = ""
    #: What the answer must contain, likewise; "": none is expected, and silence tells nothing.
    expect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLook:
    """One conversation with a server that speaks first or last, plain or through TLS."""

    address: IPv4Address
    port: int
    #: Name for the certificate and the server; "" means the address.
    host: str = ""
    tls: bool = False
    #: Whether the certificate must be valid for the host.
    verify: bool = True
    #: Path of a PEM file of the authorities to trust; "" for those of the machine.
    authorities_file: str = ""


class StartTls(StrEnum):
    """The protocols that begin in plain text, and go on in TLS when asked to."""

    SMTP = "smtp"
    IMAP = "imap"
    POSTGRES = "postgres"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsLook(ServerLook):
    """Agree on keys, and read the certificates."""

    tls: bool = True
    #: None where TLS begins at once.
    starttls: StartTls | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpcLook(ServerLook):
    """Ask `grpc.health.v1.Health/Check`; an empty service is the server as a whole."""

    service: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginLook(ServerLook):
    """Say hello; with a file of credentials, log in."""

    #: User and password, a line each; "" for none. The file is read when the look is taken, so
    #: that no secret is in any document.
    credentials_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresLook(LoginLook):
    """Come as far as a PostgreSQL server lets us, and run nothing."""

    #: "" means the user's own.
    database: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisLook(LoginLook):
    """PING, and ask for its role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsLook(LoginLook):
    """CONNECT and PING."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedLook:
    """Look up *host*, and look at the first address that it has."""

    host: str
    #: The resolver that programs there ask.
    server: IPv4Address
    #: Its address is not used.
    look: "AddressedLook"

    @property
    def address(self) -> IPv4Address:
        """Give what is asked first."""
        return self.server


AddressedLook = TcpLook | HttpLook | PolicyLook | TlsLook | PostgresLook | RedisLook | NatsLook

Look = (
    NamedLook
    | DnsLook
    | TcpLook
    | IcmpLook
    | HttpLook
    | MtuLook
    | PolicyLook
    | SweepLook
    | RouteLook
    | TraceLook
    | UdpLook
    | TlsLook
    | GrpcLook
    | PostgresLook
    | RedisLook
    | NatsLook
)

KIND_OF: Mapping[type[Look], Kind] = MappingProxyType(
    {
        DnsLook: Kind.DNS,
        TcpLook: Kind.TCP,
        IcmpLook: Kind.ICMP,
        HttpLook: Kind.HTTP,
        MtuLook: Kind.MTU,
        PolicyLook: Kind.POLICY,
        NamedLook: Kind.NAMED,
        SweepLook: Kind.SWEEP,
        RouteLook: Kind.ROUTE,
        TraceLook: Kind.TRACE,
        UdpLook: Kind.UDP,
        TlsLook: Kind.TLS,
        GrpcLook: Kind.GRPC,
        PostgresLook: Kind.POSTGRES,
        RedisLook: Kind.REDIS,
        NatsLook: Kind.NATS,
    },
)


def endpoint_of(look: Look) -> str:
    """Name what is asked for: "8080", "8080/healthz", "tasks.api"; "" for an echo."""
    match look:
        case DnsLook():
            return look.name
        case NamedLook():
            return f"{look.host}:{endpoint_of(look.look)}"
        case GrpcLook(service=service):
            return f"{look.port}/{service}" if service else str(look.port)
        case TcpLook() | PolicyLook() | UdpLook() | ServerLook():
            return str(look.port)
        case HttpLook():
            return f"{look.port}{look.path}"
        case IcmpLook() | MtuLook() | SweepLook() | RouteLook() | TraceLook():
            return ""


def may_be_silent(look: Look) -> bool:
    """Tell whether silence is no failure: a datagram may arrive well and need no answer."""
    return isinstance(look, UdpLook) and not look.expect


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeId:
    """Who looks at whom, and how: a probe's identity is made of its metric labels."""

    probe: Kind
    target: Target
    #: "" where source and destination share several networks and the kind cannot tell which.
    network: str
    source_service: str
    source_node: str
    destination_service: str
    destination_node: str = ""
    #: The task's name, such as "shop_api.2"; "" unless aimed at one task.
    destination_task: str = ""
    #: What is asked for there, as `endpoint_of` names it.
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A look, taken from a vantage, again and again."""

    id: ProbeId
    look: Look
    vantage: Vantage
    interval_seconds: float
    timeout_seconds: float
    #: A run that works and takes longer is slow; a single look, taken for a person, never is.
    slow_seconds: float = inf
    #: Nobody declared that something listens there: a failure counts only once the
    #: destination has been seen to answer on this endpoint.
    assumed: bool = False
