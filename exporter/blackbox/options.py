"""What can a module of blackbox_exporter's configuration say, and what of it is supported here?

Keys and defaults are blackbox_exporter's own (its CONFIGURATION.md). `WITHOUT` has what it knows
and we do not: naming one of these is an error that says so.
"""

from collections.abc import Mapping
from ipaddress import IPv4Address
from ssl import TLSVersion
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, InstanceOf, model_validator

from exporter import units
from exporter.blackbox import amounts
from exporter.blackbox.patterns import Pattern, read_pattern
from exporter.blackbox.records import Query, Rcode, read_query_class, read_query_type, read_rcode
from exporter.settings import Section, contradiction

Text = Annotated[str, BeforeValidator(amounts.text)]
Regexp = Annotated[InstanceOf[Pattern], BeforeValidator(read_pattern)]
Source = Annotated[IPv4Address, BeforeValidator(units.address)]
FileName = Annotated[str, BeforeValidator(units.path)]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]
Regexps = Annotated[tuple[Regexp, ...], Field(strict=False)]

_NO_PROXY = "is not supported: what a proxy connects to could not be held against `blackbox.allow`"
_INLINE = "is not supported: name a file"
_ONLY_IP4 = "is not supported: looks are taken over IPv4, which Swarm's networks are"


class Options(Section):
    """A mapping of a module: an empty value says nothing, as in Go."""

    #: Keys that blackbox_exporter knows and we do not, and why.
    WITHOUT: ClassVar[Mapping[str, str]] = MappingProxyType({})

    @model_validator(mode="before")
    @classmethod
    def _empty_is_the_default(cls, data: Any) -> Any:  # noqa: ANN401 -- whatever YAML gave
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None}


class Reaching(Options):
    """What every prober says of addresses."""

    preferred_ip_protocol: Literal["ip4", "ip6"] = "ip4"
    #: Of no consequence while nothing is preferred that could lack.
    ip_protocol_fallback: bool = True

    @model_validator(mode="after")
    def _only_ip4(self) -> Self:
        if self.preferred_ip_protocol == "ip6":
            raise contradiction(("preferred_ip_protocol",), f"ip6 {_ONLY_IP4}")
        return self


class TlsOptions(Options):
    """Whom to trust, and who we are."""

    WITHOUT = MappingProxyType(
        dict.fromkeys(("ca", "cert", "key", "ca_ref", "cert_ref", "key_ref"), _INLINE),
    )

    insecure_skip_verify: bool = False
    ca_file: FileName | None = None
    cert_file: FileName | None = None
    key_file: FileName | None = None
    server_name: Text = ""
    min_version: Annotated[TLSVersion, BeforeValidator(amounts.tls_version)] = TLSVersion.TLSv1_2
    max_version: Annotated[TLSVersion, BeforeValidator(amounts.tls_version)] = TLSVersion.TLSv1_3

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise contradiction((), "cert_file and key_file go together")
        if self.min_version > self.max_version:
            raise contradiction(("min_version",), "is above max_version")
        return self


class HeaderMatch(Options):
    """A header, and what to look for in it."""

    header: Text = Field(min_length=1)
    regexp: Regexp
    allow_missing: bool = False


class HeaderValues(Options):
    """The values of one header."""

    values: Texts = ()
    secrets: Texts = ()
    files: Annotated[tuple[FileName, ...], Field(strict=False)] = ()


class BasicAuth(Options):
    """A name and a password."""

    WITHOUT = MappingProxyType(dict.fromkeys(("username_ref", "password_ref"), _INLINE))

    username: Text = ""
    username_file: FileName | None = None
    password: Text = ""
    password_file: FileName | None = None


class Authorization(Options):
    """Any other way to say who we are."""

    WITHOUT = MappingProxyType({"credentials_ref": _INLINE})

    type: Text = "Bearer"
    credentials: Text = ""
    credentials_file: FileName | None = None


class HttpOptions(Reaching):
    """The http prober."""

    WITHOUT = MappingProxyType(
        {
            **dict.fromkeys(
                (
                    "proxy_url",
                    "no_proxy",
                    "proxy_from_environment",
                    "proxy_connect_header",
                    "skip_resolve_phase_with_proxy",
                    "use_proxy_dns",
                ),
                _NO_PROXY,
            ),
            **dict.fromkeys(
                ("fail_if_body_json_matches_cel", "fail_if_body_json_not_matches_cel"),
                "is not supported: search the body with fail_if_body_matches_regexp",
            ),
            "oauth2": "is not supported: use authorization, or basic_auth",
            "no_follow_redirects": "is not supported: it was replaced by follow_redirects",
            "bearer_token": "is not supported: use authorization",
            "bearer_token_file": "is not supported: use authorization, with credentials_file",
        },
    )

    valid_status_codes: Annotated[tuple[int, ...], Field(strict=False)] = ()
    valid_http_versions: Texts = ()
    method: Text = "GET"
    headers: Mapping[str, Text] = Field(default_factory=dict)
    http_headers: Mapping[str, HeaderValues] = Field(default_factory=dict)
    body: Text = ""
    body_file: FileName | None = None
    #: Bytes; 0 for no limit.
    body_size_limit: Annotated[int, BeforeValidator(amounts.size)] = 0
    compression: Literal["gzip", "deflate", "identity"] | None = None
    follow_redirects: bool = True
    fail_if_ssl: bool = False
    fail_if_not_ssl: bool = False
    fail_if_body_matches_regexp: Regexps = ()
    fail_if_body_not_matches_regexp: Regexps = ()
    fail_if_header_matches: Annotated[tuple[HeaderMatch, ...], Field(strict=False)] = ()
    fail_if_header_not_matches: Annotated[tuple[HeaderMatch, ...], Field(strict=False)] = ()
    tls_config: TlsOptions = TlsOptions()
    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    enable_http2: bool = True
    enable_http3: bool = False

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if self.enable_http3:
            raise contradiction(("enable_http3",), "HTTP/3 is not supported")
        if self.basic_auth and self.authorization:
            raise contradiction(("authorization",), "goes not with basic_auth")
        if self.body and self.body_file:
            raise contradiction(("body_file",), "goes not with body")
        return self


