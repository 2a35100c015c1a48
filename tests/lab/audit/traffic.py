"""How does a test make a task of the lab send something?"""

import sys

from tests.lab.lab import Lab
from tests.lab.layout import Node

_SEND = """
import socket, sys
address, count = sys.argv[1], int(sys.argv[2])
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    for _ in range(count):
        sender.sendto(b"x" * 64, (address, 9))
"""


def send(lab: Lab, node: Node, container: str, address: str, count: int) -> None:
    """Send *count* datagrams from a container of the node's to port 9 (discard) of *address*.

    A refusal of the other side's, which a datagram before may have had, ends it.
    """
    lab.netns(node, container, sys.executable, "-c", _SEND, address, str(count), check=False)
