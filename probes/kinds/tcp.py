"""Does something accept connections there?"""

import socket
import struct

from probes import stream
from probes.model.probe import TcpLook
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases

_RESET_ON_CLOSE = struct.pack("@ii", 1, 0)  # struct linger


async def look(look: TcpLook, net: Net, phases: Phases) -> Observation:
    """Open one connection and close it again."""
    with net.socket(socket.SOCK_STREAM) as sock:
        # The handshake's last packet waits for data that never comes, and closing sends a reset
        # instead. So the peer's program is not even woken, its log stays clean, and no TIME_WAIT
        # or conntrack entry stays behind for minutes: at 200 probes a second there would be
        # tens of thousands. The SYN-ACK has proved by then all that a connection proves.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        await stream.connect(sock, look.address, look.port, phases)
        return Observation(rtt_seconds=stream.rtt_seconds(sock))
