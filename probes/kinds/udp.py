"""Does something answer a datagram there, or refuse it?"""

import socket
import time

from probes import datagram
from probes.errnos import translated
from probes.errors import BadReplyError
from probes.model.probe import UdpLook
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases

_LARGEST = 65535
_SHOWN = 60


async def look(look: UdpLook, net: Net, phases: Phases) -> Observation:
    """Send one datagram and wait.

    A closed port is known by ICMP (RFC 1122, 3.2.2.1), which a connected socket tells as "refused".
    Silence is a failure where an answer is expected; else it may as well be a server's consent,
    and the runner says so (`may_be_silent`).
    """
    where = f"{look.address}:{look.port}"
    with net.socket(socket.SOCK_DGRAM) as sock, translated(where):
        datagram.prepare(sock)
        sock.connect((str(look.address), look.port))
        with phases.timed("answer"):
            sent_at = time.time()
            sock.send(bytes.fromhex(look.payload))
            answer, arrived_at = await datagram.receive(sock, _LARGEST)
    observed = Observation(
        rtt_seconds=max(0.0, arrived_at - sent_at),
        told=(("answer", repr(answer[:_SHOWN])[2:-1]),),
    )
    if bytes.fromhex(look.expect) not in answer:
        raise BadReplyError(f"the answer does not contain {look.expect[:_SHOWN]}", observed)
    return observed
