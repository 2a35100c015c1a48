"""What can be configured, and what holds where nothing is said?

Keys are as in the file (the aliases); attributes carry their units, as everywhere in the code.
"""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from exporter import limits
from exporter.blackbox.allow import Allowed, read_allowed
from probes.documents import units
from probes.documents.section import Address, Duration, Port, Section, Status, contradiction
from probes.documents.units import Endpoint, Listen, Url, within

_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"
_DNS_NAME = r"(?=.{1,253}$)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?)+"
_HOST = r"[A-Za-z0-9._-]+(:\d+)?"


Slow = Annotated[float, BeforeValidator(within(units.seconds, "1ms", "24h"))]
Resync = Annotated[float, BeforeValidator(within(units.seconds, "1s", "1h"))]
AuditInterval = Annotated[float, BeforeValidator(within(units.seconds, "1s", "5m"))]
Offset = Annotated[float, BeforeValidator(within(units.seconds, "1ms", "1m"))]
Cache = Annotated[float, BeforeValidator(within(units.seconds, "100ms", "5m"))]
ResponseSize = Annotated[int, BeforeValidator(within(units.size_bytes, "1KiB", "16MiB"))]


class TopologySettings(Section):
    """Reading what the Swarm says exists."""

    #: Events tell changes at once; the full reading only heals what an event lost.
    resync_seconds: Resync = Field(default=30.0, alias="resync")


class ProbeSettings(Section):
    """Every probe, unless a label or a target says otherwise."""

    #: Two misses are seen well within the minute that a page may take.
    interval_seconds: Duration = Field(default=10.0, alias="interval")
    #: Above the 1 s after which TCP sends a lost SYN again: one lost packet is no outage.
    timeout_seconds: Duration = Field(default=2.0, alias="timeout")
    slow_seconds: Slow = Field(default=limits.SLOW_SECONDS, alias="slow")
    #: Enough for a health page; more is not read, and memory stays bounded.
    response_bytes: ResponseSize = 64 * 1024

    @model_validator(mode="after")
    def _patience_ends_before_the_next_run(self) -> Self:
        if self.timeout_seconds >= self.interval_seconds:
            raise contradiction(
                ("timeout",),
                f"{self.timeout_seconds:g}s is not below interval, "
                f"which is {self.interval_seconds:g}s",
            )
        return self


class BudgetSettings(Section):
    """What the agent may take of its node, whatever the Swarm grows to."""

    #: About 5 % of one core, at a quarter of a millisecond a probe.
    probes_per_second: int = Field(default=200, ge=1, le=10_000)
    #: Each holds one socket and at most `response_bytes`.
    concurrent_probes: int = Field(default=64, ge=1, le=1_000)
    #: At 11 us a line, a scrape stays around half a second.
    series: int = Field(default=50_000, ge=1_000, le=1_000_000)


class KernelSettings(Section):
    """Reading the kernel's tables."""

    #: Scrapers and the audit share one reading; each round of the audit has one of its own.
    cache_seconds: Cache = Field(default=3.0, alias="cache")


class AuditSettings(Section):
    """Holding what is against what should be."""

    #: A finding takes two rounds and its hold, and then still has to reach somebody: all of it
    #: within the minute that a page may take. A round costs about 40 ms.
    interval_seconds: AuditInterval = Field(default=5.0, alias="interval")


class BlackboxSettings(Section):
    """Probes that scrapes ask for, as modules of blackbox_exporter's say."""

    #: "" for none: who asks for probes makes the agent send something.
    modules_file: Annotated[str, BeforeValidator(units.optional_path)] = ""
    #: What may be probed. Nothing, unless said: the agent stands in every overlay, and must not
    #: be the way into them.
    allow: Annotated[
        tuple[Annotated[Allowed, BeforeValidator(read_allowed)], ...], Field(strict=False)
    ] = ()
    #: Each holds one socket and at most a body of 1 MiB.
    concurrent: int = Field(default=16, ge=1, le=1_000)
    #: What Prometheus has to go through besides the probe; blackbox_exporter's own.
    timeout_offset_seconds: Offset = Field(default=0.5, alias="timeout_offset")

    @model_validator(mode="after")
    def _something_can_be_probed(self) -> Self:
        if self.modules_file and not self.allow:
            raise contradiction(
                ("modules_file",),
                "nothing can be probed by it while allow lists no network, address or name",
            )
        return self


class DnsTarget(Section):
    """A name, and the resolver to ask for it."""

    name: Annotated[str, BeforeValidator(units.matching(_DNS_NAME, "DNS name"))]
    server: Address
    port: Port = 53


