"""What does the kernel hold in this node's overlays?"""

from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client.core import Metric

from exporter import catalog
from exporter.catalog import MetricSpec
from exporter.collectors.families import family
from exporter.kernel import KernelState
from probes.model.reading import Link, LinkStatistics, NamespaceReading
from probes.model.vantage import VantageKind

_COUNTERS: tuple[tuple[MetricSpec, Callable[[LinkStatistics], int]], ...] = (
    (catalog.LINK_RECEIVE_BYTES, lambda counted: counted.receive_bytes),
    (catalog.LINK_RECEIVE_PACKETS, lambda counted: counted.receive_packets),
    (catalog.LINK_RECEIVE_ERRORS, lambda counted: counted.receive_errors),
    (catalog.LINK_RECEIVE_DROPPED, lambda counted: counted.receive_dropped),
    (catalog.LINK_TRANSMIT_BYTES, lambda counted: counted.transmit_bytes),
    (catalog.LINK_TRANSMIT_PACKETS, lambda counted: counted.transmit_packets),
    (catalog.LINK_TRANSMIT_ERRORS, lambda counted: counted.transmit_errors),
    (catalog.LINK_TRANSMIT_DROPPED, lambda counted: counted.transmit_dropped),
)


def collect(state: KernelState) -> Iterator[Metric]:
    """Turn the readings into families."""
    yield from _of_links(state)
    yield from _of_overlays(state)
    kinds = Counter(reading.vantage.kind for reading in _shared(state))
    yield family(catalog.NAMESPACES, (((kind,), count) for kind, count in kinds.items()))
    # A table that could not be read is named behind its namespace.
    unreadable = {failure.where.partition(",")[0] for failure in state.reading.failures}
    yield family(catalog.NAMESPACES_UNREADABLE, [((), len(unreadable))])


def _shared(state: KernelState) -> list[NamespaceReading]:
    """List what the tasks share; their own namespaces would make a series for each task."""
    namespaces = state.reading.namespaces
    return [item for item in namespaces if item.vantage.kind is not VantageKind.TASK]


def _of_links(state: KernelState) -> Iterator[Metric]:
    rows = [
        (_labels(reading, link, state), link)
        for reading in _shared(state)
        for link in reading.links
        if link.kind
    ]
    for spec, count in _COUNTERS:
        yield family(spec, ((labels, count(link.statistics)) for labels, link in rows))
    yield family(catalog.LINK_UP, ((labels, float(link.up)) for labels, link in rows))
    yield family(catalog.LINK_MTU, ((labels, link.mtu_bytes) for labels, link in rows))


def _labels(reading: NamespaceReading, link: Link, state: KernelState) -> tuple[str, ...]:
    """Name the device, and for a port of an overlay the task at its other end."""
    vantage = reading.vantage
    end = ""
    if vantage.kind is VantageKind.OVERLAY:
        end = state.ends.get((reading.network_id, link.index), "")
    return vantage.name, vantage.kind, link.name, end


def _of_overlays(state: KernelState) -> Iterator[Metric]:
    overlays = state.reading.of_kind(VantageKind.OVERLAY)
    yield family(
        catalog.VXLAN_VNI,
        (
            ((reading.vantage.name, link.name), link.vni)
            for reading in overlays
            for link in reading.links
            if link.vni is not None
        ),
    )
    forwarding = Counter(
        (reading.vantage.name, entry.device, "static" if entry.permanent else "learned")
        for reading in overlays
        for entry in reading.fdb
        if entry.vtep is not None
    )
    yield family(catalog.FDB_ENTRIES, forwarding.items())
    neighbours = Counter(
        (reading.vantage.name, neighbour.device, neighbour.state)
        for reading in overlays
        for neighbour in reading.neighbours
    )
    yield family(catalog.NEIGHBOUR_ENTRIES, neighbours.items())
