"""How does a test look once?"""

from ipaddress import IPv4Address
from typing import Any

from probes.model.probe import Kind, Look, Probe, ProbeId, Target
from probes.model.result import Result
from probes.model.vantage import HOST, Vantage
from probes.runner import run

LOOPBACK = IPv4Address("127.0.0.1")


def probe_of(look: Look, *, vantage: Vantage = HOST, timeout: float = 5.0) -> Probe:
    """Make a probe whose identity does not matter."""
    probe_id = ProbeId(
        probe=Kind.TCP,
        target=Target.STATIC,
        network="",
        source_service="",
        source_node="",
        destination_service="",
    )
    return Probe(
        id=probe_id,
        look=look,
        vantage=vantage,
        interval_seconds=10,
        timeout_seconds=timeout,
    )


async def look_once(
    look: Look,
    *,
    vantage: Vantage = HOST,
    timeout: float = 5.0,
    **options: Any,
) -> Result:
    """Run *look* as the agent would."""
    return await run(probe_of(look, vantage=vantage, timeout=timeout), **options)
