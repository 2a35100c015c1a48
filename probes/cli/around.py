"""What is around this node? The Engine and the agent are asked only when somebody must know.

A manager's Engine tells the topology; on a worker the agent knows it, from a manager's agent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING

from probes.cli.agent import ask_agent
from probes.cli.options import Addresses
from probes.errors import LookError
from probes.looks.errors import CannotLookError
from probes.looks.names import Directory
from probes.looks.resolver import host_resolver
from probes.model.local import LocalTask
from probes.model.topology import Topology
from probes.swarm.errors import EngineError, NotAManagerError

if TYPE_CHECKING:
    from probes.kernel.namespaces import Namespace
    from probes.swarm.engine import Engine

_TOPOLOGY_PATH = "/api/v1/topology"


class Around:
    """What is around this node, read at most once; raises CannotLookError."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses

    @cached_property
    def engine(self) -> "Engine":
        # A look at an address from the host asks no Engine, and its library takes a while to load.
        from probes.swarm.engine import Engine  # noqa: PLC0415

        return Engine(self._addresses.engine, self._addresses.netns_folder)

    @cached_property
    def topology(self) -> Topology:
        """The whole Swarm."""
        try:
            with _translated():
                return self.engine.topology()
        except NotAManagerError:
            return _ask_topology(self._addresses.agent)

    @cached_property
    def reported_topology(self) -> Topology:
        """The whole Swarm with what the nodes' agents reported, where ours can be asked."""
        try:
            return _ask_topology(self._addresses.agent)
        except CannotLookError:
            return self.topology

    @cached_property
    def directory(self) -> Directory:
        """Everything that can be named."""
        return Directory(self.topology)

    @cached_property
    def local(self) -> tuple[LocalTask, ...]:
        """The tasks that run on this node."""
        with _translated():
            return self.engine.local_tasks()

    @cached_property
    def host_resolver(self) -> IPv4Address:
        """The resolver of the node itself."""
        return host_resolver()

    @cached_property
    def namespaces(self) -> "tuple[Namespace, ...]":
        """What Docker's folder of network namespaces has."""
        from probes.kernel.namespaces import list_namespaces  # noqa: PLC0415 -- as above

        try:
            return list_namespaces(Path(self._addresses.netns_folder), self.topology.networks)
        except LookError as exc:
            raise CannotLookError(str(exc)) from exc


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except NotAManagerError:
        raise
    except EngineError as exc:
        raise CannotLookError(str(exc)) from exc


def _ask_topology(path: str) -> Topology:
    from probes.wire import load_topology  # noqa: PLC0415 -- as above

    try:
        return load_topology(ask_agent(path, _TOPOLOGY_PATH))
    except CannotLookError as exc:
        raise CannotLookError(f"this node is no manager, and {exc}") from exc
    except ValueError as exc:
        raise CannotLookError(f"the agent at {path} told no topology: {exc}") from exc
