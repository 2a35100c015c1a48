"""What is a problem of a file, and what is it held against?"""

from dataclasses import dataclass
from ipaddress import IPv4Network

from probes.intent.declared.service_discovery import ServiceDiscovery
from probes.model.intent import Intent
from probes.network.stacks import Place, Planned


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that will not do, and where."""

    place: Place
    #: The service or network.
    about: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Stacks' files, what was declared, and what they cannot say of the Swarm that they are for."""

    files: Planned
    intent: Intent
    discovery: ServiceDiscovery
    nodes: int = 1
    #: Subnets of hosts, sites and other Swarms.
    taken: tuple[IPv4Network, ...] = ()
