"""What does this node's kernel say about its overlays, as of a moment ago?

Read in a thread of its own, which enters namespaces and leaves them again; several scrapes within
a short time share one reading.
"""

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from time import monotonic

from exporter.view import View
from probes.errors import LookError
from probes.kernel.endpoints import read_endpoints
from probes.kernel.namespaces import Namespace, list_namespaces
from probes.kernel.read import read_namespaces
from probes.model.intent import NOTHING_DECLARED
from probes.model.reading import CouldNotLook, NamespaceReading
from probes.model.vantage import Vantage, VantageKind
from probes.plan.lookup import Lookup

#: What stands at a port that is no task's: every overlay has one of these on each node.
LOAD_BALANCER = "load-balancer"

#: A port of an overlay's bridge: the network's id, and the device's index in its namespace.
Port = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelState:
    """What was read, what could not be, and whose the ports are."""

    readings: tuple[NamespaceReading, ...] = ()
    failures: tuple[CouldNotLook, ...] = ()
    #: Port -> the name of the local task at its other end, or LOAD_BALANCER.
    ends: Mapping[Port, str] = field(default_factory=dict)


class KernelReader:
    """Reads the namespaces in *folder*, at most once in *cache_seconds*."""

    def __init__(self, folder: Path, cache_seconds: float) -> None:
        self._folder = folder
        self.cache_seconds = cache_seconds
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kernel")
        self._reading = asyncio.Lock()
        self._state = KernelState()
        self._read_at = -float("inf")
        #: Namespace file -> address in it -> index of the port; it never changes while it lives.
        self._ports: dict[str, Mapping[IPv4Address, int]] = {}

    async def read(self, view: View) -> KernelState:
        """Read now, or return what was read a moment ago; nothing where there is no Swarm."""
        if view.membership is None:
            return KernelState()
        async with self._reading:
            if monotonic() - self._read_at > self.cache_seconds:
                loop = asyncio.get_running_loop()
                self._state = await loop.run_in_executor(self._thread, self._read, view)
                self._read_at = monotonic()
            return self._state

    def close(self) -> None:
        """Start no more readings."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _read(self, view: View) -> KernelState:
        try:
            found = list_namespaces(self._folder, view.topology.networks)
        except LookError as exc:
            return KernelState(failures=(CouldNotLook(where=str(self._folder), why=str(exc)),))
        shared = [item for item in found if item.vantage.kind is not VantageKind.TASK]
        read = read_namespaces(shared)
        return KernelState(
            readings=tuple(item for item in read if isinstance(item, NamespaceReading)),
            failures=tuple(item for item in read if isinstance(item, CouldNotLook)),
            ends=self._ends(view, shared),
        )

    def _ends(self, view: View, namespaces: Iterable[Namespace]) -> dict[Port, str]:
        """Find what is at the other end of each overlay's ports, by the addresses there."""
        lookup = Lookup(view.topology, NOTHING_DECLARED)
        local = [
            (lookup.tasks[item.task_id], item.netns)
            for item in view.local
            if item.netns and item.task_id in lookup.tasks
        ]
        balancers = [item for item in namespaces if item.vantage.kind is VantageKind.LOAD_BALANCER]
        files = {netns for _, netns in local} | {item.vantage.netns for item in balancers}
        self._ports = {
            netns: self._ports.get(netns) or _ports_of(netns) for netns in files if netns
        }
        ends = {
            (balancer.network_id, port): LOAD_BALANCER
            for balancer in balancers
            for port in self._ports[balancer.vantage.netns or ""].values()
        }
        for task, netns in local:
            for item in task.addresses:
                if item.address in self._ports[netns]:
                    port = (item.network_id, self._ports[netns][item.address])
                    ends[port] = lookup.name_of(task)
        return ends


def _ports_of(netns: str) -> Mapping[IPv4Address, int]:
    try:
        return read_endpoints(Vantage(kind=VantageKind.TASK, name=netns, netns=netns))
    except LookError:
        return {}  # it ended a moment ago: its ports are gone, too
