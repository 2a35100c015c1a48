"""How is a target written, for each prober?"""

import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from exporter.blackbox.errors import BadRequestError, FailedError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65535
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOSTNAME = re.compile(rf"{_LABEL}(\.{_LABEL}){{0,126}}(:[0-9]{{1,5}})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """Where a request goes."""

    scheme: str
    host: str
    port: int
    #: Host and port as they were written: the `Host` header.
    authority: str
    #: Path and query, fit for a request line.
    path: str

    @property
    def tls(self) -> bool:
        """Whether it is to go over TLS."""
        return self.scheme == "https"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def split_port(target: str) -> tuple[str, int]:
    """Read HOST:PORT; FailedError for anything else."""
    host, colon, port = target.rpartition(":")
    if not colon or not host:
        raise FailedError(f"target {target!r} has no port: write HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), _port(port)


def split_optional_port(target: str, default: int) -> tuple[str, int]:
    """Read HOST[:PORT]."""
    if ":" in target.rpartition("]")[2]:
        return split_port(target)
    return target.removeprefix("[").removesuffix("]"), default


def read_url(target: str) -> Url:
    """Read a URL, which may lack its scheme."""
    if not target.startswith(("http://", "https://")):
        target = f"http://{target}"
    return _url(target)


def followed(url: Url, location: str) -> Url:
    """Read where a redirect leads to."""
    try:
        target = urljoin(str(url), location)
    except ValueError as exc:
        raise FailedError(f"redirected to {location!r}, which is no URL: {exc}") from exc
    return _url(target)


def read_hostname(text: str) -> str:
    """Read a `Host` header, HOST[:PORT]; BadRequestError for anything else."""
    if not _HOSTNAME.fullmatch(text):
        raise BadRequestError(f"hostname={text!r} is no name of a host")
    return text


def _url(text: str) -> Url:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as exc:
        raise FailedError(f"{text!r} is no URL: {exc}") from exc
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise FailedError(f"{text!r} is no URL of HTTP")
    if "@" in parts.netloc:
        raise BadRequestError(
            "a name or password in the target is not supported: use basic_auth in the module",
        )
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~[]")
    query = quote(parts.query, safe="/?%:@!$&'()*+,;=~[]")
    return Url(
        scheme=parts.scheme,
        host=parts.hostname,
        port=_DEFAULT_PORTS[parts.scheme] if port is None else port,
        authority=parts.netloc,
        path=path + (f"?{query}" if query else ""),
    )


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= _LAST_PORT:
        raise FailedError(f"{text!r} is no port from 1 to {_LAST_PORT}")
    return int(text)
