"""What does a node's Engine say over its socket?"""

import http.client
import json
import socket
from pathlib import Path
from typing import Any

from tests.lab.errors import LabError


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("docker", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def get(path: Path, request: str, timeout: float = 10) -> Any:
    """GET *request* (as `/info`) from the Engine's socket *path*; parsed where it is JSON."""
    connection = _UnixConnection(path, timeout)
    try:
        connection.request("GET", request)
        answer = connection.getresponse()
        body = answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise LabError(f"{path}: GET {request}: {error}") from error
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise LabError(f"{path}: GET {request}: {answer.status} {body.strip()}")
    is_json = answer.getheader("Content-Type", "").startswith("application/json")
    return json.loads(body) if is_json else body
