"""What does this node's kernel say, as of a moment ago?

Read in a thread of its own, which enters namespaces and leaves them again; several scrapes within
a short time share one reading.
"""

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from exporter.known import KnownTasks
from exporter.view import View
from probes.audit.expected import vteps
from probes.kernel.endpoints import match_endpoints
from probes.kernel.node import read_node
from probes.model.intent import NOTHING_DECLARED
from probes.model.reading import NOTHING_READ, NodeReading
from probes.model.vantage import VantageKind
from probes.plan.lookup import Lookup

#: What stands at a port that is no task's: every overlay has one of these on each node.
LOAD_BALANCER = "load-balancer"

#: A port of an overlay's bridge: the network's id, and the device's index in its namespace.
Port = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelState:
    """What was read, and whose the ports are."""

    reading: NodeReading = NOTHING_READ
    #: Port -> the name of the local task at its other end, or LOAD_BALANCER.
    ends: Mapping[Port, str] = field(default_factory=dict)


class KernelReader:
    """Reads the node and the namespaces in *folder*, at most once in *cache_seconds*."""

    def __init__(self, folder: Path, cache_seconds: float) -> None:
        self._folder = folder
        self.cache_seconds = cache_seconds
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kernel")
        self._reading = asyncio.Lock()
        self._tasks = KnownTasks()
        self._read_at = -float("inf")
        #: What was read last.
        self.state = KernelState()

    async def read(self, view: View, *, anew: bool = False) -> KernelState:
        """Read now, or return what was read a moment ago; nothing where there is no Swarm."""
        if view.membership is None:
            return KernelState()
        async with self._reading:
            if anew or time.monotonic() - self._read_at > self.cache_seconds:
                loop = asyncio.get_running_loop()
                self.state = await loop.run_in_executor(self._thread, self._read, view)
                self._read_at = time.monotonic()
            return self.state

    def close(self) -> None:
        """Start no more readings."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _read(self, view: View) -> KernelState:
        now = time.time()
        own = view.membership.node_id if view.membership else ""
        reading = read_node(
            self._folder,
            view.topology.networks,
            now=now,
            peers=[vtep for node_id, vtep in vteps(view.topology).items() if node_id != own],
            known_tasks=self._tasks.good(now),
        )
        self._tasks.learn(reading)
        return KernelState(reading=reading, ends=ends_of(reading, view))


def ends_of(reading: NodeReading, view: View) -> dict[Port, str]:
    """Find what is at the other end of each overlay's ports, by the addresses there."""
    ends = {
        (balancer.network_id, port): LOAD_BALANCER
        for balancer in reading.of_kind(VantageKind.LOAD_BALANCER)
        for port in match_endpoints(balancer).values()
    }
    lookup = Lookup(view.topology, NOTHING_DECLARED)
    namespaces = {item.vantage.netns: item for item in reading.of_kind(VantageKind.TASK)}
    for local in view.local:
        task = lookup.tasks.get(local.task_id)
        namespace = namespaces.get(local.netns)
        if task is None or namespace is None:
            continue
        ports = match_endpoints(namespace)
        for item in task.addresses:
            if item.address in ports:
                ends[item.network_id, ports[item.address]] = lookup.name_of(task)
    return ends
