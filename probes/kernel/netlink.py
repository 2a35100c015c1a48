"""How is the kernel asked for a whole table?

pyroute2 knows the messages, and the socket is our own: its `IPRoute` runs an event loop in the
calling thread (five descriptors and 0.5 ms where one and 10 us do), leaves a socket behind when
descriptors run out, and passes over the kernel's two ways to say that a table is incomplete.
"""

import os
import socket
import struct
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from pyroute2.netlink import (
    NETLINK_ROUTE,
    NLM_F_DUMP,
    NLM_F_DUMP_INTR,
    NLM_F_REQUEST,
    NLMSG_DONE,
    nlmsg,
)
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from probes.errors import CouldNotLookError

#: One row of a table as pyroute2 gives it: fields by name, and under "attrs" pairs of
#: attribute name and value.
Message = Mapping[str, Any]
Dump = Generator[Message, None, None]
Row = TypeVar("Row")

#: The kernel sends at most 32 KiB of a table at a time (net/netlink/af_netlink.c, netlink_dump).
_BUFFER_BYTES = 65_536
_HEADER_BYTES = 16


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """The rows of a table, and whether there were more than wanted."""

    rows: tuple[Row, ...]
    cut: bool


def read_table(dump: Dump, parse: Callable[[Message], Row], at_most: int) -> Table[Row]:
    """Parse no more than *at_most* rows, each as it comes: pyroute2's take 5 KiB apiece."""
    with closing(dump):
        rows = tuple(map(parse, islice(dump, at_most)))
        return Table(rows, cut=next(dump, None) is not None)


def dump_table(command: int, request: nlmsg) -> Dump:
    """Ask for a table of the namespace that the calling thread stands in.

    *command* is an RTM_GET*, and *request* an empty message of the kind that it takes. The rows
    are asked for when the first is taken, and must be taken in that namespace. Blocks. Raises
    CouldNotLookError.
    """
    request["header"]["type"] = command
    request["header"]["flags"] = NLM_F_REQUEST | NLM_F_DUMP
    request.encode()
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE) as netlink:
            netlink.sendto(request.data, (0, 0))
            yield from received(netlink)
    except OSError as exc:
        why = os.strerror(exc.errno) if exc.errno else str(exc)
        raise CouldNotLookError(f"the kernel's tables cannot be read: {why}") from exc


def received(netlink: socket.socket) -> Dump:
    """Receive the rows of a dump to its end, or raise when the kernel says that some lack.

    A row that the kernel skipped must not be taken for a row that is missing (Linux
    Documentation/userspace-api/netlink/intro.rst, "Dump consistency").
    """
    marshal = MarshalRtnl()
    while True:
        for message in marshal.parse(netlink.recv(_BUFFER_BYTES)):
            header = message["header"]
            if isinstance(header["error"], NetlinkError):
                raise _refused(header["error"].code)
            if header["flags"] & NLM_F_DUMP_INTR:
                raise CouldNotLookError("the table changed while the kernel listed it")
            if header["type"] == NLMSG_DONE:
                (status,) = struct.unpack_from("=i", message.data, message.offset + _HEADER_BYTES)
                if status < 0:
                    raise _refused(-status)
                return
            yield message


def picked(message: Message, names: Collection[str]) -> dict[str, Any]:
    """Decode the named attributes; pyroute2 decodes an attribute when it is looked at."""
    return {slot[0]: slot[1] for slot in message["attrs"] if slot[0] in names}


def _refused(number: int) -> CouldNotLookError:
    return CouldNotLookError(f"the kernel refused to list the table: {os.strerror(number)}")
