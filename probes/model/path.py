"""Which way does a packet take from a task to a service, and where does it stop?"""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """What a hop looked like."""

    OK = "ok"
    #: Something is wrong here, and yet it works.
    DOUBTFUL = "doubtful"
    BROKEN = "broken"
    #: It could not be looked at.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One step of the way."""

    #: Such as "name", "load balancer", "forwarding entry".
    name: str
    #: Where it was looked at: "shop_web.1 on node1".
    place: str
    mark: Mark
    #: What was seen there.
    saw: str
    #: What is wrong, in a sentence; "" when nothing is.
    why: str = ""
    #: A command to paste; "" when there is none.
    remedy: str = ""
    #: The finding that says so; "" when it was seen by trying.
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The whole way, up to the first broken hop."""

    source: str
    destination: str
    #: Whether the destination answered when it was tried.
    works: bool
    hops: tuple[Hop, ...]

    @property
    def broken(self) -> Hop | None:
        """Find the hop at which it stops; None when there is none, or none could be found."""
        return next((hop for hop in self.hops if hop.mark is Mark.BROKEN), None)

    @property
    def cause(self) -> str:
        """Say in one sentence what is wrong; "" when it works and nothing is doubtful."""
        if self.broken:
            return self.broken.why
        if not self.works:
            unseen = dict.fromkeys(hop.name for hop in self.hops if hop.mark is Mark.UNKNOWN)
            if unseen:
                return (
                    "Where it stops cannot be said, since this could not be looked at: "
                    f"{', '.join(unseen)}."
                )
            return "It does not answer, although every hop looks as it should."
        doubtful = next((hop for hop in self.hops if hop.mark is Mark.DOUBTFUL), None)
        return f"It works, but: {doubtful.why}" if doubtful else ""

    @property
    def remedy(self) -> str:
        """Give the command that mends the cause; "" when there is none."""
        if self.broken:
            return self.broken.remedy
        hops = (hop for hop in self.hops if hop.mark is Mark.DOUBTFUL)
        return next((hop.remedy for hop in hops if hop.remedy), "")
