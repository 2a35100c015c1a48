"""Does a connection come about that the declared policy forbids? Then the policy is not kept."""

import asyncio
import socket

from probes import stream
from probes.errors import ConnectedError, RefusedError, TimedOutError, UnreachableError
from probes.model.probe import PolicyLook
from probes.model.result import Observation, Outcome
from probes.net import Net
from probes.phases import Phases


async def look(look: PolicyLook, net: Net, phases: Phases) -> Observation:
    """Try to connect; ConnectedError where it works, and what kept us out where it does not.

    Unless it may be *routed*, nothing leaves by a gateway (SO_DONTROUTE, socket(7)): where the two
    share no network, the kernel says so at once, and no packet for an overlay's address gets out
    into the world.
    """
    with net.socket(socket.SOCK_STREAM) as sock:
        if not look.routed:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
        try:
            async with asyncio.timeout(look.patience_seconds):
                await stream.connect(sock, look.address, look.port, phases)
        except TimeoutError:
            return Observation(kept_out_by=Outcome.TIMEOUT)
        except (RefusedError, TimedOutError, UnreachableError) as exc:
            return Observation(kept_out_by=exc.outcome)
        rtt = Observation(rtt_seconds=stream.rtt_seconds(sock))
        raise ConnectedError(f"{look.address}:{look.port} accepts connections from here", rtt)
