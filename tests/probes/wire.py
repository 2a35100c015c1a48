"""What does a task's namespace look like to a probe? Two of our own, joined by a wire."""

import os
import socket
import subprocess
from ipaddress import IPv4Address

from probes.model.vantage import Vantage, VantageKind
from probes.vantage import open_socket
from tests.probes.kernel.place import Place, clean_leftovers, folder_of

TASK_ADDRESS, PEER_ADDRESS = IPv4Address("10.78.0.1"), IPv4Address("10.78.0.2")
_TASK, _PEER = "task", "peer"

_TASK_LINKS = """
link add eth0 type veth peer name eth0 netns {peer}
link set lo up
address add 10.78.0.1/24 dev eth0
link set eth0 up
route add default via 10.78.0.2
"""
_PEER_LINKS = """
link set lo up
address add 10.78.0.2/24 dev eth0
link set eth0 up
"""


class Wire:
    """A task at 10.78.0.1, and a peer at 10.78.0.2 that is its way to everywhere."""

    def __init__(self) -> None:
        clean_leftovers()
        self._place = Place(folder_of(os.getpid()))
        self.task, self.peer = self._vantage(_TASK), self._vantage(_PEER)
        self._place.ip(_TASK, _TASK_LINKS.format(peer=self.peer.netns))
        self._place.ip(_PEER, _PEER_LINKS)

    def _vantage(self, name: str) -> Vantage:
        file = self._place.add(name)
        return Vantage(kind=VantageKind.TASK, name=name, netns=str(file))

    def listen(self) -> socket.socket:
        """Listen on a free TCP port of the peer's."""
        sock = open_socket(self.peer, socket.SOCK_STREAM)
        sock.bind((str(PEER_ADDRESS), 0))
        sock.listen()
        return sock

    def bind(self) -> socket.socket:
        """Open a free UDP port of the peer's."""
        sock = open_socket(self.peer, socket.SOCK_DGRAM)
        sock.bind((str(PEER_ADDRESS), 0))
        return sock

    def ip(self, lines: str) -> None:
        """Run lines of `ip` in the task's namespace."""
        self._place.ip(_TASK, lines)

    def rule(self, vantage: Vantage, hook: str, rule: str) -> None:
        """Add a firewall rule at a hook of the task's or the peer's namespace."""
        lines = (
            "add table ip test",
            f"add chain ip test only {{ type filter hook {hook} priority 0; }}",
            f"add rule ip test only {rule}",
        )
        argv = ("nsenter", f"--net={vantage.netns}", "nft", "-f", "-")
        subprocess.run(argv, input="\n".join(lines), text=True, check=True)

    def vanish(self) -> None:
        """Let the task's namespace go, as the engine does when a container ends."""
        self._place.remove(_TASK)

    def add_file(self) -> Vantage:
        """Make a plain file where a namespace should be, as the engine leaves behind."""
        file = self._place.folder / "ended"
        file.touch()
        return Vantage(kind=VantageKind.TASK, name="ended", netns=str(file))

    def close(self) -> None:
        """Remove both namespaces."""
        self._place.close()
