"""Real servers of Debian's packages, on loopback, gone with the block that started them."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

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
def daemon(*argv: str, port: int, user: str = "") -> Iterator[int]:
    """Run a server for as long as the block lasts, from when it listens; gives its port."""
    account = pwd.getpwnam(user) if user else None
    process = subprocess.Popen(
        argv,
        cwd="/",
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


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A PostgreSQL server's files, and who may run it."""

    commands: Path
    data: Path
    sockets: Path

    def argv(self, address: str, port: int, *options: str) -> tuple[str, ...]:
        """Give the command that serves it."""
        settings = (
            f"port={port}",
            f"listen_addresses={address}",
            f"unix_socket_directories={self.sockets}",
            "fsync=off",
            *options,
        )
        flags = [word for setting in settings for word in ("-c", setting)]
        return (str(self.commands / "postgres"), "-D", str(self.data), *flags)

    def add_user(self, port: int) -> None:
        """Make the user `orders`, whose password is `pass,word=1`, and a database of that name."""
        self._wait_until_ready(port)
        client = (self.commands / "psql", "-q", "-h", self.sockets, "-p", port, "-d", "postgres")
        for statement in (
            "create role orders login password 'pass,word=1'",
            "create database orders",
        ):
            _as_postgres(*client, "-c", statement)

    def _wait_until_ready(self, port: int) -> None:
        """It listens before it lets anybody in."""
        asked = (str(self.commands / "pg_isready"), "-q", "-h", str(self.sockets), "-p", str(port))
        deadline = time.monotonic() + _STARTED_WITHIN_SECONDS
        while subprocess.run(asked, check=False).returncode:
            if time.monotonic() > deadline:
                raise AssertionError(f"PostgreSQL on port {port} lets nobody in")
            time.sleep(0.05)


@contextmanager
def cluster(access: str) -> Iterator[Cluster]:
    """Make an empty cluster that lets in who *access* says (a line of pg_hba.conf).

    Not in pytest's folder, which every session that begins closes to all others but root.
    """
    with TemporaryDirectory(prefix="swarmscope-postgres-") as folder:
        Path(folder).chmod(0o755)
        made = Cluster(
            commands=max(_POSTGRES.iterdir(), key=lambda path: float(path.name)) / "bin",
            data=Path(folder, "data"),
            sockets=Path(folder, "sockets"),
        )
        for path in (made.data, made.sockets):
            path.mkdir(mode=0o700)
            shutil.chown(path, "postgres", "postgres")
        trusting = ("--auth", "trust", "--no-sync")
        _as_postgres(made.commands / "initdb", "--pgdata", made.data, *trusting)
        (made.data / "pg_hba.conf").write_text(f"local all all trust\n{access}\n")
        yield made


@contextmanager
def postgres(*options: str, access: str) -> Iterator[int]:
    """Run a PostgreSQL server whose user `orders` has the password `pass,word=1`."""
    port = free_port()
    with (
        cluster(access) as made,
        daemon(*made.argv("127.0.0.1", port, *options), port=port, user="postgres"),
    ):
        made.add_user(port)
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