class HttpTarget(Section):
    """A URL, and what makes its answer a good one."""

    url: Annotated[Url, BeforeValidator(units.url)]
    #: `Host` header and TLS server name; "" means the address.
    host: Annotated[str, BeforeValidator(units.matching(rf"({_HOST})?", "host name"))] = ""
    #: Empty means 200 to 299.
    status: Annotated[frozenset[Status], Field(strict=False)] = frozenset()
    #: Text that the body must contain; "" means any body.
    body: str = ""
    #: A certificate that is not valid for the host is a fault unless somebody says otherwise.
    verify: bool = True
    #: None: a redirect is an answer, and whether it is the right one is for `status` to say.
    redirects: int = Field(default=0, ge=0, le=10)


class TargetSettings(Section):
    """One static target: looked at from the host, by exactly one of four kinds."""

    name: Annotated[
        str,
        BeforeValidator(
            units.matching(_NAME, "name of up to 63 letters, digits, '.', '_' and '-'")
        ),
    ]
    dns: DnsTarget | None = None
    tcp: Annotated[Endpoint, BeforeValidator(units.endpoint)] | None = None
    icmp: Address | None = None
    http: HttpTarget | None = None
    #: None: as `probes.interval` says.
    interval_seconds: Duration | None = Field(default=None, alias="interval")
    #: None: as `probes.timeout` says.
    timeout_seconds: Duration | None = Field(default=None, alias="timeout")
    #: None: as `probes.slow` says.
    slow_seconds: Slow | None = Field(default=None, alias="slow")

    @model_validator(mode="after")
    def _exactly_one_kind(self) -> Self:
        given = [kind for kind in ("dns", "tcp", "icmp", "http") if getattr(self, kind) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            raise contradiction((), f"takes exactly one of dns, tcp, icmp, http; here: {found}")
        return self


class Settings(Section):
    """The whole configuration; every key may be left out."""

    #: The node's Swarm address: near to Prometheus, and on no interface that faces the world.
    listen: Annotated[Listen, BeforeValidator(units.listen)] = Listen()
    #: Where the local `probe` command finds the agent; "" is nowhere.
    socket: Annotated[str, BeforeValidator(units.socket_path)] = "/run/swarmscope/agent.sock"
    #: Where every Engine listens unless told otherwise.
    engine: Annotated[str, BeforeValidator(units.engine)] = "unix:///var/run/docker.sock"
    #: Where every Engine keeps its namespaces' files: `netns` in its exec-root.
    netns_folder: Annotated[str, BeforeValidator(units.path)] = "/var/run/docker/netns"
    #: Without a token nobody is let in to `/api`; "" is for an agent that stands alone.
    token_file: Annotated[str, BeforeValidator(units.optional_path)] = ""
    #: What is declared of networks and of services (docs/declaration.md); "" is nothing.
    network_config: Annotated[str, BeforeValidator(units.optional_path)] = ""
    service_discovery: Annotated[str, BeforeValidator(units.optional_path)] = ""
    #: What happens to the agent; what happens to the network is in the metrics.
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    topology: TopologySettings = TopologySettings()
    probes: ProbeSettings = ProbeSettings()
    budget: BudgetSettings = BudgetSettings()
    kernel: KernelSettings = KernelSettings()
    audit: AuditSettings = AuditSettings()
    blackbox: BlackboxSettings = BlackboxSettings()
    targets: Annotated[tuple[TargetSettings, ...], Field(strict=False)] = ()

    @model_validator(mode="before")
    @classmethod
    def _nothing_said_is_the_default(cls, data: object) -> object:
        """Take `probes:` with every line below it commented out for no `probes` at all."""
        if not isinstance(data, dict):
            return data
        return {
            key: value
            for key, value in data.items()
            if value is not None or key not in cls.model_fields
        }

    @model_validator(mode="after")
    def _targets_have_names_of_their_own(self) -> Self:
        first: dict[str, int] = {}
        for number, target in enumerate(self.targets):
            earlier = first.setdefault(target.name, number)
            if earlier != number:
                raise contradiction(
                    ("targets", number, "name"),
                    f"{target.name!r} is the name of targets[{earlier}] already",
                )
        return self

    @model_validator(mode="after")
    def _patience_with_a_target_ends_before_its_next_run(self) -> Self:
        for number, target in enumerate(self.targets):
            interval = target.interval_seconds or self.probes.interval_seconds
            timeout = target.timeout_seconds or self.probes.timeout_seconds
            if timeout >= interval:
                raise contradiction(
                    ("targets", number, "timeout" if target.timeout_seconds else "interval"),
                    f"its timeout of {timeout:g}s is not below its interval of {interval:g}s; "
                    "what it does not say itself, it takes from probes",
                )
        return self
