"""How is the kernel asked for a whole table of NETLINK_ROUTE?

pyroute2 knows these messages, and the transport is our own.
"""

from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from pyroute2.netlink import NETLINK_ROUTE, NLM_F_DUMP, NLM_F_REQUEST, nlmsg
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from probes.kernel.transport import Answer, exchange

#: One row of a table as pyroute2 gives it: fields by name, and under "attrs" pairs of
#: attribute name and value.
Message = Mapping[str, Any]
Dump = Generator[Message, None, None]
Item = TypeVar("Item")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """The rows of a table, and whether there were more than wanted."""

    rows: tuple[Row, ...]
    cut: bool


def read_table(
    dump: Generator[Item, None, None],
    parse: Callable[[Item], Row],
    at_most: int,
) -> Table[Row]:
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
    return _asked(command, request, NLM_F_REQUEST | NLM_F_DUMP)


def ask(command: int, request: nlmsg) -> Message:
    """Ask a question that has one answer; otherwise as `dump_table`, and at once."""
    (answer,) = _asked(command, request, NLM_F_REQUEST)
    return answer


def decoded(answer: Answer) -> Dump:
    """Decode the messages of NETLINK_ROUTE, one as each is taken."""
    marshal = MarshalRtnl()
    with closing(answer):
        for message in answer:
            yield from marshal.parse(message.data)


def picked(message: Message, names: Collection[str]) -> dict[str, Any]:
    """Decode the named attributes; pyroute2 decodes an attribute when it is looked at."""
    return {slot[0]: slot[1] for slot in message["attrs"] if slot[0] in names}


def _asked(command: int, request: nlmsg, flags: int) -> Dump:
    request["header"]["type"] = command
    request["header"]["flags"] = flags
    request.encode()
    return decoded(exchange(NETLINK_ROUTE, bytes(request.data)))
