"""What did the operator declare should be?"""

from dataclasses import dataclass
from ipaddress import IPv4Network

from probes.model.probe import HttpCheck, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceIntent:
    """What the operator declared of one service."""

    service_id: str
    #: Whether anything at all is probed, from it or towards it.
    probed: bool = True
    #: Kinds that are not aimed at it.
    without: frozenset[Kind] = frozenset()
    tcp: tuple[int, ...] = ()
    http: tuple[HttpCheck, ...] = ()
    interval_seconds: float | None = None
    timeout_seconds: float | None = None
    #: A look at it that works and takes longer is slow.
    slow_seconds: float | None = None
    #: The share of the looks at it that work that must not be slow, above 0 and below 1.
    latency_objective: float | None = None
    #: The share of the looks at it that must work, above 0 and below 1.
    success_objective: float | None = None
    #: "vip" or "dnsrr"; "" where nobody said.
    endpoint_mode: str = ""
    #: With fewer running tasks it is in danger.
    min_healthy: int = 0
    #: Names that it must answer to, beside its own.
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkIntent:
    """What the operator declared of one network; None where nothing was said."""

    name: str
    subnet: IPv4Network | None = None
    mtu_bytes: int | None = None
    encrypted: bool = False
    internal: bool = False
    attachable: bool = False
    #: So many addresses should always be left.
    head_room: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalIntent:
    """Something outside of the Swarm, and which services must reach it or must not."""

    name: str
    #: "postgres", "redis", "nats", "http", "https", "tcp", "mysql" or "dns".
    kind: str
    #: A name or an address.
    host: str
    port: int
    tls: bool = False
    verify: bool = True
    credentials_file: str = ""
    path: str = "/"
    #: What a resolver is asked for.
    question: str = ""
    #: Ids of services.
    must_reach: frozenset[str] = frozenset()
    must_not: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteIntent:
    """A request that comes in at the gateway's published port, on every node."""

    #: HOST/PATH, as people know it.
    name: str
    gateway_id: str
    port: int
    check: HttpCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """Something declared that cannot be understood; it is ignored, alone."""

    service: str
    key: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForbiddenFlow:
    """Connections from one service to another that must not come about."""

    source_id: str
    destination_id: str
    #: Empty: every port but those excepted.
    ports: frozenset[int] = frozenset()
    excepted: frozenset[int] = frozenset()
    #: What forbids it, as a person finds it in the file: "policy.never: door to data".
    rule: str

    def forbids(self, port: int) -> bool:
        """Tell whether a port is meant."""
        return port in self.ports if self.ports else port not in self.excepted


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Everything declared, and everything declared in vain."""

    services: tuple[ServiceIntent, ...] = ()
    networks: tuple[NetworkIntent, ...] = ()
    forbidden: tuple[ForbiddenFlow, ...] = ()
    #: (source's id, destination's id) of pairs that the policy allows by name.
    allowed: frozenset[tuple[str, str]] = frozenset()
    external: tuple[ExternalIntent, ...] = ()
    routes: tuple[RouteIntent, ...] = ()
    #: Names of declared services that Swarm does not know.
    absent: tuple[str, ...] = ()
    complaints: tuple[Complaint, ...] = ()


NOTHING_DECLARED = Intent()
