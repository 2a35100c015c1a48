"""Where is a look taken from?"""

from dataclasses import dataclass
from enum import StrEnum


class VantageKind(StrEnum):
    """The places in the service network that one can stand in."""

    HOST = "host"
    TASK = "task"
    OVERLAY = "overlay"
    LOAD_BALANCER = "lb"
    INGRESS = "ingress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vantage:
    """A network namespace, and what stands there."""

    kind: VantageKind
    #: What people call it: a task's name, an overlay's name, "host".
    name: str
    #: Path of the namespace's file; None for the namespace that we run in.
    netns: str | None = None


#: The namespace that the agent itself runs in: the node's, when deployed on network `host`.
HOST = Vantage(kind=VantageKind.HOST, name="host")
