"""Network namespaces laid out as Docker lays them out, made for one test and removed again."""

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from probes.kernel.namespaces import Namespace
from probes.model.vantage import Vantage, VantageKind

_RUN = Path("/run")
_PREFIX = "ssk-kernel-"

NETWORK_ID = "k3x9q2m7wabcdefghijklmnop"
OVERLAY = "1-k3x9q2m7wa"
LOAD_BALANCER = "lb_k3x9q2m7w"
TASK = "0123456789ab"
OTHER_TASK = "ba9876543210"

#: The overlay's layout as in an engine 20.10, and what it writes for one task on another node.
_OVERLAY_LINKS = """
link set lo up
link add br0 type bridge vlan_default_pvid 0
address add 10.77.0.1/24 dev br0
link add vxlan0 type vxlan id 4097 dstport 4789 learning proxy l2miss l3miss
link set vxlan0 master br0
link set vxlan0 mtu 1450 up
link set br0 up
neigh add 10.77.0.7 lladdr 02:42:0a:4d:00:07 dev vxlan0 nud permanent
"""
_OVERLAY_FDB = """
fdb add 02:42:0a:4d:00:07 dev vxlan0 dst 198.18.0.13 self permanent
"""


class Place:
    """A folder like /var/run/docker/netns."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder

    def add(self, name: str) -> Path:
        """Make a namespace with nothing but a loopback."""
        file = self.folder / name
        file.touch()
        _run("unshare", f"--net={file}", "true")
        return file

    def add_overlay(self, name: str = OVERLAY) -> Namespace:
        """Make an overlay's namespace, with one task on another node."""
        file = self.add(name)
        self.ip(name, _OVERLAY_LINKS)
        self.bridge(name, _OVERLAY_FDB)
        vantage = Vantage(kind=VantageKind.OVERLAY, name="shop_app", netns=str(file))
        return Namespace(vantage=vantage, network_id=NETWORK_ID)

    def join(self, name: str, port: str, host: int, *, overlay: str = OVERLAY) -> Vantage:
        """Make a container's namespace, and plug it into the overlay's *port* as 10.77.0.*host*."""
        file = self.add(name)
        peer = f"name eth0 address 02:42:0a:4d:00:{host:02x} mtu 1450 netns {file}"
        self.ip(overlay, f"link add {port} mtu 1450 type veth peer {peer}")
        self.ip(overlay, f"link set {port} master br0 up")
        self.ip(name, f"address add 10.77.0.{host}/24 dev eth0\nlink set eth0 up")
        return Vantage(kind=VantageKind.TASK, name=f"shop_api.{host}", netns=str(file))

    def ip(self, name: str, lines: str) -> None:
        """Run lines of `ip` in a namespace."""
        _run("nsenter", f"--net={self.folder / name}", "ip", "-batch", "-", lines=lines)

    def bridge(self, name: str, lines: str) -> None:
        """Run lines of `bridge` in a namespace."""
        _run("nsenter", f"--net={self.folder / name}", "bridge", "-batch", "-", lines=lines)

    def remove(self, name: str) -> None:
        """Let a namespace go, as the engine does when a container ends."""
        file = self.folder / name
        _run("umount", str(file))
        file.unlink()

    def close(self) -> None:
        """Remove the folder and all that is in it."""
        _clean(self.folder)


def folder_of(process: int) -> Path:
    """Name the folder of the test process, so that one that was killed can be cleaned up after."""
    return _RUN / f"{_PREFIX}{process}"


def clean_leftovers() -> None:
    """Remove what test processes left that are no more."""
    for folder in _RUN.glob(f"{_PREFIX}*"):
        if not Path("/proc", folder.name.removeprefix(_PREFIX)).exists():
            _clean(folder)


def _clean(folder: Path) -> None:
    for file in folder.iterdir():
        with suppress(subprocess.CalledProcessError):  # a plain file, mounted by nobody
            _run("umount", str(file))
    shutil.rmtree(folder)


def _run(*command: str, lines: str = "") -> None:
    subprocess.run(command, input=lines, text=True, check=True, capture_output=True)
