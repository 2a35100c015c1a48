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
    """How looks are taken and shown."""

    #: As typed after `--from`; `probes.looks.sources` reads it.
    source: str
    timeout_seconds: float
    #: None for no end: until a failure, or Ctrl-C.
    count: int | None = 1
    #: From one look's start to the next one's.
    interval_seconds: float = 1.0
    until_fail: bool = False
    watch: bool = False
    quiet: bool = False
    json: bool = False

    @property
    def repeats(self) -> bool:
        """Whether there may be more than one look from each place."""
        return self.count != 1
