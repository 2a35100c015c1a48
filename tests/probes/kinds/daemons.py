"""Real servers of Debian's packages, on loopback, gone with the block that started them."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STARTED_WITHIN_SECONDS = 30
#: Its commands are not on the PATH.
_POSTGRES = Path("/usr/lib/postgresql")


def free_port() -> int:
    """Find a port that nobody has."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextmanager
def daemon(*argv: str, port: int, user: str = "", folder: Path | None = None) -> Iterator[int]:
    """Run a server for as long as the block lasts, from when it listens; gives its port."""
    account = pwd.getpwnam(user) if user else None
    process = subprocess.Popen(
        argv,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
    )
    try:
        _wait_until_listening(process, port)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _STARTED_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"{process.args!r} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"{process.args!r} does not listen on {port}")


@contextmanager
def redis(folder: Path, *options: str) -> Iterator[int]:
    """Run a Redis server that keeps nothing."""
    port = free_port()
    base = ("redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "")
    with daemon(*base, "--dir", str(folder), *options, port=port):
        yield port


@contextmanager
def nats(folder: Path, config: str = "") -> Iterator[int]:
    """Run a NATS server."""
    port = free_port()
    file = folder / "nats.conf"
    file.write_text(f"host: 127.0.0.1\nport: {port}\n{config}")
    with daemon("nats-server", "--config", str(file), port=port):
        yield port


@contextmanager
def postgres(folder: Path, *options: str, access: str) -> Iterator[int]:
    """Run a PostgreSQL server whose user `orders` has the password `pass,word=1`."""
    commands = max(_POSTGRES.iterdir(), key=lambda path: float(path.name)) / "bin"
    data, sockets = folder / "data", folder / "sockets"
    for path in (data, sockets):
        path.mkdir(mode=0o700)
        shutil.chown(path, "postgres", "postgres")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    _as_postgres(commands / "initdb", "--pgdata", data, "--auth", "trust", "--no-sync")
    (data / "pg_hba.conf").write_text(f"local all all trust\n{access}\n")
    port = free_port()
    settings = (
        f"port={port}",
        "listen_addresses=127.0.0.1",
        f"unix_socket_directories={sockets}",
        "fsync=off",
        *options,
    )
    flags = [word for setting in settings for word in ("-c", setting)]
    argv = (str(commands / "postgres"), "-D", str(data), *flags)
    with daemon(*argv, port=port, user="postgres", folder=folder):
        statement = "create role orders login password 'pass,word=1'; create database orders"
        for each in statement.split("; "):
            _as_postgres(
                commands / "psql", "-q", "-h", sockets, "-p", port, "-d", "postgres", "-c", each
            )
        yield port


def _as_postgres(*argv: object) -> None:
    account = pwd.getpwnam("postgres")
    subprocess.run(
        [str(word) for word in argv],
        check=True,
        user=account.pw_uid,
        group=account.pw_gid,
        env={**os.environ, "PATH": "/usr/bin:/bin"},
        cwd="/",
        capture_output=True,
    )
