"""What can be said to every command?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the Engine, its namespaces and our agent are to be found."""

    #: A URL, such as unix:///var/run/docker.sock.
    engine: str
    netns_folder: str
    #: Path of the agent's Unix socket.
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookOptions:
    """How a look is taken and shown."""

    #: "host", or the name of a service, task or container on this node.
    source: str
    timeout_seconds: float
    json: bool
