"""The image's health check tells a healthy agent from every other."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECK = Path(__file__).parents[2] / "deploy" / "healthcheck.py"


@contextmanager
def answering(listener: socket.socket, answer: bytes) -> Iterator[list[bytes]]:
    """Answer one request on *listener*; gives what was asked."""
    asked: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            asked.append(connection.recv(1024))
            connection.sendall(answer)

    thread = threading.Thread(target=serve)
    with listener:
        thread.start()
        yield asked
        thread.join(timeout=10)


def unix_listener(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    return listener


def run(place: Path | str) -> tuple[int, str]:
    """Run the check as Docker does."""
    command = [sys.executable, "-I", "-S", str(CHECK), str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    return done.returncode, done.stdout.replace(f"{place}: ", "") + done.stderr


def test_a_healthy_agent_is_healthy(tmp_path: Path) -> None:
    """200 on /-/healthy is health, asked for on the Unix socket."""
    place = tmp_path / "agent.sock"

    with answering(unix_listener(place), b"HTTP/1.1 200 OK\r\n\r\n") as asked:
        result = run(place)

    assert result == (0, "HTTP/1.1 200 OK\n")
    assert asked[0].startswith(b"GET /-/healthy HTTP/1.1\r\n")


def test_an_agent_without_a_unix_socket_is_asked_over_tcp() -> None:
    """ADDRESS:PORT does as well."""
    listener = socket.create_server(("127.0.0.1", 0))
    place = f"127.0.0.1:{listener.getsockname()[1]}"

    with answering(listener, b"HTTP/1.1 200 OK\r\n\r\n"):
        result = run(place)

    assert result == (0, "HTTP/1.1 200 OK\n")


def test_an_agent_that_says_no_is_not_healthy(tmp_path: Path) -> None:
    """Any other status fails, and is told."""
    place = tmp_path / "agent.sock"

    with answering(unix_listener(place), b"HTTP/1.1 503 Service Unavailable\r\n\r\n"):
        result = run(place)

    assert result == (1, "HTTP/1.1 503 Service Unavailable\n")


def test_an_answer_that_is_no_http_is_not_health(tmp_path: Path) -> None:
    """Somebody else on the socket does not pass for the agent."""
    place = tmp_path / "agent.sock"

    with answering(unix_listener(place), b""):
        result = run(place)

    assert result == (1, "\n")


def test_no_agent_is_not_healthy(tmp_path: Path) -> None:
    """The reason is told in one line."""
    assert run(tmp_path / "agent.sock") == (1, "[Errno 2] No such file or directory\n")
