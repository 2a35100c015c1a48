"""What do the namespaces of this node hold?"""

from collections.abc import Iterable, Iterator
from functools import partial

from probes.errors import LookError
from probes.kernel.fdb import fetch_fdb, parse_fdb_entry
from probes.kernel.links import fetch_links, parse_link
from probes.kernel.namespaces import Namespace
from probes.kernel.neighbours import fetch_neighbours, parse_neighbour
from probes.kernel.netlink import Table, read_table
from probes.model.reading import CouldNotLook, FdbEntry, Link, NamespaceReading, Neighbour
from probes.model.vantage import Vantage, VantageKind
from probes.vantage import inside

#: pyroute2 takes about 50 us for a row: a table of this size keeps the thread busy for 0.5 s.
MAX_ROWS = 10_000


def read_namespaces(
    namespaces: Iterable[Namespace],
    *,
    max_rows: int = MAX_ROWS,
) -> tuple[NamespaceReading | CouldNotLook, ...]:
    """Visit the namespaces one by one; only for a worker thread, since it enters them.

    Links are read everywhere, forwarding entries and neighbours in overlays. A namespace that is
    gone or closed to us becomes a CouldNotLook. So does each table of more than *max_rows* rows,
    beside the reading, which then lacks the rest of them.
    """
    return tuple(found for namespace in namespaces for found in _read(namespace, max_rows))


def _read(namespace: Namespace, max_rows: int) -> Iterator[NamespaceReading | CouldNotLook]:
    vantage = namespace.vantage
    where = f"{vantage.kind} {vantage.name}"
    try:
        links, fdb, neighbours = _read_tables(vantage, max_rows)
    except LookError as error:
        yield CouldNotLook(where=where, why=str(error))
        return
    yield NamespaceReading(
        vantage=vantage,
        network_id=namespace.network_id,
        links=links.rows,
        fdb=tuple(entry for entry in fdb.rows if entry),
        neighbours=tuple(neighbour for neighbour in neighbours.rows if neighbour),
    )
    for name, table in (("links", links), ("fdb", fdb), ("neighbours", neighbours)):
        if table.cut:
            why = f"it has more than {max_rows} rows: the rest was left out"
            yield CouldNotLook(where=f"{where}, {name}", why=why)


def _read_tables(
    vantage: Vantage, max_rows: int
) -> tuple[Table[Link], Table[FdbEntry | None], Table[Neighbour | None]]:
    with inside(vantage):
        links = read_table(fetch_links(), parse_link, max_rows)
        if vantage.kind is not VantageKind.OVERLAY:
            return links, Table((), cut=False), Table((), cut=False)
        devices = {link.index: link.name for link in links.rows}
        fdb = read_table(fetch_fdb(), partial(parse_fdb_entry, devices=devices), max_rows)
        neighbours = read_table(
            fetch_neighbours(), partial(parse_neighbour, devices=devices), max_rows
        )
    return links, fdb, neighbours
