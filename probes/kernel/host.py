"""What does the node itself hold, and count for all of its namespaces?"""

from collections.abc import Iterable, Iterator
from functools import partial
from ipaddress import IPv4Address

from probes.errors import UnreachableError
from probes.kernel.contents import read_contents
from probes.kernel.counts import read_conntrack, read_neighbour_table, read_xfrm_errors
from probes.kernel.nameservers import read_nameservers
from probes.kernel.namespaces import Namespace
from probes.kernel.routes import route_to
from probes.kernel.tables import Tables
from probes.kernel.xfrm import (
    fetch_associations,
    fetch_policies,
    has_xfrm,
    parse_association,
    parse_policy,
)
from probes.model.reading import ChosenRoute, HostReading, NamespaceReading
from probes.model.vantage import Vantage


def read_host(vantage: Vantage, peers: Iterable[IPv4Address], tables: Tables) -> HostReading:
    """Read the host, and its ways to *peers*; the thread stands in it.

    Raises LookError when not even its links can be read.
    """
    namespace = read_contents(Namespace(vantage=vantage, network_id=""), tables)
    secured = has_xfrm()
    return HostReading(
        namespace=namespace,
        conntrack=tables.attempt("conntrack", read_conntrack, None),
        neighbour_table=tables.attempt("neighbour table", read_neighbour_table, None),
        associations=(
            tables.rows("xfrm states", fetch_associations(), parse_association) if secured else ()
        ),
        policies=(tables.rows("xfrm policies", fetch_policies(), parse_policy) if secured else ()),
        underlay=tuple(_underlay(namespace, peers, tables)),
        xfrm_errors=tables.attempt("xfrm errors", read_xfrm_errors, ()),
        nameservers=tables.attempt("name servers", read_nameservers, ()),
    )


def _underlay(
    namespace: NamespaceReading,
    peers: Iterable[IPv4Address],
    tables: Tables,
) -> Iterator[tuple[IPv4Address, ChosenRoute]]:
    """Ask for the way to each peer; the kernel's "no" is an answer, and no failure."""
    mtus = {link.index: link.mtu_bytes for link in namespace.links}
    for peer in peers:
        way = tables.attempt(f"route to {peer}", partial(_way_to, peer, mtus), None)
        if way:
            yield peer, way


def _way_to(peer: IPv4Address, mtus: dict[int, int]) -> ChosenRoute | None:
    try:
        return route_to(peer, mtus)
    except UnreachableError:
        return None
