"""What did all agents tell, and which did not? The one input of the page."""

from dataclasses import dataclass

from exporter.page.summary import Summary
from probes.model.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """A node whose agent did not answer, and why."""

    node: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Swarm:
    """The whole Swarm, as one agent could gather it."""

    topology: Topology
    #: The agent that gathered, always first.
    summaries: tuple[Summary, ...]
    silent: tuple[Silent, ...] = ()
    #: Unix seconds.
    now: float

    @property
    def own(self) -> Summary:
        """The summary of the agent that gathered."""
        return self.summaries[0]
