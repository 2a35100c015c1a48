"""Who passes packets on, on the way there, and how far do they get?"""

import socket
from ipaddress import IPv4Address

from probes.errors import TimedOutError, UnreachableError
from probes.kinds.echoes import Echoed, echo_once
from probes.kinds.icmp import echo_socket
from probes.model.probe import TraceLook
from probes.model.result import Observation, TracedHop
from probes.net import Net
from probes.phases import Phases

_PAYLOAD_BYTES = 32
#: Routers that say nothing are common; so many in a row are the end of what can be seen.
_MOST_SILENT = 3


async def look(look: TraceLook, net: Net, phases: Phases) -> Observation:
    """Send echoes that may take one step more each time, until the address answers itself."""
    hops: list[TracedHop] = []
    with echo_socket(look.address, net) as sock, phases.timed("trace"):
        for steps in range(1, look.most_hops + 1):
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, steps)
            echoes = [
                await echo_once(sock, _PAYLOAD_BYTES, look.patience_seconds)
                for _ in range(look.tries)
            ]
            hops.append(_hop(steps, echoes, look))
            observed = Observation(hops=tuple(hops), rtt_seconds=_end(echoes))
            if observed.rtt_seconds is not None:
                return observed
            if hops[-1].said:
                raise UnreachableError(f"{hops[-1].address} says: {hops[-1].said}", observed)
            if all(hop.address is None for hop in hops[-_MOST_SILENT:]) and steps >= _MOST_SILENT:
                break
    last = next((hop for hop in reversed(hops) if hop.address), None)
    where = f"after {last.address}" if last else "on the first step, or it answers no echo"
    raise TimedOutError(f"the way is lost {where}", observed)


def _end(echoes: list[Echoed]) -> float | None:
    """Give the best round trip, where the address itself answered."""
    trips = [item.rtt_seconds for item in echoes if item.rtt_seconds is not None and not item.error]
    return min(trips, default=None)


def _hop(steps: int, echoes: list[Echoed], look: TraceLook) -> TracedHop:
    errors = [item.error for item in echoes if item.error]
    answered = [item for item in echoes if item.error or item.rtt_seconds is not None]
    address: IPv4Address | None = None
    if answered:
        address = errors[0].sender if errors else look.address
    return TracedHop(
        steps=steps,
        address=address,
        name=dict(look.names).get(address, "") if address else "",
        round_trips=tuple(item.rtt_seconds for item in answered if item.rtt_seconds is not None),
        lost=len(echoes) - len(answered),
        said=next((item.words for item in errors if not item.exceeded), ""),
    )
