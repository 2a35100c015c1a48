"""How does one run of one probe end?"""

import asyncio
import time
from collections.abc import Callable

from probes.errors import LookError
from probes.kinds import function_for
from probes.model.probe import Probe, may_be_silent
from probes.model.result import NOTHING_OBSERVED, Outcome, Result, Verdict
from probes.model.vantage import Vantage
from probes.net import RESPONSE_BYTES, Net, VantageNet
from probes.phases import Phases
from probes.vantage import is_namespace


async def run(
    probe: Probe,
    *,
    response_bytes: int = RESPONSE_BYTES,
    net: Callable[[Vantage, int], Net] = VantageNet,
) -> Result:
    """Look once, for no longer than the probe's timeout; never raises for what the network did.

    At most *response_bytes* of an answer's head, and as many of its body, are read. *net* makes
    the network as seen from a vantage. Bugs get out: a TypeError is not an outage.
    """
    phases = Phases()
    look = function_for(probe.look)
    outcome, detail, observed = Outcome.OK, "", NOTHING_OBSERVED
    started_at, started = time.time(), time.perf_counter()
    try:
        async with asyncio.timeout(probe.timeout_seconds):
            observed = await look(probe.look, net(probe.vantage, response_bytes), phases)
    except TimeoutError:
        outcome = Outcome.TIMEOUT
        detail = f"no answer within {probe.timeout_seconds:g} s (step: {phases.current})"
        if may_be_silent(probe.look):
            outcome = Outcome.SILENT
            detail = (
                f"neither an answer nor a refusal within {probe.timeout_seconds:g} s: it may have "
                "arrived all the same; send what must be answered, and expect that"
            )
    except LookError as exc:
        outcome, detail, observed = exc.outcome, str(exc), exc.observed
    seconds = time.perf_counter() - started
    if outcome.verdict is Verdict.FAILED and _is_gone(probe.vantage):
        outcome, detail = Outcome.VANISHED, f"the namespace went away meanwhile ({detail})"
    return Result(
        probe=probe,
        outcome=outcome,
        detail=detail,
        started_at=started_at,
        seconds=seconds,
        phases=phases.recorded(),
        observed=observed,
    )


def _is_gone(vantage: Vantage) -> bool:
    """Tell whether the namespace ended during the look: then the network was not at fault."""
    return vantage.netns is not None and not is_namespace(vantage.netns)
