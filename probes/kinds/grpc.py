"""Does a gRPC server say that it serves? Its health service, version 1."""

from collections.abc import Mapping
from types import MappingProxyType

from probes import grpc_health, http2
from probes.conversation import talking
from probes.errors import BadReplyError, LookError, NotReadyError
from probes.grpc_health import STATUSES, Health
from probes.model.probe import GrpcLook
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases

_OK_STATUS = 200
_SERVING = STATUSES.index("SERVING")
#: Codes that a health check is likely to meet (grpc/grpc doc/statuscodes.md).
_CODES: Mapping[int, str] = MappingProxyType(
    {
        5: "it does not know this service",
        12: "it has no health service",
        14: "it is unavailable",
        16: "it wants credentials",
    }
)


async def look(look: GrpcLook, net: Net, phases: Phases) -> Observation:
    """Ask for the health of one service, or of the server."""
    host = look.host or str(look.address)
    headers = grpc_health.headers_for(f"{host}:{look.port}", tls=look.tls)
    async with talking(look, net, phases) as server:
        if look.tls:
            await server.secure(http2.ALPN)
        try:
            health = await grpc_health.ask(server.stream, headers, look.service, phases)
        except LookError as exc:
            raise type(exc)(str(exc), server.observed) from exc
        status = _status(health, server.observed)
        server.tell("health", status)
        if health.serving != _SERVING:
            raise NotReadyError(f"{look.service or 'the server'} says {status}", server.observed)
        return server.observed


def _status(health: Health, observed: Observation) -> str:
    """Name the status; raises where there is none."""
    if health.http_status != _OK_STATUS or health.code is None:
        raise BadReplyError(f"no gRPC is spoken there (status {health.http_status})", observed)
    if health.code:
        why = _CODES.get(health.code, health.message or f"its answer is code {health.code}")
        raise NotReadyError(f"no health from the server: {why}", observed)
    if health.serving is None:
        raise BadReplyError("the answer is no health", observed)
    known = health.serving < len(STATUSES)
    return STATUSES[health.serving] if known else str(health.serving)
