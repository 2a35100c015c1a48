"""Where is each dashboard? Alerts and bookmarks lead to these addresses: they never change."""

from enum import StrEnum


class Uid(StrEnum):
    """The uids, in the order in which dashboards are listed."""

    OVERVIEW = "swarmscope-overview"
    SERVICES = "swarmscope-services"
    MATRIX = "swarmscope-matrix"
    NETWORKS = "swarmscope-networks"
    BALANCING = "swarmscope-balancing"
    DNS = "swarmscope-dns"
    GATEWAY = "swarmscope-gateway"
    NODES = "swarmscope-nodes"
    AGENTS = "swarmscope-agents"
