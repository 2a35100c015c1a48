"""How does a test fill a node's tables, for a while and not beyond?"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node

#: Longer than any test looks; the crowd goes by itself.
_MOST_SECONDS = 180

#: Each connection is one tracked entry, and one that was answered cannot be pushed out.
_CONNECT = """
import resource, socket, sys, time
count, knocking, seconds = int(sys.argv[1]), sys.argv[2] == "knocking", float(sys.argv[3])
resource.setrlimit(resource.RLIMIT_NOFILE, (4 * count, 4 * count))
listener = socket.create_server(("127.0.0.1", 0), backlog=count)
kept = []
for _ in range(count):
    kept += [socket.create_connection(listener.getsockname(), 5), listener.accept()[0]]
print("ready", flush=True)
end = time.monotonic() + seconds
while time.monotonic() < end:
    time.sleep(0.1)
    if knocking:
        with socket.socket() as knock:
            knock.setblocking(False)
            knock.connect_ex(listener.getsockname())
"""

#: A neighbour cannot be pushed out for five seconds after a change (kernel net/core/neighbour.c,
#: neigh_forced_gc), so each is changed again and again.
_MEET = """
import subprocess, sys, time
count, knocking, seconds = int(sys.argv[1]), sys.argv[2] == "knocking", float(sys.argv[3])
def meet(first, last, state):
    rows = (
        f"neigh replace 198.19.{n >> 8}.{n & 255} lladdr 02:00:00:00:{n >> 8:02x}:{n & 255:02x}"
        f" dev eth0 nud {state}"
        for n in range(first, last)
    )
    subprocess.run(
        ["ip", "-force", "-batch", "-"], input="\\n".join(rows), text=True, capture_output=True
    )
meet(0, count, "stale")
print("ready", flush=True)
end = time.monotonic() + seconds
new, state = count, "reachable"
while time.monotonic() < end:
    meet(0, count, state)
    state = "stale" if state == "reachable" else "reachable"
    if knocking:
        meet(new, new + 20, state)
        new += 20
    time.sleep(0.5)
"""


@contextmanager
def connections(lab: Lab, node: Node, count: int, *, knocking: bool) -> Iterator[None]:
    """Keep *count* connections open on the node's own loopback; or try further ones, too."""
    with _crowd(lab, node, _CONNECT, count, knocking=knocking):
        yield


@contextmanager
def neighbours(lab: Lab, node: Node, count: int, *, knocking: bool) -> Iterator[None]:
    """Let the node know *count* neighbours, of a network for tests; or hear of more, too."""
    try:
        with _crowd(lab, node, _MEET, count, knocking=knocking):
            yield
    finally:
        lab.exec(node, "ip", "neigh", "flush", "to", "198.19.0.0/16")


@contextmanager
def _crowd(lab: Lab, node: Node, script: str, count: int, *, knocking: bool) -> Iterator[None]:
    how = "knocking" if knocking else "still"
    words = (sys.executable, "-c", script, str(count), how, str(_MOST_SECONDS))
    with subprocess.Popen(lab.visit(node, *words), stdout=subprocess.PIPE) as crowd:
        try:
            if crowd.stdout is None or crowd.stdout.readline() != b"ready\n":
                raise LabError(f"no crowd on {node.name}")
            yield
        finally:
            crowd.terminate()
