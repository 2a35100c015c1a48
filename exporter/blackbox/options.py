"""What is the same in all modules of blackbox_exporter's configuration?

Keys and defaults are blackbox_exporter's own (its CONFIGURATION.md). `WITHOUT` has what it knows
and we do not: naming one of these is an error that says so.
"""

from ipaddress import IPv4Address
from ssl import TLSVersion
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, InstanceOf, model_validator

from exporter.blackbox import amounts
from exporter.blackbox.patterns import Pattern, read_pattern
from probes.documents import units
from probes.documents.section import Section, contradiction

Text = Annotated[str, BeforeValidator(amounts.text)]
Regexp = Annotated[InstanceOf[Pattern], BeforeValidator(read_pattern)]
Source = Annotated[IPv4Address, BeforeValidator(units.address)]
FileName = Annotated[str, BeforeValidator(units.path)]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]
Regexps = Annotated[tuple[Regexp, ...], Field(strict=False)]

_SERVER_NAME = r"([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?)*"
INLINE = "is not supported: name a file"
_ONLY_IP4 = "is not supported: looks are taken over IPv4, which Swarm's networks are"


class Options(Section):
    """A mapping of a module: an empty value says nothing, as in Go."""

    @model_validator(mode="before")
    @classmethod
    def _empty_is_the_default(cls, data: Any) -> Any:  # noqa: ANN401 -- whatever YAML gave
        if not isinstance(data, dict):
            return data
        known = cls.model_fields
        return {key: value for key, value in data.items() if value is not None or key not in known}


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
        dict.fromkeys(("ca", "cert", "key", "ca_ref", "cert_ref", "key_ref"), INLINE),
    )

    insecure_skip_verify: bool = False
    ca_file: FileName | None = None
    cert_file: FileName | None = None
    key_file: FileName | None = None
    #: "" for the target's own name.
    server_name: Annotated[str, BeforeValidator(units.matching(_SERVER_NAME, "host's name"))] = ""
    min_version: Annotated[TLSVersion, BeforeValidator(amounts.tls_version)] = TLSVersion.TLSv1_2
    max_version: Annotated[TLSVersion, BeforeValidator(amounts.tls_version)] = TLSVersion.TLSv1_3

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise contradiction((), "cert_file and key_file go together")
        if self.min_version > self.max_version:
            raise contradiction(("min_version",), "is above max_version")
        return self
