"""What is around this node? The Engine and the agent are asked only when somebody must know.

A manager's Engine tells the topology; on a worker the agent knows it, from a manager's agent.
"""

import http.client
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from http import HTTPStatus
from ipaddress import IPv4Address
from pathlib import Path

from probes.addresses import first_nameserver
from probes.cli.errors import CannotLookError
from probes.cli.names import Directory
from probes.cli.options import Addresses
from probes.model.local import LocalTask
from probes.model.topology import Topology
from probes.swarm.connection import EngineError, NotAManagerError
from probes.swarm.engine import Engine
from probes.wire import load_topology

_AGENT_ANSWERS_WITHIN_SECONDS = 5
_TOPOLOGY_PATH = "/api/v1/topology"
_RESOLVER_FILE = Path("/etc/resolv.conf")
_LOOPBACK = IPv4Address("127.0.0.1")


class Around:
    """What is around this node, read at most once; raises CannotLookError."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._engine = Engine(addresses.engine, addresses.netns_folder)

    @cached_property
    def topology(self) -> Topology:
        """The whole Swarm."""
        try:
            with _translated():
                return self._engine.topology()
        except NotAManagerError:
            return _ask_agent(self._addresses.agent)

    @cached_property
    def directory(self) -> Directory:
        """Everything that can be named."""
        return Directory(self.topology)

    @cached_property
    def local(self) -> tuple[LocalTask, ...]:
        """The tasks that run on this node."""
        with _translated():
            return self._engine.local_tasks()

    @cached_property
    def host_resolver(self) -> IPv4Address:
        """The resolver of the node itself; none named means this machine (resolv.conf(5))."""
        try:
            return first_nameserver(_RESOLVER_FILE.read_text()) or _LOOPBACK
        except OSError:
            return _LOOPBACK


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except NotAManagerError:
        raise
    except EngineError as exc:
        raise CannotLookError(str(exc)) from exc


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_AGENT_ANSWERS_WITHIN_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the path rather than to a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _ask_agent(path: str) -> Topology:
    remedy = "run `probe` on a manager, or where the agent runs (docker exec AGENT probe ...)"
    try:
        with closing(_UnixConnection(path)) as connection:
            connection.request("GET", _TOPOLOGY_PATH)
            response = connection.getresponse()
            body = response.read()
        if response.status != HTTPStatus.OK:
            why = body.decode(errors="replace").strip()
            raise CannotLookError(f"the agent at {path} knows no topology: {why}")
        return load_topology(body)
    except (OSError, http.client.HTTPException, ValueError) as exc:
        raise CannotLookError(
            f"this node is no manager, and its agent at {path} cannot be asked: {exc}; {remedy}",
        ) from exc
