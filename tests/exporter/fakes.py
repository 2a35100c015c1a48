"""What stands in for an Engine where a test is about the agent alone?"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import IPv4Address

from probes.model.gossip import NetworkView
from probes.model.local import LocalTask
from probes.model.topology import Topology
from probes.swarm.errors import EngineError, NotAManagerError
from probes.swarm.membership import Membership
from tests.swarms import SHOP

LOOPBACK = IPv4Address("127.0.0.1")


class FakeEngine:
    """An Engine that says what it was told to say; set *broken* to make it fail."""

    def __init__(
        self,
        node_id: str,
        *,
        manager: bool,
        managers: Sequence[IPv4Address] = (),
        address: IPv4Address = LOOPBACK,
    ) -> None:
        self.shop: Topology = SHOP
        self.local: tuple[LocalTask, ...] = ()
        self.views: dict[str, NetworkView] = {}
        self.asked: list[str] = []
        self.broken = ""
        self.readings = 0
        self._membership = Membership(
            node_id=node_id,
            address=address,
            manager=manager,
            managers=tuple(managers),
        )

    def _fail_when_broken(self) -> None:
        if self.broken:
            raise EngineError(self.broken)

    def membership(self) -> Membership:
        """Answer `GET /info`."""
        self._fail_when_broken()
        return self._membership

    def local_tasks(self) -> tuple[LocalTask, ...]:
        """List the local tasks."""
        self._fail_when_broken()
        return self.local

    def network_view(self, network_id: str) -> NetworkView | None:
        """Tell how it sees a network; None for one that it has no view of."""
        self._fail_when_broken()
        self.asked.append(network_id)
        view = self.views.get(network_id)
        return replace(view, read_at=float(len(self.asked))) if view else None

    def topology(self) -> Topology:
        """Read the Swarm."""
        self._fail_when_broken()
        if not self._membership.manager:
            raise NotAManagerError("this node is not a swarm manager")
        self.readings += 1
        return replace(self.shop, read_at=float(self.readings))


class FakeWatch:
    """A stream of events that a test sends by calling `happen`."""

    def __init__(self) -> None:
        self._on_change: Callable[[], None] | None = None
        self._closed = threading.Event()

    def run(self, on_change: Callable[[], None]) -> None:
        """Wait until closed."""
        self._on_change = on_change
        self._closed.wait()

    def happen(self) -> None:
        """Tell that something changed."""
        assert self._on_change is not None, "nobody watches"
        self._on_change()

    def close(self) -> None:
        """End `run`."""
        self._closed.set()