class Label(Options):
    """A label of `probe_expect_info`."""

    name: Annotated[str, BeforeValidator(units.matching(r"[A-Za-z_][A-Za-z0-9_]*", "label name"))]
    value: Text = ""


class QueryResponse(Options):
    """One step of a conversation: what to wait for, and what to say then."""

    expect: Regexp | None = None
    expect_bytes: Text = ""
    labels: Annotated[tuple[Label, ...], Field(strict=False)] = ()
    send: Text = ""
    starttls: bool = False

    @model_validator(mode="after")
    def _waits_for_one_thing(self) -> Self:
        if self.expect and self.expect_bytes:
            raise contradiction(("expect_bytes",), "goes not with expect")
        if self.labels and not self.expect:
            raise contradiction(("labels",), "takes its values from expect, which is missing")
        return self


class TcpOptions(Reaching):
    """The tcp prober."""

    source_ip_address: Source | None = None
    query_response: Annotated[tuple[QueryResponse, ...], Field(strict=False)] = ()
    tls: bool = False
    tls_config: TlsOptions = TlsOptions()


class RecordRules(Options):
    """What records of one section of a DNS answer must say."""

    fail_if_matches_regexp: Regexps = ()
    fail_if_all_match_regexp: Regexps = ()
    fail_if_not_matches_regexp: Regexps = ()
    fail_if_none_matches_regexp: Regexps = ()


class DnsOptions(Reaching):
    """The dns prober."""

    source_ip_address: Source | None = None
    transport_protocol: Literal["udp", "tcp"] = "udp"
    dns_over_tls: bool = False
    tls_config: TlsOptions = TlsOptions()
    query_name: Text = Field(min_length=1)
    query_type: Annotated[Query, BeforeValidator(read_query_type)] = Query("ANY", 255)
    query_class: Annotated[Query, BeforeValidator(read_query_class)] = Query("IN", 1)
    recursion_desired: bool = True
    valid_rcodes: Annotated[
        tuple[Annotated[Rcode, BeforeValidator(read_rcode)], ...], Field(strict=False)
    ] = (Rcode("NOERROR", 0),)
    validate_answer_rrs: RecordRules = RecordRules()
    validate_authority_rrs: RecordRules = RecordRules()
    validate_additional_rrs: RecordRules = RecordRules()

    @model_validator(mode="after")
    def _tls_takes_tcp(self) -> Self:
        if self.dns_over_tls and self.transport_protocol != "tcp":
            raise contradiction(("dns_over_tls",), "needs transport_protocol: tcp")
        return self


class IcmpOptions(Reaching):
    """The icmp prober."""

    source_ip_address: Source | None = None
    dont_fragment: bool = False
    #: Bytes of the echo; an IPv4 packet has 65535, 28 of them headers.
    payload_size: int = Field(default=0, ge=0, le=65_507)
    ttl: int = Field(default=0, ge=0, le=255)


class GrpcOptions(Reaching):
    """The grpc prober."""

    service: Text = ""
    metadata: Mapping[str, Texts] = Field(default_factory=dict)
    tls: bool = False
    tls_config: TlsOptions = TlsOptions()


PROBERS = ("http", "tcp", "dns", "icmp", "grpc")


def _prober(value: object) -> object:
    if value in ("unix", "websocket"):
        raise ValueError(f"blackbox_exporter's prober {value!r} is not supported")
    return value


class ModuleOptions(Options):
    """One module."""

    WITHOUT = MappingProxyType(
        dict.fromkeys(("unix", "websocket"), "blackbox_exporter's prober is not supported"),
    )

    prober: Annotated[Literal["http", "tcp", "dns", "icmp", "grpc"], BeforeValidator(_prober)]
    #: Seconds; 0 for as long as the scrape may take.
    timeout: Annotated[float, BeforeValidator(amounts.duration)] = 0.0
    http: HttpOptions = HttpOptions()
    tcp: TcpOptions = TcpOptions()
    dns: DnsOptions | None = None
    icmp: IcmpOptions = IcmpOptions()
    grpc: GrpcOptions = GrpcOptions()

    @model_validator(mode="after")
    def _says_only_what_counts(self) -> Self:
        for prober in PROBERS:
            if prober in self.model_fields_set and prober != self.prober:
                raise contradiction((prober,), f"would be ignored: the prober is {self.prober}")
        if self.prober == "dns" and self.dns is None:
            raise contradiction(("prober",), "dns needs dns.query_name")
        return self


class ModulesFile(Options):
    """The whole file."""

    modules: Mapping[str, ModuleOptions]
