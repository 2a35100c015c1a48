import fcntl
import os
import socket
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from probes.errors import VanishedError
from probes.model.vantage import HOST, Vantage
from probes.vantage import inside, is_namespace, open_socket
from tests.probes.wire import Wire

pytestmark = pytest.mark.netns

_SIOCGSKNS = 0x894C  # include/uapi/linux/sockios.h: the namespace of a socket


def _inode(vantage: Vantage) -> int:
    assert vantage.netns is not None
    return Path(vantage.netns).stat().st_ino


def _here() -> int:
    return Path("/proc/thread-self/ns/net").stat().st_ino


def _namespace_of(sock: socket.socket) -> int:
    descriptor = fcntl.ioctl(sock, _SIOCGSKNS)
    try:
        return os.fstat(descriptor).st_ino
    finally:
        os.close(descriptor)


def test_a_socket_stands_in_the_namespace_and_the_thread_does_not(wire: Wire) -> None:
    """It stays where it was made; whoever made it is back."""
    home = _here()

    with open_socket(wire.task, socket.SOCK_STREAM) as sock:
        assert _namespace_of(sock) == _inode(wire.task) != home
        assert not sock.getblocking()

    assert _here() == home


def test_the_hosts_socket_stands_here() -> None:
    """Without a namespace to enter, none is entered."""
    with open_socket(HOST, socket.SOCK_DGRAM) as sock:
        assert _namespace_of(sock) == _here()


def test_a_body_runs_inside_and_no_other_thread_does(wire: Wire) -> None:
    """Namespaces are a thread's own."""
    home = _here()
    with ThreadPoolExecutor(max_workers=1) as other:
        assert other.submit(_here).result() == home

        with inside(wire.task):
            assert _here() == _inode(wire.task)
            assert other.submit(_here).result() == home

    assert _here() == home


def test_a_body_that_fails_comes_back(wire: Wire) -> None:
    """Its error gets out, and the thread with it."""
    home = _here()

    with pytest.raises(ValueError, match="broken"), inside(wire.task):
        raise ValueError("broken")

    assert _here() == home


@pytest.mark.parametrize("missing", ["gone", "gone/too"])
def test_a_missing_namespace_vanished(wire: Wire, missing: str) -> None:
    """The file is no more, or the folder is."""
    gone = replace(wire.task, netns=f"{wire.task.netns}-{missing}")

    with pytest.raises(VanishedError, match="No such file"):
        open_socket(gone, socket.SOCK_STREAM)


def test_a_plain_file_is_not_entered(wire: Wire) -> None:
    """The engine leaves one behind for a while after a container has ended."""
    ended = wire.add_file()

    with pytest.raises(VanishedError, match="it is a file, not a namespace"):
        open_socket(ended, socket.SOCK_STREAM)


def test_another_kind_of_namespace_is_not_entered(wire: Wire) -> None:
    """Nobody's UTS namespace is a network."""
    other = replace(wire.task, netns="/proc/self/ns/uts")

    with pytest.raises(VanishedError, match="Invalid argument"):
        open_socket(other, socket.SOCK_STREAM)


def test_a_fifo_does_not_make_us_wait(tmp_path: Path, wire: Wire) -> None:
    """Opening one would block the event loop until somebody wrote into it."""
    os.mkfifo(tmp_path / "fifo")

    with pytest.raises(VanishedError):
        open_socket(replace(wire.task, netns=str(tmp_path / "fifo")), socket.SOCK_STREAM)


def test_what_is_a_namespace_is_told_from_what_was_one(wire: Wire) -> None:
    """By the file system that it belongs to."""
    assert is_namespace(str(wire.task.netns))
    assert not is_namespace(str(wire.add_file().netns))

    wire.vanish()

    assert not is_namespace(str(wire.task.netns))


def test_no_descriptor_pins_a_namespace(wire: Wire) -> None:
    """After the socket is closed, nothing of ours keeps the namespace alive."""
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208

    open_socket(wire.task, socket.SOCK_STREAM).close()
    with pytest.raises(VanishedError):
        open_socket(wire.add_file(), socket.SOCK_STREAM)

    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_without_rights_we_could_not_look(wire: Wire) -> None:
    """What we may not do is not the network's failure, and the message names the rights."""
    script = f"""
        import socket
        from dataclasses import replace
        from probes.errors import CouldNotLookError
        from probes.model.vantage import HOST
        from probes.vantage import open_socket

        for vantage, kind in (
            (replace(HOST, netns={wire.task.netns!r}), socket.SOCK_STREAM),
            (HOST, socket.SOCK_RAW),
        ):
            try:
                open_socket(vantage, kind, socket.IPPROTO_ICMP * (kind == socket.SOCK_RAW))
            except CouldNotLookError as exc:
                print(exc)
    """

    done = _python(script, "setpriv", "--bounding-set=-all", "--inh-caps=-all")

    hint = "Operation not permitted; namespaces need CAP_SYS_ADMIN, raw sockets CAP_NET_RAW"
    assert done.stdout.splitlines() == [
        f"cannot look from {wire.task.netns}: {hint}",
        f"cannot look from host: {hint}",
    ]


def test_a_thread_that_cannot_return_ends_the_process(wire: Wire) -> None:
    """Better no report than every report from the wrong place."""
    script = f"""
        import ctypes
        from dataclasses import replace
        from probes.model.vantage import HOST
        from probes.vantage import inside

        PR_CAPBSET_DROP, CAP_SYS_ADMIN = 24, 21
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        with inside(replace(HOST, netns={wire.task.netns!r})):
            ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)())  # no right to go back
        print("still here")
    """

    done = _python(script)

    assert done.returncode == os.EX_OSERR
    assert done.stdout == ""
    assert done.stderr.startswith("fatal: cannot return to our own network namespace: ")


def _python(script: str, *before: str) -> subprocess.CompletedProcess[str]:
    argv = [*before, sys.executable, "-c", textwrap.dedent(script)]
    return subprocess.run(argv, capture_output=True, text=True, check=False)
