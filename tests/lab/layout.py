"""Where does the lab keep its things, and what are they called?"""

import os
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

#: In the name of every cgroup, mount and link of the lab's, so that each can be found again.
PREFIX = "swarm-lab"

#: Set aside for benchmarks of networks (RFC 2544), so no machine should have it in real use.
FABRIC = IPv4Network("198.18.0.0/24")
MACHINE_ADDRESS = FABRIC[1]

#: Node 1 has 198.18.0.11; up to .254, and sixteen engines are more than two cores carry.
FIRST_NODE_OFFSET = 10
MOST_NODES = 16


@dataclass(frozen=True, slots=True)
class Pins:
    """The files on which a node's namespaces are bound, so that they outlive every process."""

    folder: Path

    @property
    def net(self) -> Path:
        return self.folder / "net"

    @property
    def mount(self) -> Path:
        return self.folder / "mnt"

    @property
    def uts(self) -> Path:
        return self.folder / "uts"


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the Swarm; the name is its host name, the address its own on the fabric."""

    index: int
    folder: Path
    pins: Pins

    @property
    def name(self) -> str:
        return f"node{self.index}"

    @property
    def address(self) -> IPv4Address:
        return FABRIC[FIRST_NODE_OFFSET + self.index]

    @property
    def socket(self) -> Path:
        """The Engine's second socket, which can be reached from outside the node."""
        return self.folder / "docker.sock"

    @property
    def log(self) -> Path:
        return self.folder / "dockerd.log"

    @property
    def pid_file(self) -> Path:
        return self.folder / "dockerd.pid"

    @property
    def cgroup(self) -> str:
        """Where the node's processes live, in every cgroup hierarchy."""
        return f"/{PREFIX}/{self.name}"

    @property
    def port_in_fabric(self) -> str:
        """Name of the bridge's port to this node; the other end is the node's eth0."""
        return f"n{self.index}"


@dataclass(frozen=True, slots=True)
class Layout:
    """The lab's folder; overlay2 must work on its file system."""

    state: Path

    @property
    def lock(self) -> Path:
        return self.state / "lock"

    @property
    def record(self) -> Path:
        """What was asked for, in JSON."""
        return self.state / "lab.json"

    @property
    def pins(self) -> Path:
        """A tmpfs of private propagation: namespaces can be bound on its files."""
        return self.state / "namespaces"

    @property
    def fabric(self) -> Pins:
        return Pins(self.pins / "fabric")

    def node(self, index: int) -> Node:
        """Name the node's things."""
        name = f"node{index}"
        return Node(index, self.state / name, Pins(self.pins / name))


def default_layout() -> Layout:
    """Take the folder from SWARM_LAB_STATE; /var/tmp is on a disk even where /tmp is not."""
    return Layout(Path(os.environ.get("SWARM_LAB_STATE") or "/var/tmp/swarm-lab"))  # noqa: S108
