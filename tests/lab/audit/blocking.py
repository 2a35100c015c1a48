"""How does a test block a port of a node's, as a firewall between the nodes does?"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.lab import Lab
from tests.lab.layout import Node


@contextmanager
def blocked(lab: Lab, node: Node, port: int, *protocols: str) -> Iterator[None]:
    """Drop what goes to, and what comes from, *port* of any node, on *node*, for a while."""
    rules = [
        (chain, "-p", protocol, side, str(port), "-j", "DROP")
        for chain in ("INPUT", "OUTPUT")
        for protocol in protocols
        for side in ("--dport", "--sport")
    ]
    for rule in rules:
        lab.exec(node, "iptables", "-I", *rule)
    try:
        yield
    finally:
        for rule in rules:
            lab.exec(node, "iptables", "-D", *rule)
