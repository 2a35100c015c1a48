"""Does the agent answer? Exit status 0 when it says that it is healthy, else 1 and the reason.

Run as `python3 -I -S healthcheck.py PLACE`, where PLACE is the path of the agent's Unix socket, or
ADDRESS:PORT for an agent without one. Only the standard library, and of that only `socket`: this
starts every few seconds on every node.
"""

import socket
import sys

#: Below the 3 s after which Docker ends the check itself, so that the reason can be told.
TIMEOUT_SECONDS = 2.5
REQUEST = b"GET /-/healthy HTTP/1.1\r\nHost: swarmscope\r\nConnection: close\r\n\r\n"


def status_of(place: str) -> bytes:
    """Ask the agent at *place* and return the first line of its answer; OSError if it has none."""
    with connect(place) as connection:
        connection.sendall(REQUEST)
        return connection.recv(256).partition(b"\r\n")[0]


def connect(place: str) -> socket.socket:
    """Connect to a Unix socket's path, or to ADDRESS:PORT."""
    if place.startswith("/"):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(TIMEOUT_SECONDS)
        connection.connect(place)
        return connection
    address, _, port = place.rpartition(":")
    return socket.create_connection((address, int(port)), TIMEOUT_SECONDS)


def main() -> int:
    """Check once, and say what was found."""
    place = sys.argv[1]
    try:
        status = status_of(place)
    except OSError as exc:
        print(f"{place}: {exc}")
        return 1
    print(f"{place}: {status.decode('ascii', 'replace')}")
    return 0 if status.split(b" ")[1:2] == [b"200"] else 1


if __name__ == "__main__":
    sys.exit(main())
