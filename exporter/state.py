"""What is there on this node, or on another, row by row?"""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address
from typing import Protocol

from exporter.peers import STATE_PATH
from exporter.view import View
from probes.audit.situation import Situation
from probes.state.table import Table
from probes.state.tables import TABLES
from probes.wire import load_table


class NoSuchTableError(Exception):
    """Nobody has such a table, or there is no such node."""


class NoStateError(Exception):
    """There is such a table, and nothing to make it of yet."""


class Others(Protocol):
    """The other agents; `exporter.peers.Peers` is them."""

    async def ask(self, address: IPv4Address, path: str, query: Mapping[str, str]) -> bytes: ...


class States:
    """Makes tables of what the last round of the audit saw."""

    def __init__(
        self,
        situation: Callable[[], Situation | None],
        view: Callable[[], View],
        others: Others,
    ) -> None:
        self._situation = situation
        self._view = view
        self._others = others

    async def table(self, kind: str, node: str) -> Table:
        """Make one of `TABLES`, or have another node's agent do it; "" is this node.

        Raises NoSuchTableError, NoStateError, PeerError.
        """
        make = TABLES.get(kind)
        if make is None:
            raise NoSuchTableError(f"there is no table {kind!r}, only {', '.join(TABLES)}")
        view = self._view()
        if node not in {"", view.node_name}:
            return await self._of_other(kind, node, view)
        situation = self._situation()
        if situation is None:
            raise NoStateError("nothing has been read yet: the agent's first round is under way")
        return make(situation)

    async def _of_other(self, kind: str, node: str, view: View) -> Table:
        found = next((item for item in view.topology.nodes if item.name == node), None)
        if found is None or found.address is None:
            names = ", ".join(sorted(item.name for item in view.topology.nodes))
            raise NoSuchTableError(f"there is no node {node!r} to ask, only {names}")
        answer = await self._others.ask(found.address, STATE_PATH, {"kind": kind})
        try:
            return load_table(answer)
        except ValueError as exc:
            raise NoStateError(f"the agent of {node} is of another version") from exc
