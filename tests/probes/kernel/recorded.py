"""What did a real kernel answer once? The recordings in tests/data/kernel, made by record.py."""

import socket
import struct
from pathlib import Path

from probes.kernel.attributes import Attributes, attributes
from probes.kernel.transport import KernelMessage, received

FOLDER = Path(__file__).parents[2] / "data" / "kernel"

#: NLMSG_DONE with the status 0 (struct nlmsghdr).
_END = struct.pack("=IHHIIi", 20, 3, 2, 0, 0, 0)
#: Of nf_tables' messages (struct nfgenmsg) and of generic netlink's (struct genlmsghdr).
_FAMILY_HEADER_BYTES = 4


def messages(name: str) -> list[KernelMessage]:
    """Receive a recorded answer as if the kernel gave it now."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        theirs.send((FOLDER / name).read_bytes())
        theirs.send(_END)
        return list(received(ours))


def rows(name: str) -> list[Attributes]:
    """Give the attributes of a recorded answer's messages."""
    return [attributes(message.body[_FAMILY_HEADER_BYTES:]) for message in messages(name)]


def legacy_table(name: str) -> tuple[bytes, bytes]:
    """Give the layout and the entries of a recorded table of iptables-legacy."""
    recorded = (FOLDER / f"legacy-{name}.bin").read_bytes()
    return recorded[:84], recorded[84:]
