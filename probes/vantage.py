"""How is a socket opened inside another network namespace?

A socket stays in the namespace it was made in, and the thread goes back at once, so the event loop
can use it: no subprocess, no container. Nothing is kept open on a foreign namespace, since that
would keep the namespace alive.
"""

import ctypes
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from probes.errnos import translated_opening
from probes.errors import VanishedError
from probes.model.vantage import Vantage

_OWN_NAMESPACE = "/proc/thread-self/ns/net"
_CLONE_NEWNET = 0x40000000  # include/uapi/linux/sched.h
#: FIFOs must not make us wait.
_OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
#: sysexits.h, EX_OSERR.
_LOST = 71

_libc = ctypes.CDLL(None, use_errno=True)  # Python 3.12 is the first with os.setns


def open_socket(vantage: Vantage, kind: socket.SocketKind, protocol: int = 0) -> socket.socket:
    """Make a non-blocking IPv4 socket that stands at *vantage*.

    Raises VanishedError when there is no such namespace, CouldNotLookError when we may not enter
    it or have no means left (descriptors, memory).
    """
    with inside(vantage), translated_opening(vantage.name):
        return socket.socket(socket.AF_INET, kind | socket.SOCK_NONBLOCK, protocol)


@contextmanager
def inside(vantage: Vantage) -> Iterator[None]:
    """Put the calling thread into *vantage* for the body, which must not await.

    Raises what `open_socket` raises. A thread that cannot get back would report from the wrong
    place for ever, so the process ends then.
    """
    if vantage.netns is None:
        yield
        return
    with translated_opening(vantage.name):
        home = os.open(_OWN_NAMESPACE, _OPEN_FLAGS)
    try:
        _enter(vantage.netns, home)
        try:
            yield
        finally:
            _return(home)
    finally:
        os.close(home)


def is_namespace(path: str) -> bool:
    """Tell whether a namespace can be found at *path* now."""
    try:
        return Path(path).stat().st_dev == Path(_OWN_NAMESPACE).stat().st_dev
    except OSError:
        return False


def _enter(path: str, home: int) -> None:
    with translated_opening(path):
        target = os.open(path, _OPEN_FLAGS)
        try:
            # All namespaces are files of one file system of the kernel's (fs/nsfs.c).
            if os.fstat(target).st_dev != os.fstat(home).st_dev:
                raise VanishedError(f"cannot look from {path}: it is a file, not a namespace")
            _setns(target)
        finally:
            os.close(target)


def _return(home: int) -> None:
    try:
        _setns(home)
    except OSError as exc:
        sys.stderr.write(f"fatal: cannot return to our own network namespace: {exc}\n")
        sys.stderr.flush()
        os._exit(_LOST)


def _setns(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
