"""What may a look use of the network? The one seam between probes and sockets."""

import socket
from dataclasses import dataclass
from typing import Protocol

from probes.model.vantage import Vantage
from probes.vantage import open_socket

#: Enough for a status page; what a stranger sends beyond it is not read.
RESPONSE_BYTES = 64 * 1024


class Net(Protocol):
    """Sockets at one vantage, and how much of an answer may be read from them."""

    @property
    def vantage(self) -> Vantage: ...
    @property
    def response_bytes(self) -> int: ...

    def socket(self, kind: socket.SocketKind, protocol: int = 0) -> socket.socket: ...


@dataclass(frozen=True, slots=True)
class VantageNet:
    """The real network, as it is seen from *vantage*."""

    vantage: Vantage
    response_bytes: int

    def socket(self, kind: socket.SocketKind, protocol: int = 0) -> socket.socket:
        """Open a socket; raises what `open_socket` raises."""
        return open_socket(self.vantage, kind, protocol)
