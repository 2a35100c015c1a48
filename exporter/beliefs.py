"""What does this node's Engine believe of each network that the node takes part in?"""

import logging
import time
from collections.abc import Awaitable, Callable

from exporter.gossip import Timetable
from exporter.view import View
from probes.model.gossip import NetworkView
from probes.model.topology import Topology
from probes.swarm.errors import EngineError

logger = logging.getLogger(__name__)

#: Asks the Engine about a network, by id; None where this node has no part in it.
Ask = Callable[[str], Awaitable[NetworkView | None]]


class Beliefs:
    """Asks about one network after the other, each when its turn has come."""

    def __init__(
        self,
        ask: Ask,
        on_error: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._on_error = on_error
        self._clock = clock
        self._timetable = Timetable()
        self._topology: Topology | None = None

    def doubt(self) -> None:
        """Take nothing for granted: the Engine was away."""
        self._timetable.doubt(self._clock())

    async def renewed(self, view: View) -> tuple[NetworkView, ...]:
        """Return *view*'s networks, those whose turn it was asked about anew, sorted by id.

        What cannot be asked about stays as it was; what this node has left goes. Where there is
        nothing to do, these are the view's own.
        """
        if view.membership is None:
            return ()
        if view.topology is not self._topology:
            self._topology = view.topology
            self._timetable.follow(view.topology, view.membership.node_id, self._clock())
        taken_part_in = self._timetable.networks
        known = {old.network_id: old for old in view.views if old.network_id in taken_part_in}
        due = self._timetable.due(self._clock())
        if not due and len(known) == len(view.views):
            return view.views
        for network_id in due:
            self._timetable.asked(network_id, self._clock())
            try:
                new = await self._ask(network_id)
            except EngineError as exc:
                self._on_error()
                logger.warning("the view of network %s stays as it was: %s", network_id, exc)
                continue
            known.pop(network_id, None)
            if new is not None:
                known[network_id] = new
        return tuple(known[network_id] for network_id in sorted(known))
