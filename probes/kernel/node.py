"""What do this node and all of its namespaces hold? One round of reading."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from probes.errors import LookError
from probes.kernel.contents import read_contents
from probes.kernel.host import read_host
from probes.kernel.ipvs import has_ipvs
from probes.kernel.namespaces import Namespace, list_namespaces
from probes.kernel.neighbours import fetch_neighbours, parse_neighbour
from probes.kernel.tables import Tables
from probes.model.reading import CouldNotLook, NamespaceReading, NodeReading
from probes.model.topology import Network
from probes.model.vantage import HOST, Vantage, VantageKind
from probes.vantage import inside

#: pyroute2 takes about 50 us for a row: a table of this size keeps the thread busy for 0.5 s.
MAX_ROWS = 10_000

_NO_TASKS: Mapping[str, NamespaceReading] = MappingProxyType({})

T = TypeVar("T")


def read_node(
    folder: Path,
    networks: Iterable[Network],
    *,
    now: float,
    peers: Iterable[IPv4Address] = (),
    known_tasks: Mapping[str, NamespaceReading] = _NO_TASKS,
    host: Vantage = HOST,
    max_rows: int = MAX_ROWS,
) -> NodeReading:
    """Visit the host and each namespace in the engine's *folder*, and leave nothing open.

    Only for a worker thread, since it enters namespaces, and blocks. *networks* name the
    namespaces; *peers* are the addresses of the other nodes' VTEPs, whose ways are asked for;
    *known_tasks* gives, by its namespace's file, what was read of a task before and is used
    again; *now* is in Unix seconds.

    What is gone, closed to us or refused becomes a CouldNotLook: of a whole namespace such as
    "overlay shop_app", or of one table in it such as "lb shop_app, ipvs" or "host, xfrm states".
    So does a table of more than *max_rows* rows, which then lacks the rest of them.
    """
    failures: list[CouldNotLook] = []
    held = _visit(host, partial(read_host, host, peers), max_rows, failures)
    ipvs = Tables("host", max_rows, failures).attempt("ipvs", has_ipvs, None)
    readings = [
        _known(namespace, known_tasks)
        or _visit(namespace.vantage, partial(read_contents, namespace), max_rows, failures)
        for namespace in _list(folder, networks, failures)
    ]
    return NodeReading(
        read_at=now,
        host=held,
        namespaces=tuple(reading for reading in readings if reading),
        failures=tuple(failures),
        ipvs=ipvs,
    )


def read_task(vantage: Vantage) -> NamespaceReading:
    """Read one task's namespace alone, its neighbours too; only for a worker thread.

    Raises LookError.
    """
    tables = Tables(vantage.name, MAX_ROWS, [])
    with inside(vantage):
        found = read_contents(Namespace(vantage=vantage, network_id=""), tables)
        devices = {link.index: link.name for link in found.links}
        neighbour = partial(parse_neighbour, devices=devices)
        return replace(found, neighbours=tables.rows("neighbours", fetch_neighbours(), neighbour))


def _visit(
    vantage: Vantage,
    look: Callable[[Tables], T],
    max_rows: int,
    failures: list[CouldNotLook],
) -> T | None:
    where = vantage.name if vantage.kind is VantageKind.HOST else f"{vantage.kind} {vantage.name}"
    try:
        with inside(vantage):
            return look(Tables(where, max_rows, failures))
    except LookError as error:
        failures.append(CouldNotLook(where=where, why=str(error)))
        return None


def _list(
    folder: Path,
    networks: Iterable[Network],
    failures: list[CouldNotLook],
) -> tuple[Namespace, ...]:
    try:
        return list_namespaces(folder, networks)
    except LookError as error:
        failures.append(CouldNotLook(where=str(folder), why=str(error)))
        return ()


def _known(
    namespace: Namespace, known_tasks: Mapping[str, NamespaceReading]
) -> NamespaceReading | None:
    if namespace.vantage.kind is not VantageKind.TASK:
        return None
    return known_tasks.get(namespace.vantage.netns or "")
