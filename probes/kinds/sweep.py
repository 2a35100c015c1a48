"""How large may a packet be to get there and back in one piece, and where does it break?"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from probes.errors import NarrowError, TimedOutError, UnreachableError
from probes.icmp_errors import IcmpError
from probes.kinds.echoes import echo_once
from probes.kinds.icmp import echo_socket
from probes.kinds.mtu import HEADERS_BYTES, device_mtu, whole_packets
from probes.model.probe import SweepLook
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases

#: Whatever else it does, an IPv4 network carries this much (RFC 791).
_SMALLEST_BYTES = 68
#: From below, so many sizes are tried, evenly spread: a way that carries 1400 and not 1000 is not
#: found by halving.
_STEPS = 12
#: One lost echo is chance.
_TRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What came of it; sizes in bytes, with the IP header."""

    #: None where not even the smallest passed.
    largest: int | None
    #: The smallest that is known not to pass; None where all did.
    breaks_at: int | None
    #: Sizes that did not pass, below others that did.
    holes: tuple[int, ...] = ()


async def look(look: SweepLook, net: Net, phases: Phases) -> Observation:
    """Try sizes from below and from above; NarrowError where less passes than the device has."""
    said: dict[int, IcmpError] = {}
    with echo_socket(look.address, net) as sock:
        whole_packets(sock)
        wanted = device_mtu(sock)

        async def passes(size: int) -> bool:
            for _ in range(_TRIES):
                echoed = await echo_once(sock, size - HEADERS_BYTES, look.patience_seconds)
                if echoed.error:
                    said[size] = echoed.error
                    return False
                if echoed.rtt_seconds is not None:
                    return True
            return False

        with phases.timed("sweep"):
            found = await sweep(passes, _SMALLEST_BYTES, wanted)
    return _judged(found, wanted, said)


async def sweep(passes: Callable[[int], Awaitable[bool]], smallest: int, wanted: int) -> Sweep:
    """Find the largest size from *smallest* to *wanted* that passes.

    From above first, since *wanted* should pass; then evenly spread from below, which finds holes;
    then by halving between the largest that passed and the next that did not.
    """
    whole = await passes(wanted)
    step = max(1, (wanted - smallest) // _STEPS)
    tried = {size: await passes(size) for size in range(smallest, wanted, step)} | {wanted: whole}
    good = [size for size, passed in tried.items() if passed]
    if not good:
        return Sweep(largest=None, breaks_at=smallest)
    low = max(good)
    holes = tuple(size for size, passed in tried.items() if not passed and size < low)
    high = min((size for size in tried if size > low), default=None)
    while high is not None and high - low > 1:
        middle = (low + high) // 2
        if await passes(middle):
            low = middle
        else:
            high = middle
    return Sweep(largest=low, breaks_at=high, holes=holes)


def _judged(found: Sweep, wanted: int, said: dict[int, IcmpError]) -> Observation:
    if found.largest is None:
        error = said.get(_SMALLEST_BYTES)
        if error and not error.too_large:
            raise UnreachableError(f"{_why(_SMALLEST_BYTES, said)}, whatever the size")
        raise TimedOutError(f"not even {_SMALLEST_BYTES} bytes come back: size is not why")
    told = [("should pass", f"{wanted} bytes, as the device on the way has it")]
    if found.breaks_at is not None:
        told.append(("breaks at", f"{found.breaks_at} bytes: {_why(found.breaks_at, said)}"))
    if found.holes:
        told.append(("holes", f"{', '.join(map(str, found.holes))} bytes do not pass, either"))
    observed = Observation(largest_bytes=found.largest, told=tuple(told))
    if found.breaks_at is not None or found.holes:
        why = _why(found.breaks_at, said) if found.breaks_at else "smaller ones are lost"
        raise NarrowError(f"{found.largest} of {wanted} bytes pass: {why}", observed)
    return observed


def _why(size: int, said: dict[int, IcmpError]) -> str:
    error = said.get(size)
    if error is None:
        return "what is larger is dropped without a word, a black hole"
    who = str(error.sender) if error.sender else "this kernel"
    if error.too_large:
        limit = f", {error.mtu_bytes} is the limit" if error.mtu_bytes else ""
        return f"{who} says: too large{limit}"
    return f"{who} says: {error.words}"
