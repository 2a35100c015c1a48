"""Is a service healthy, as it says itself over gRPC (health v1)?"""

import socket
from collections.abc import Mapping
from time import perf_counter
from types import MappingProxyType

from exporter.blackbox import metrics, targets
from exporter.blackbox.asked import Asked
from exporter.blackbox.errors import FailedError
from exporter.blackbox.place import Place
from exporter.blackbox.record import Record
from exporter.blackbox.tls import record_connection
from probes import grpc_health, http2, stream
from probes.errnos import translated
from probes.errors import LookError, TlsError
from probes.grpc_health import STATUSES, Health
from probes.http2 import Header
from probes.model.result import Verdict
from probes.phases import Phases
from probes.stream import PlainStream, Stream, TlsStream

_PORT, _TLS_PORT = 80, 443

# Codes of gRPC's statuses that we have to name ourselves (google.golang.org/grpc/codes).
_OK, _UNKNOWN, _DEADLINE_EXCEEDED, _INTERNAL, _UNAVAILABLE = 0, 2, 4, 13, 14
#: What an answer that is not gRPC's means (http-grpc-status-mapping.md).
_CODES_OF_HTTP: Mapping[int, int] = MappingProxyType(
    {400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14},
)


async def probe(asked: Asked, place: Place, record: Record) -> None:
    """Ask once for the health of a service."""
    options = asked.module.options.grpc
    for spec in (metrics.GRPC_TLS, metrics.GRPC_STATUS, metrics.CERTIFICATE_EXPIRY):
        record.set(spec, 0)
    record.set(metrics.GRPC_SECONDS, 0, "resolve")
    host, port = _host_port(asked.target, _TLS_PORT if options.tls else _PORT)
    address = await place.first_address(host, record)
    record.set(metrics.GRPC_SECONDS, record.samples[metrics.LOOKUP_SECONDS][()], "resolve")
    for name in STATUSES:
        record.set(metrics.GRPC_HEALTH, 0, name)
    # Until something else is known: the deadline may end it at any step.
    record.set(metrics.GRPC_STATUS, _DEADLINE_EXCEEDED)
    began = perf_counter()
    try:
        with place.net.socket(socket.SOCK_STREAM) as sock, translated(f"{address}:{port}"):
            await stream.connect(sock, address, port, Phases())
            peer: Stream = PlainStream(sock)
            if options.tls and asked.module.tls:
                name = options.tls_config.server_name or asked.hostname or host
                peer = secure = TlsStream(sock, name, asked.module.tls)
                await secure.handshake()
                if secure.protocol() != http2.ALPN:
                    raise TlsError("the peer does not offer HTTP/2")
            authority = f"{host}:{port}"
            headers = _headers(asked, authority)
            health = await grpc_health.ask(peer, headers, options.service, Phases())
            status, message = _status(health)
            if options.tls and status == _OK:
                record.set(metrics.GRPC_TLS, 1)
                record_connection(secure, record, chain_expiry=False)
    except LookError as exc:
        if exc.outcome.verdict is Verdict.FAILED:
            record.set(metrics.GRPC_STATUS, _UNAVAILABLE)
        raise
    finally:
        record.set(metrics.GRPC_SECONDS, perf_counter() - began, "check")
    record.set(metrics.GRPC_STATUS, status)
    if status != _OK:
        raise FailedError(f"gRPC status {status}: {message}")
    _judge(health.serving, record)


def _host_port(target: str, default: int) -> tuple[str, int]:
    """Read [http[s]://]HOST[:PORT]."""
    for scheme in ("http://", "https://"):
        target = target.removeprefix(scheme)
    return targets.split_optional_port(target.partition("/")[0], default)


def _headers(asked: Asked, authority: str) -> list[Header]:
    options = asked.module.options.grpc
    metadata = [(key.lower(), value) for key, all_ in options.metadata.items() for value in all_]
    return grpc_health.headers_for(authority, tls=options.tls, metadata=metadata)


def _status(health: Health) -> tuple[int, str]:
    """Give gRPC's status and its message, of what is no gRPC, too."""
    if health.too_long:
        return _INTERNAL, "the answer is too long for a health"
    if health.code is None:
        code = _CODES_OF_HTTP.get(health.http_status, _UNKNOWN)
        return code, f"HTTP status {health.http_status}"
    return health.code, health.message


def _judge(serving: int | None, record: Record) -> None:
    if serving is None:
        raise FailedError("the answer is no HealthCheckResponse")
    said = STATUSES[serving] if serving < len(STATUSES) else str(serving)
    record.info("Got health", serving_status=said)
    record.set(metrics.GRPC_HEALTH, 1, said)
    if said != "SERVING":
        raise FailedError(f"the service is {said}")
