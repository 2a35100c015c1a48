"""Which networks is this node's Engine to be asked about now?

Each question makes an Engine log errors (moby#49139), so they are few: once a minute for each
network that this node takes part in, and once more after its tasks have changed and gossip has had
time to settle. No two networks' minutes begin together.
"""

import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from probes.model.topology import Topology

_EVERY_SECONDS = 60.0
#: Added to the minute, by a share that is each network's own on each node.
_JITTER_SECONDS = 15.0
#: A network that is new to this node is first asked about within this time.
_FIRST_WITHIN_SECONDS = 5.0
#: Gossip has settled so long after a change; and never are two questions closer than this.
_SETTLED_SECONDS = 20.0

_Endpoint = tuple[str, IPv4Address]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """What is remembered of one network; times in seconds of any one clock."""

    #: Node id and address of each task that runs there.
    endpoints: frozenset[_Endpoint]
    changed_at: float
    #: When it was asked about, whatever came of it; None for never.
    asked_at: float | None = None


class Timetable:
    """When each network was asked about, and when it changed; tells whose turn it is."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}
        self._node_id = ""

    @property
    def networks(self) -> Collection[str]:
        """The ids of the networks that this node takes part in, as far as the Swarm tells."""
        return self._rows.keys()

    def follow(self, topology: Topology, node_id: str, now: float) -> None:
        """Take a new topology: what changed in it counts from *now*."""
        self._node_id = node_id
        running = _running(topology)
        rows = {}
        for network_id in _taken_part_in(topology, node_id, running):
            endpoints = running.get(network_id, frozenset())
            row = self._rows.get(network_id) or _Row(endpoints=endpoints, changed_at=now)
            if row.endpoints != endpoints:
                row = replace(row, endpoints=endpoints, changed_at=now)
            rows[network_id] = row
        self._rows = rows

    def doubt(self, now: float) -> None:
        """Hold every network for changed: the Engine was away."""
        self._rows = {key: replace(row, changed_at=now) for key, row in self._rows.items()}

    def asked(self, network_id: str, now: float) -> None:
        """Remember that a network was asked about."""
        if row := self._rows.get(network_id):
            self._rows[network_id] = replace(row, asked_at=now)

    def due(self, now: float) -> tuple[str, ...]:
        """List the ids of the networks to ask about."""
        return tuple(sorted(key for key, row in self._rows.items() if self._is_due(key, row, now)))

    def _is_due(self, network_id: str, row: _Row, now: float) -> bool:
        share = zlib.crc32(f"{self._node_id} {network_id}".encode()) / 2**32
        if row.asked_at is None:
            return now >= row.changed_at + share * _FIRST_WITHIN_SECONDS
        settled = row.changed_at + _SETTLED_SECONDS
        if row.asked_at < settled <= now:
            return now >= row.asked_at + _SETTLED_SECONDS
        return now >= row.asked_at + _EVERY_SECONDS + share * _JITTER_SECONDS


def _running(topology: Topology) -> Mapping[str, frozenset[_Endpoint]]:
    found: dict[str, set[_Endpoint]] = {}
    for task in topology.tasks:
        if task.running:
            for item in task.addresses:
                found.setdefault(item.network_id, set()).add((task.node_id, item.address))
    return {network_id: frozenset(endpoints) for network_id, endpoints in found.items()}


def _taken_part_in(
    topology: Topology,
    node_id: str,
    running: Mapping[str, frozenset[_Endpoint]],
) -> Iterator[str]:
    """List where this node has a task or an ingress; and where a person may have a container.

    Swarm does not tell of the latter, so these are asked about everywhere; an Engine that has no
    part in a network says so at once, and logs nothing.
    """
    for network in topology.networks:
        here = any(node == node_id for node, _ in running.get(network.id, ()))
        if network.driver == "overlay" and (here or network.ingress or network.attachable):
            yield network.id
