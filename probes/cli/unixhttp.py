"""How is HTTP spoken over a Unix socket?"""

import http.client
import socket
from http.client import HTTPException

__all__ = ["HTTPException", "UnixConnection"]


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, within_seconds: float) -> None:
        super().__init__("localhost", timeout=within_seconds)
        self._path = path

    def connect(self) -> None:
        """Connect to the path rather than to a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
