"""What runs on this very node?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTask:
    """A running container of a Swarm task on this node."""

    task_id: str
    service_id: str
    service_name: str
    container_id: str
    container_name: str
    #: File of its network namespace; None when it shares the node's.
    netns: str | None
    #: TCP ports of the image's `EXPOSE`.
    exposed: tuple[int, ...] = ()
