"""What do two nodes with an overlay between them look like? Namespaces with real VXLAN devices."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import indent

from probes.model.vantage import Vantage, VantageKind
from tests.probes.kernel.place import Place, clean_leftovers, folder_of

_LINKS = """
link set lo up
link set under addrgenmode none
address add 198.18.9.{own}/24 dev under
link set under up
link add over type vxlan id 4097 dstport 4789 local 198.18.9.{own} remote 198.18.9.{other}
link set over addrgenmode none
address add 10.88.0.{own}/24 dev over
link set over up
"""


class Tunnel:
    """Two nodes of our own, with a VXLAN device each."""

    def __init__(self) -> None:
        clean_leftovers()
        self._place = Place(folder_of(os.getpid()))
        self.files = {name: self._place.add(name) for name in ("one", "two")}
        peer = f"link add under type veth peer name under netns {self.files['two']}"
        self._place.ip("one", peer)
        self._place.ip("one", _LINKS.format(own=1, other=2))
        self._place.ip("two", _LINKS.format(own=2, other=1))

    def inside(self, name: str, *argv: str) -> list[str]:
        return ["nsenter", f"--net={self.files[name]}", *argv]

    def vantage(self, name: str) -> Vantage:
        return Vantage(kind=VantageKind.HOST, name=name, netns=str(self.files[name]))

    def run(self, name: str, *argv: str, text: str = "") -> None:
        subprocess.run(self.inside(name, *argv), input=text, text=True, check=True)

    @contextmanager
    def sending(self, what: str) -> Iterator[None]:
        """Let node one send, over and over."""
        loop = f"import socket, time\nwhile True:\n{indent(SENDING[what], '    ')}"
        with subprocess.Popen(self.inside("one", sys.executable, "-c", loop)) as talking:
            try:
                yield
            finally:
                talking.kill()

    def close(self) -> None:
        self._place.close()


#: What node one does again and again.
SENDING = {
    "tcp": """
with socket.socket() as sock:
    sock.settimeout(0.2)
    sock.connect_ex(("10.88.0.2", 81))
time.sleep(0.05)
""",
    "udp": """
with socket.socket(type=socket.SOCK_DGRAM) as sock:
    sock.sendto(b"hello", ("10.88.0.2", 53))
time.sleep(0.05)
""",
    "esp": """
with socket.socket(type=socket.SOCK_RAW, proto=50) as sock:
    sock.sendto(bytes(64), ("198.18.9.2", 0))
time.sleep(0.05)
""",
}
