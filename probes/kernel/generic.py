"""How is a family of generic netlink asked?"""

import struct
import sys
from collections.abc import Iterator
from contextlib import closing

from probes.kernel.attributes import Attributes, attribute, attributes
from probes.kernel.transport import NLM_F_DUMP, exchange, request

_NETLINK_GENERIC = 16
#: struct genlmsghdr: command, version of the family, reserved.
_HEADER = struct.Struct("=BBH")
_VERSION = 1

#: The one family whose number is fixed (include/uapi/linux/genetlink.h).
_CONTROLLER = 16
_GET_FAMILY = 3
_FAMILY_ID = 1
_FAMILY_NAME = 2


def find_family(name: str) -> int:
    """Ask which number a family has today; a kernel that has it as a module loads it.

    Blocks. Raises CouldNotLookError: RefusedByKernelError with ENOENT where there is none.
    """
    found = ask_one(_CONTROLLER, _GET_FAMILY, attribute(_FAMILY_NAME, name.encode() + b"\0"))
    return int.from_bytes(found[_FAMILY_ID], sys.byteorder)


def ask_one(family: int, command: int, body: bytes = b"") -> Attributes:
    """Ask the calling thread's namespace for one message. Blocks. Raises CouldNotLookError."""
    (found,) = _ask(family, command, body, flags=0)
    return found


def ask_table(family: int, command: int, body: bytes = b"") -> Iterator[Attributes]:
    """Ask for a table; else as `ask_one`."""
    return _ask(family, command, body, flags=NLM_F_DUMP)


def _ask(family: int, command: int, body: bytes, *, flags: int) -> Iterator[Attributes]:
    question = request(family, _HEADER.pack(command, _VERSION, 0) + body, flags=flags)
    with closing(exchange(_NETLINK_GENERIC, question)) as answer:
        for message in answer:
            yield attributes(message.body[_HEADER.size :])
