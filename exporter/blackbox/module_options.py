"""What can a module say, and to which prober?"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from exporter.blackbox import amounts
from exporter.blackbox.http_options import HttpOptions
from exporter.blackbox.options import (
    Options,
    Reaching,
    Regexp,
    Regexps,
    Source,
    Text,
    Texts,
    TlsOptions,
)
from exporter.blackbox.records import Query, Rcode, read_query_class, read_query_type, read_rcode
from probes.documents import units
from probes.documents.section import contradiction


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
