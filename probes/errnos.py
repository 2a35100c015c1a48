"""What does an error of the kernel say about the network?

Errors stand for different things while a socket is opened (our own means) and while it is used
(the network's doing), so there are two translations; meanings from errno(3), connect(2), ip(7)
and, for ICMP errors, the kernel's net/ipv4/icmp.c (`icmp_err_convert`).
"""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from probes.errors import (
    CouldNotLookError,
    LookError,
    RefusedError,
    ResetError,
    TimedOutError,
    UnreachableError,
    VanishedError,
)

#: Opening a namespace or a socket. Docker leaves the plain file behind for a while after it took
#: the namespace away, and then setns says EINVAL.
_OPENING: Mapping[int, type[LookError]] = MappingProxyType(
    {
        errno.ENOENT: VanishedError,
        errno.ENOTDIR: VanishedError,
        errno.EINVAL: VanishedError,
    },
)

_TALKING: Mapping[int, type[LookError]] = MappingProxyType(
    {
        errno.ECONNREFUSED: RefusedError,
        errno.ECONNRESET: ResetError,
        errno.ECONNABORTED: ResetError,
        errno.EPIPE: ResetError,
        errno.ETIMEDOUT: TimedOutError,
        errno.EHOSTUNREACH: UnreachableError,
        errno.ENETUNREACH: UnreachableError,
        errno.EHOSTDOWN: UnreachableError,
        errno.ENETDOWN: UnreachableError,
        errno.ENONET: UnreachableError,
        errno.ENOPROTOOPT: UnreachableError,
        errno.EMSGSIZE: UnreachableError,
        # A rule of the namespace's own OUTPUT chain dropped the packet: the service would fare
        # no better, so this is the network's no, not a lack of rights of ours.
        errno.EPERM: UnreachableError,
        # Routes of type "prohibit" and "blackhole" answer so (net/ipv4/fib_semantics.c, fib_props).
        errno.EACCES: UnreachableError,
        errno.EINVAL: UnreachableError,
    },
)

_HINTS: Mapping[int, str] = MappingProxyType(
    {
        errno.EPERM: "a firewall rule of this namespace dropped the packet on its way out",
        errno.EACCES: "a route of type prohibit leads there",
        errno.EINVAL: "a route of type blackhole leads there",
    },
)


@contextmanager
def translated_opening(path: str) -> Iterator[None]:
    """Turn an OSError of the body, which opens something at *path*, into a LookError."""
    try:
        yield
    except OSError as exc:
        why = _why(exc)
        if exc.errno in {errno.EPERM, errno.EACCES}:
            why += "; namespaces need CAP_SYS_ADMIN, raw sockets CAP_NET_RAW"
        kind = _OPENING.get(exc.errno or 0, CouldNotLookError)
        raise kind(f"cannot look from {path}: {why}") from exc


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn an OSError of the body, which talks to *where*, into a LookError.

    What is in no table (no memory, no ports, no buffers left) is ours, not the network's.
    """
    try:
        yield
    except OSError as exc:
        kind = _TALKING.get(exc.errno or 0, CouldNotLookError)
        raise kind(f"{where}: {_HINTS.get(exc.errno or 0) or _why(exc)}") from exc


def words_of(number: int) -> str:
    """Say for a person what an error of the kernel's means for a packet."""
    return _HINTS.get(number) or os.strerror(number)


def _why(exc: OSError) -> str:
    return os.strerror(exc.errno) if exc.errno else str(exc)
