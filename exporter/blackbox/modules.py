"""Which modules are there? Read from a file in blackbox_exporter's own format.

What a module names, such as passwords and certificates, is read with it: a probe opens no file.
"""

import base64
import ssl
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import h11

from exporter.blackbox.asked import Module
from exporter.blackbox.http_options import HttpOptions
from exporter.blackbox.module_options import ModuleOptions, ModulesFile
from exporter.blackbox.options import TlsOptions
from exporter.blackbox.shown import shown
from exporter.blackbox.tls import make_context
from probes import http2
from probes.documents.load import DocumentError, read
from probes.documents.yamlfile import Document

Modules = Mapping[str, Module]

#: A body is sent as a whole; passwords are far smaller.
_MOST_BYTES = 1024 * 1024
#: What the request itself says of its connection and its body.
_OURS = frozenset({"connection", "content-length", "transfer-encoding"})


def load_modules(path: Path) -> Modules:
    """Read the file, or raise DocumentError, which has one line per problem."""
    options, document = read(path, ModulesFile)
    reader = _Reader(document)
    modules = {name: reader.module(name, found) for name, found in options.modules.items()}
    if reader.problems:
        lines = (f"{path}:{line}: {text}" for line, text in sorted(reader.problems))
        raise DocumentError("\n".join(lines))
    return MappingProxyType(modules)


class _Reader:
    """Reads what modules name, and gathers what is wrong with it."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.problems: list[tuple[int, str]] = []

    def module(self, name: str, options: ModuleOptions) -> Module:
        at = ("modules", name)
        written = self._document.at(at)
        match options.prober:
            case "http":
                http = options.http
                alpn = (http2.ALPN, "http/1.1") if http.enable_http2 else ()
                return Module(
                    name=name,
                    options=options,
                    tls=self._context((*at, "http"), http.tls_config, alpn),
                    headers=self._headers(at, http),
                    authorization=self._authorization(at, http),
                    body=self._body(at, http),
                    shown=shown(written),
                )
            case "tcp":
                tls = self._context((*at, "tcp"), options.tcp.tls_config)
            case "dns" if options.dns:
                tls = self._context((*at, "dns"), options.dns.tls_config)
            case "grpc":
                tls = self._context((*at, "grpc"), options.grpc.tls_config, (http2.ALPN,))
            case _:
                tls = None
        return Module(name=name, options=options, tls=tls, shown=shown(written))

    def _context(
        self, at: tuple[str, ...], options: TlsOptions, alpn: tuple[str, ...] = ()
    ) -> ssl.SSLContext | None:
        at = (*at, "tls_config")
        files = ("ca_file", "cert_file", "key_file")
        before = len(self.problems)
        for key in files:
            if getattr(options, key):
                self._read((*at, key), getattr(options, key))
        if len(self.problems) > before:
            return None
        try:
            return make_context(options, alpn)
        except (OSError, ValueError) as exc:  # ssl.SSLError is an OSError
            named = ", ".join(key for key in files if getattr(options, key))
            reason = getattr(exc, "reason", None) or str(exc)
            self._complain(at, f"{named} cannot be used: {reason}")
        return None

    def _headers(self, at: tuple[str, ...], http: HttpOptions) -> tuple[tuple[str, str], ...]:
        found = list(http.headers.items())
        for name, said in http.http_headers.items():
            where = (*at, "http", "http_headers", name, "files")
            files = [self._secret((*where, number), file) for number, file in enumerate(said.files)]
            found += [(name, value) for value in (*said.values, *said.secrets, *files)]
        for name, value in found:
            key = "headers" if name in http.headers else "http_headers"
            self._check_header((*at, "http", key, name), name, value)
        if http.compression and "accept-encoding" not in {name.lower() for name, _ in found}:
            found.append(("Accept-Encoding", http.compression))
        return tuple(found)

    def _check_header(self, at: tuple[str, ...], name: str, value: str) -> None:
        if name.lower() in _OURS:
            self._complain(at, "is not supported: the request says it itself")
            return
        try:
            h11.Request(method="GET", target="/", headers=[("Host", "a"), (f"{name}", value)])
        except (h11.LocalProtocolError, UnicodeEncodeError):
            if name.lower() != "host":  # which stands twice here
                self._complain(at, "is no header that can be sent")

    def _authorization(self, at: tuple[str, ...], http: HttpOptions) -> str:
        if http.basic_auth:
            where, said = (*at, "http", "basic_auth"), http.basic_auth
            name = self._either((*where, "username"), said.username, said.username_file)
            password = self._either((*where, "password"), said.password, said.password_file)
            return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"
        if http.authorization:
            where, other = (*at, "http", "authorization"), http.authorization
            key = (*where, "credentials")
            credentials = self._either(key, other.credentials, other.credentials_file)
            self._check_header(key, "Authorization", credentials)
            return f"{other.type} {credentials}"
        return ""

    def _either(self, at: tuple[str, ...], text: str, file: str | None) -> str:
        return self._secret((*at[:-1], f"{at[-1]}_file"), file) if file else text

    def _body(self, at: tuple[str, ...], http: HttpOptions) -> bytes:
        if http.body_file:
            return self._read((*at, "http", "body_file"), http.body_file)
        return http.body.encode()

    def _secret(self, at: tuple[str | int, ...], file: str) -> str:
        try:
            return self._read(at, file).decode().strip()
        except UnicodeDecodeError:
            self._complain(at, f"{file} is not UTF-8")
            return ""

    def _read(self, at: tuple[str | int, ...], file: str) -> bytes:
        try:
            with Path(file).open("rb") as opened:
                content = opened.read(_MOST_BYTES + 1)
        except OSError as exc:
            self._complain(at, f"{file} cannot be read: {exc.strerror}")
            return b""
        if len(content) > _MOST_BYTES:
            self._complain(at, f"{file} is larger than {_MOST_BYTES} bytes")
            return b""
        return content

    def _complain(self, at: tuple[str | int, ...], reason: str) -> None:
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in at)
        key = "".join(steps).removeprefix(".")
        self.problems.append((self._document.line(at), f"{key}: {reason}"))
