"""What does this agent believe exists, who said so, and when?"""

from dataclasses import dataclass
from enum import StrEnum

from probes.model.gossip import NetworkView
from probes.model.local import LocalTask
from probes.model.topology import NO_TOPOLOGY, Topology
from probes.swarm.membership import Membership


class Source(StrEnum):
    """Where the topology in use comes from."""

    NONE = "none"
    ENGINE = "engine"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The topology in use and this node's own part in it; what is old is kept, not dropped."""

    source: Source = Source.NONE
    topology: Topology = NO_TOPOLOGY
    #: Changes with the topology, and with the agent that read it first.
    version: str = ""
    #: None where there is no Engine, or no Swarm.
    membership: Membership | None = None
    local: tuple[LocalTask, ...] = ()
    #: How this node's Engine sees each network that the node takes part in, in the order of ids.
    views: tuple[NetworkView, ...] = ()
    #: Why the last attempt to read it failed; "" when it worked.
    error: str = ""

    @property
    def node_name(self) -> str:
        """Name this node as Swarm does; "" while unknown."""
        node_id = self.membership.node_id if self.membership else ""
        return next((node.name for node in self.topology.nodes if node.id == node_id), "")
