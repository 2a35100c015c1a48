"""What can a module say to the http prober, and what of it is supported here?"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from exporter.blackbox import amounts
from exporter.blackbox.options import (
    INLINE,
    FileName,
    Options,
    Reaching,
    Regexp,
    Regexps,
    Text,
    Texts,
    TlsOptions,
)
from probes.documents.section import contradiction

_NO_PROXY = "is not supported: what a proxy connects to could not be held against `blackbox.allow`"


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

    WITHOUT = MappingProxyType(dict.fromkeys(("username_ref", "password_ref"), INLINE))

    username: Text = ""
    username_file: FileName | None = None
    password: Text = ""
    password_file: FileName | None = None


class Authorization(Options):
    """Any other way to say who we are."""

    WITHOUT = MappingProxyType({"credentials_ref": INLINE})

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
