"""What does one namespace hold?"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from probes.kernel.addresses import fetch_addresses, parse_address
from probes.kernel.fdb import fetch_fdb, parse_fdb_entry
from probes.kernel.firewall import read_firewall
from probes.kernel.ipvs import NoIpvsError, read_virtual_services
from probes.kernel.links import fetch_links, parse_link
from probes.kernel.namespaces import Namespace
from probes.kernel.neighbours import fetch_neighbours, parse_neighbour
from probes.kernel.routes import fetch_routes, parse_route
from probes.kernel.sysctls import read_sysctls
from probes.kernel.tables import Tables
from probes.model.reading import Firewall, NamespaceReading, VirtualService
from probes.model.vantage import VantageKind

_BALANCER_SYSCTLS = (
    "net.ipv4.ip_forward",
    # Set by the engine (moby libnetwork/osl and service_linux.go).
    "net.ipv4.vs.conn_reuse_mode",
    "net.ipv4.vs.conntrack",
    "net.ipv4.vs.expire_nodest_conn",
    "net.ipv4.vs.expire_quiescent_template",
)
_SYSCTLS: Mapping[VantageKind, tuple[str, ...]] = MappingProxyType(
    {
        VantageKind.HOST: (
            "net.ipv4.conf.docker_gwbridge.forwarding",
            "net.ipv4.ip_forward",
            # In the first namespace alone, and good for all.
            "net.ipv4.neigh.default.gc_thresh3",
        ),
        VantageKind.OVERLAY: (),
        VantageKind.LOAD_BALANCER: _BALANCER_SYSCTLS,
        VantageKind.INGRESS: _BALANCER_SYSCTLS,
        VantageKind.TASK: ("net.ipv4.tcp_keepalive_time",),
    },
)

_WITH_FDB = frozenset({VantageKind.OVERLAY})
_WITH_NEIGHBOURS = frozenset({VantageKind.OVERLAY, VantageKind.HOST})
_WITH_ROUTES = frozenset({VantageKind.TASK, VantageKind.HOST})
_WITH_IPVS = frozenset({VantageKind.LOAD_BALANCER, VantageKind.INGRESS})
_WITH_FIREWALL = _WITH_IPVS | {VantageKind.HOST}


def read_contents(namespace: Namespace, tables: Tables) -> NamespaceReading:
    """Read what a namespace of its kind is worth reading for; the thread stands in it.

    Raises LookError when not even its links can be read; other tables are then empty, and noted.
    """
    kind = namespace.vantage.kind
    links = tables.needed("links", fetch_links(), parse_link)
    devices = {link.index: link.name for link in links}
    forwarding = partial(parse_fdb_entry, devices=devices)
    neighbour = partial(parse_neighbour, devices=devices)
    sysctls = partial(read_sysctls, _SYSCTLS[kind])
    no_firewall = Firewall()
    return NamespaceReading(
        vantage=namespace.vantage,
        network_id=namespace.network_id,
        links=links,
        addresses=tables.rows("addresses", fetch_addresses(), parse_address),
        fdb=tables.rows("fdb", fetch_fdb(), forwarding) if kind in _WITH_FDB else (),
        neighbours=(
            tables.rows("neighbours", fetch_neighbours(), neighbour)
            if kind in _WITH_NEIGHBOURS
            else ()
        ),
        routes=tables.rows("routes", fetch_routes(), parse_route) if kind in _WITH_ROUTES else (),
        virtual_services=(
            tables.attempt("ipvs", _virtual_services, ()) if kind in _WITH_IPVS else ()
        ),
        firewall=(
            tables.attempt("firewall", read_firewall, no_firewall)
            if kind in _WITH_FIREWALL
            else no_firewall
        ),
        sysctls=tables.attempt("sysctls", sysctls, ()),
    )


def _virtual_services() -> tuple[VirtualService, ...]:
    """Read them where there can be any: NodeReading says once that the kernel has no IPVS."""
    try:
        return read_virtual_services()
    except NoIpvsError:
        return ()
