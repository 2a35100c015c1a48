"""What does this node's agent answer? HTTP over its Unix socket, which the file system guards."""

import http.client
import socket
from contextlib import closing
from http import HTTPStatus

from probes.looks.errors import CannotLookError, NoAgentError, UsageError

#: The agent itself gives other nodes' agents 5 s each, all at once.
_ANSWERS_WITHIN_SECONDS = 10
_REMEDY = "run `probe` where the agent runs (docker exec AGENT probe ...)"


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, within_seconds: float) -> None:
        super().__init__("localhost", timeout=within_seconds)
        self._path = path

    def connect(self) -> None:
        """Connect to the path rather than to a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask_agent(
    path: str,
    target: str,
    within_seconds: float = _ANSWERS_WITHIN_SECONDS,
    body: bytes | None = None,
) -> bytes:
    """GET *target* of the agent at the socket *path*, or POST *body* to it.

    NoAgentError says why there is no answer, CannotLookError what the agent could not do, and
    UsageError what it says is asked wrongly.
    """
    try:
        with closing(_UnixConnection(path, within_seconds)) as connection:
            connection.request("GET" if body is None else "POST", target, body)
            response = connection.getresponse()
            answer = response.read()
    except (OSError, http.client.HTTPException) as exc:
        raise NoAgentError(f"the agent at {path} cannot be asked: {exc}; {_REMEDY}") from exc
    if response.status == HTTPStatus.OK:
        return answer
    why = answer.decode(errors="replace").strip()
    if body is not None and response.status == HTTPStatus.BAD_REQUEST:
        raise UsageError(why)
    raise CannotLookError(f"the agent at {path}: {response.status} {why}")
