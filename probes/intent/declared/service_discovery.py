"""What does `service-discovery.yml` say: which services are there, and where is what they need?"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from probes.documents import units
from probes.documents.section import Duration, Port, Section, Status, contradiction
from probes.intent.declared.words import (
    HostName,
    Name,
    Names,
    NumberOrMapping,
    OneOrMany,
    Path,
    Share,
    listed,
    nearest,
)

_ENDPOINT = r"(?=.{1,260}$)[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?:[0-9]{1,5}"

Statuses = Annotated[frozenset[Status], BeforeValidator(listed), Field(strict=False), OneOrMany()]


def _port(value: object) -> object:
    """Take a mere number for a TCP port."""
    return {"port": value} if isinstance(value, int) and not isinstance(value, bool) else value


def _endpoint(value: object) -> str:
    text = units.matching(_ENDPOINT, "HOST:PORT, such as db.example.org:5432")(value)
    units.port(text.rpartition(":")[2])
    return text


class DeclaredPort(Section):
    """A port that every task of the service listens on."""

    port: Port
    protocol: Literal["tcp", "http", "https", "grpc", "postgres", "redis", "nats"] = "tcp"


class Health(Section):
    """What a task answers that is well."""

    port: Port
    path: Path = "/"
    tls: bool = False
    host: HostName | None = None
    #: Empty: 200 to 299.
    status: Statuses = frozenset()
    #: Text that the body must contain.
    body: str = ""


class Objective(Section):
    """What the service promises to those who call it."""

    success: Share | None = None
    #: Looks that work should not take longer ...
    latency_seconds: Duration | None = Field(default=None, alias="latency")
    #: ... but for the rest of this share.
    within: Share | None = None

    @model_validator(mode="after")
    def _latency_is_whole(self) -> Self:
        if (self.latency_seconds is None) != (self.within is None):
            missing = "within" if self.within is None else "latency"
            raise contradiction((), f"latency and within go together: {missing} is missing")
        return self


class DeclaredService(Section):
    """One service of the Swarm, by its full name."""

    ports: Annotated[
        tuple[Annotated[DeclaredPort, BeforeValidator(_port), NumberOrMapping()], ...],
        BeforeValidator(listed),
        Field(strict=False),
        OneOrMany(),
    ] = ()
    health: Health | None = None
    endpoint_mode: Literal["vip", "dnsrr"] | None = None
    #: With fewer healthy tasks the service is in danger.
    min_healthy: int = Field(default=1, ge=0, le=10_000)
    #: Names that it must resolve by, beside its own.
    aliases: Names = ()
    slo: Objective | None = None


class Answered(Section):
    """How an answer shows which backend it came from."""

    header: Annotated[
        str, BeforeValidator(units.matching(r"[A-Za-z0-9-]{1,64}|", "header's name"))
    ] = ""
    contains: Annotated[str, Field(min_length=1)]


class RouteTls(Section):
    """What certificate a route must show."""

    names: Annotated[
        tuple[HostName, ...], BeforeValidator(listed), Field(strict=False), OneOrMany()
    ] = ()
    #: It must be valid for so much longer.
    days_left: int = Field(default=14, ge=0, le=3650)
    #: Whether its chain must lead to a root that the agent's image trusts.
    verify: bool = True


class Route(Section):
    """A request from outside, and who must answer it."""

    host: HostName
    path: Path = "/"
    method: Literal["GET", "HEAD"] = "GET"
    service: Name
    port: Port
    #: Empty: 200 to 299.
    status: Statuses = frozenset()
    answered_by: Answered | None = None
    #: The entry point; "" is the first.
    via: str = ""
    tls: RouteTls | None = None


class EntryPoint(Section):
    """A published port of the gateway."""

    port: Port
    tls: bool = False


class Gateway(Section):
    """The one door from outside."""

    kind: Literal["traefik", "caddy", "nginx"]
    service: Name
    entry_points: Mapping[Name, EntryPoint]
    routes: Annotated[tuple[Route, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _routes_come_in_somewhere(self) -> Self:
        if not self.entry_points:
            raise contradiction(("entry_points",), "names no entry point")
        for number, route in enumerate(self.routes):
            if route.via and route.via not in self.entry_points:
                raise contradiction(
                    ("routes", number, "via"),
                    f"no entry point {route.via!r}; {nearest(route.via, self.entry_points)}",
                )
            if route.tls and not self.entry(route).tls:
                raise contradiction(("routes", number, "tls"), "its entry point does not speak TLS")
        return self

    def entry(self, route: Route) -> EntryPoint:
        """Find where a route comes in."""
        return self.entry_points[route.via or next(iter(self.entry_points))]


class ExternalService(Section):
    """Something outside of the Swarm that services need."""

    kind: Literal["postgres", "mysql", "redis", "nats", "http", "https", "tcp", "dns"]
    address: Annotated[str, BeforeValidator(_endpoint)]
    tls: bool = False
    #: Whether the certificate must be valid for the host.
    verify: bool = True
    #: A secret's file with user and password, a line each.
    credentials: Annotated[str, BeforeValidator(units.optional_path)] = ""
    #: http: the path; dns: the name to ask for.
    path: Path = "/"
    name: HostName | None = None
    #: Services that cannot do without it.
    must_reach: Names = ()
    #: Services that may reach it, too.
    may_reach: Names = ()
    #: What holds for all others.
    others: Literal["allow", "deny"] = "allow"

    @model_validator(mode="after")
    def _says_what_its_kind_needs(self) -> Self:
        if (self.kind == "dns") != (self.name is not None):
            why = "a dns server is asked for one" if self.kind == "dns" else "only dns takes one"
            raise contradiction(("name",), why)
        if self.credentials and self.kind not in {"postgres", "redis", "nats"}:
            raise contradiction(
                ("credentials",),
                f"{self.kind} takes none; postgres, redis and nats do",
            )
        if self.tls and self.kind in {"http", "https", "dns"}:
            instead = "write kind: https" if self.kind == "http" else f"{self.kind} takes no tls"
            raise contradiction(("tls",), instead)
        both = {*self.must_reach} & {*self.may_reach}
        if both:
            raise contradiction(("may_reach",), f"{min(both)} stands under must_reach already")
        return self


class ServiceDiscovery(Section):
    """The whole file."""

    version: Literal[1]
    services: Mapping[Name, DeclaredService] = Field(default_factory=dict)
    gateway: Gateway | None = None
    external: Mapping[Name, ExternalService] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_given_once(self) -> Self:
        owners = {name: name for name in self.services}
        for service, declared in self.services.items():
            for number, alias in enumerate(declared.aliases):
                owner = owners.setdefault(alias, service)
                if owner != service:
                    raise contradiction(
                        ("services", service, "aliases", number),
                        f"{alias!r} is a name of {owner} already",
                    )
        return self

    @model_validator(mode="after")
    def _gateway_leads_to_declared_services(self) -> Self:
        for number, route in enumerate(self.gateway.routes if self.gateway else ()):
            self._must_know(route.service, ("gateway", "routes", number, "service"))
            ports = {port.port for port in self.services[route.service].ports}
            if ports and route.port not in ports:
                listening = ", ".join(map(str, sorted(ports)))
                raise contradiction(
                    ("gateway", "routes", number, "port"),
                    f"{route.service} listens on {listening}, not on {route.port}",
                )
        return self

    @model_validator(mode="after")
    def _external_services_are_for_declared_ones(self) -> Self:
        for name, item in self.external.items():
            for key, services in (("must_reach", item.must_reach), ("may_reach", item.may_reach)):
                for number, service in enumerate(services):
                    self._must_know(service, ("external", name, key, number))
        return self

    def _must_know(self, service: str, where: tuple[str | int, ...]) -> None:
        if service not in self.services:
            raise contradiction(
                where, f"no service {service!r} is declared; {nearest(service, self.services)}"
            )
