"""Which tables of state are there? The one list of them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from probes.audit.situation import Situation
from probes.state.balancing import ipvs
from probes.state.forwarding import fdb, neigh
from probes.state.links import links
from probes.state.names import dns_view
from probes.state.swarm import networks, nodes, vips
from probes.state.table import Table

TABLES: Mapping[str, Callable[[Situation], Table]] = MappingProxyType(
    {
        "networks": networks,
        "nodes": nodes,
        "vips": vips,
        "fdb": fdb,
        "neigh": neigh,
        "ipvs": ipvs,
        "links": links,
        "dns-view": dns_view,
    }
)
