"""Has anything happened that may change the topology?"""

from collections.abc import Callable

from docker.types import CancellableStream

from probes.swarm.connection import connect, translated

#: Event type -> the actions that matter. Swarm-scoped events reach managers only, a container's
#: reach its own node only; there are none for tasks, so a node's own agent notices those first.
_WATCHED = {
    "container": {"start", "die", "health_status"},
    "service": {"create", "update", "remove"},
    "node": {"create", "update", "remove"},
    "network": {"create", "remove", "update"},
}


class EventWatch:
    """A stream of one Engine's events, to be read in a thread of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stream: CancellableStream | None = None
        self._closed = False

    def run(self, on_change: Callable[[], None]) -> None:
        """Call *on_change* per event that matters, until `close` or a lost connection.

        Raises EngineError when the Engine cannot be asked in the first place.
        """
        client = connect(self._url)
        try:
            with translated(self._url):
                self._stream = client.events(decode=True, filters={"type": list(_WATCHED)})
                for event in self._stream:
                    if self._closed:
                        return
                    if event.get("Action", "").partition(":")[0] in _WATCHED[event["Type"]]:
                        on_change()
        finally:
            client.close()

    def close(self) -> None:
        """End `run` from another thread."""
        self._closed = True
        if self._stream is not None:
            self._stream.close()
