"""At which point of its interval does each probe start?

An interval is cut into slots. A probe keeps its slot for as long as it is planned; a new one takes
the emptiest slot, the free ones in an order that spreads few probes over the whole interval.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import chain

from probes.model.probe import Probe, ProbeId

SLOT_SECONDS = 0.5


class Wheel:
    """Which probes start in which slot; ticks are counted in slots since the start."""

    def __init__(self) -> None:
        self._slots: dict[int, list[dict[ProbeId, Probe]]] = {}

    def set(self, probes: Iterable[Probe]) -> list[Probe]:
        """Take a new plan; probes that stay keep their slots. Returns those that are new."""
        wanted = defaultdict[int, dict[ProbeId, Probe]](dict)
        for probe in probes:
            wanted[_length(probe)][probe.id] = probe
        before = self._slots
        self._slots = {}
        new: list[Probe] = []
        for length, planned in wanted.items():
            slots = before.get(length) or [{} for _ in range(length)]
            kept = [{key: planned[key] for key in slot if key in planned} for slot in slots]
            placed = set(chain.from_iterable(kept))
            arrivals = [probe for key, probe in planned.items() if key not in placed]
            _place(arrivals, kept)
            self._slots[length] = kept
            new += arrivals
        return new

    def due(self, tick: int) -> list[Probe]:
        """List the probes that start in the slot of *tick*."""
        slots = (slots[tick % len(slots)] for slots in self._slots.values())
        return list(chain.from_iterable(slot.values() for slot in slots))


def _length(probe: Probe) -> int:
    return max(1, round(probe.interval_seconds / SLOT_SECONDS))


def _place(arrivals: Iterable[Probe], slots: list[dict[ProbeId, Probe]]) -> None:
    """Put each arrival in the emptiest slot, halving the gaps between those in use."""
    bits = len(slots).bit_length()
    order = sorted(range(len(slots)), key=lambda slot: f"{slot:0{bits}b}"[::-1])
    rank = {slot: position for position, slot in enumerate(order)}
    for probe in arrivals:
        emptiest = min(order, key=lambda slot: (len(slots[slot]), rank[slot]))
        slots[emptiest][probe.id] = probe
