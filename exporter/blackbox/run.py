"""How does one probe of a module end?"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from types import MappingProxyType

from exporter.blackbox import dns, grpc, http, icmp, metrics, tcp
from exporter.blackbox.asked import Asked
from exporter.blackbox.errors import FailedError, UnableError
from exporter.blackbox.place import Place
from exporter.blackbox.record import Record
from probes.errors import LookError
from probes.model.result import Verdict
from probes.vantage import is_namespace

Prober = Callable[[Asked, Place, Record], Awaitable[None]]

PROBERS: Mapping[str, Prober] = MappingProxyType(
    {
        "http": http.probe,
        "tcp": tcp.probe,
        "dns": dns.probe,
        "icmp": icmp.probe,
        "grpc": grpc.probe,
    },
)


async def run(asked: Asked, place: Place, timeout_seconds: float) -> Record:
    """Probe once; the record says whether it worked.

    Raises UnableError where it could not be looked: that is no word on the target. Raises
    NotAllowedError and BadRequestError, too. Bugs get out.
    """
    prober = asked.module.options.prober
    record = Record(module=asked.module.name, target=asked.target)
    record.info("Beginning probe", probe=prober, timeout_seconds=f"{timeout_seconds:.3g}")
    began = perf_counter()
    why_not = await _attempt(asked, place, record, timeout_seconds)
    seconds = perf_counter() - began
    record.set(metrics.SUCCESS, not why_not)
    record.set(metrics.DURATION, seconds)
    if why_not:
        record.error("Probe failed", reason=why_not, duration_seconds=f"{seconds:.6f}")
    else:
        record.info("Probe succeeded", duration_seconds=f"{seconds:.6f}")
    return record


async def _attempt(asked: Asked, place: Place, record: Record, timeout_seconds: float) -> str:
    """Probe, and say why it failed; "" when it worked."""
    netns = place.vantage.netns
    try:
        async with asyncio.timeout(timeout_seconds):
            await PROBERS[asked.module.options.prober](asked, place, record)
    except TimeoutError:
        why_not = f"no answer within {timeout_seconds:.3g} s"
    except FailedError as exc:
        why_not = str(exc)
    except LookError as exc:
        if exc.outcome.verdict is Verdict.UNKNOWN:
            raise UnableError(str(exc)) from exc
        why_not = str(exc)
    else:
        return ""
    if netns is not None and not is_namespace(netns):
        raise UnableError(f"the namespace of {place.vantage.name} went away meanwhile ({why_not})")
    return why_not
