"""How are the nodes, and this machine, wired together?

A bridge in a namespace of its own, so that no firewall or bridge filter of this machine's takes
part, with a veth to every node's `eth0` and one to this machine.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.lab.commands import run
from tests.lab.errors import CommandError, LabError
from tests.lab.layout import FABRIC, MACHINE_ADDRESS, PREFIX, Node, Pins
from tests.lab.namespaces import in_network, pin_network

_BRIDGE = "br0"

#: This machine's link to the fabric.
MACHINE_LINK = PREFIX


def build(fabric: Pins, nodes: Sequence[Node]) -> None:
    """Make the fabric's and the nodes' network namespaces, and wire them."""
    for pins in (fabric, *(node.pins for node in nodes)):
        pin_network(pins)
    _ip(
        fabric,
        "link set lo up",
        f"link add {_BRIDGE} type bridge",
        f"link set {_BRIDGE} up",
        *(
            f"link add {node.port_in_fabric} type veth peer name eth0 netns {node.pins.net}"
            for node in nodes
        ),
        *(f"link set {node.port_in_fabric} master {_BRIDGE} up" for node in nodes),
    )
    for node in nodes:
        _ip(
            node.pins,
            "link set lo up",
            f"address add {node.address}/{FABRIC.prefixlen} dev eth0",
            "link set eth0 up",
        )
    _connect_this_machine(fabric)


def _connect_this_machine(fabric: Pins) -> None:
    taken = run("ip", "-brief", "route", "show", "to", "root", str(FABRIC)).strip()
    if taken:
        raise LabError(f"this machine has a route to {FABRIC}, which the lab needs: {taken}")
    link = f"link add {MACHINE_LINK} type veth peer name machine netns {fabric.net}"
    run("ip", *link.split())
    _ip(fabric, f"link set machine master {_BRIDGE} up")
    run("ip", *f"address add {MACHINE_ADDRESS}/{FABRIC.prefixlen} dev {MACHINE_LINK}".split())
    run("ip", "link", "set", MACHINE_LINK, "up")


def disconnect_this_machine() -> None:
    """Remove this machine's link: its namespace's end would remove it too, but some time later."""
    if Path(f"/sys/class/net/{MACHINE_LINK}").exists():
        # The other end's namespace may be taking it away at this very moment.
        with suppress(CommandError):
            run("ip", "link", "delete", MACHINE_LINK)


def set_link(fabric: Pins, node: Node, state: str) -> None:
    """Set the bridge's port to *node* `up` or `down`."""
    _ip(fabric, f"link set {node.port_in_fabric} {state}")


def _ip(pins: Pins, *lines: str) -> None:
    run(*in_network(pins, "ip", "-batch", "-"), input="\n".join(lines) + "\n")
