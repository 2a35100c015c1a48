"""Which network namespaces did Docker make on this node, and what are they for?"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from probes.errors import CouldNotLookError
from probes.model.topology import Network
from probes.model.vantage import Vantage, VantageKind
from probes.vantage import is_namespace

# Names of the files (moby libnetwork/osl GenerateKey, which cuts them to 12 characters, and
# libnetwork/drivers/overlay/ov_network.go). An overlay's number grows with each time that the
# engine builds its namespace anew.
_OVERLAY = re.compile(r"(?P<epoch>\d+)-(?P<network>[0-9a-z]{1,10})")
_LOAD_BALANCER = re.compile(r"lb_(?P<network>[0-9a-z]{9})")
_INGRESS = "ingress_sbox"
_CONTAINER = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """A namespace that can be read, and the network that it serves."""

    vantage: Vantage
    #: "" where there is none, or we cannot tell.
    network_id: str


def list_namespaces(folder: Path, networks: Iterable[Network]) -> tuple[Namespace, ...]:
    """List what is in the engine's folder of namespaces, usually /var/run/docker/netns.

    Raises CouldNotLookError when the folder cannot be listed.
    """
    try:
        # The engine leaves a plain file behind for a while after it took a namespace away.
        names = [file.name for file in folder.iterdir() if is_namespace(str(file))]
    except OSError as error:
        message = f"{folder} cannot be listed ({error.strerror}): is the engine's folder mounted?"
        raise CouldNotLookError(message) from error
    return classify(sorted(names), folder, tuple(networks))


def classify(
    names: Iterable[str],
    folder: Path,
    networks: tuple[Network, ...],
) -> tuple[Namespace, ...]:
    """Tell from the files' names what the namespaces are for; other names are left out.

    Of an overlay that was built several times only the latest counts.
    """
    latest: dict[str, tuple[int, str]] = {}
    namespaces = []
    for name in names:
        if overlay := _OVERLAY.fullmatch(name):
            epoch = (int(overlay["epoch"]), name)
            latest[overlay["network"]] = max(epoch, latest.get(overlay["network"], epoch))
        elif balancer := _LOAD_BALANCER.fullmatch(name):
            network = _starting_with(balancer["network"], networks)
            namespaces.append(_namespace(VantageKind.LOAD_BALANCER, folder / name, network))
        elif name == _INGRESS:
            network = next((network for network in networks if network.ingress), None)
            namespaces.append(_namespace(VantageKind.INGRESS, folder / name, network))
        elif _CONTAINER.fullmatch(name):
            namespaces.append(_namespace(VantageKind.TASK, folder / name, None))
    overlays = [
        _namespace(VantageKind.OVERLAY, folder / name, _starting_with(prefix, networks))
        for prefix, (_, name) in latest.items()
    ]
    return (*overlays, *namespaces)


def _starting_with(prefix: str, networks: tuple[Network, ...]) -> Network | None:
    return next((network for network in networks if network.id.startswith(prefix)), None)


def _namespace(kind: VantageKind, file: Path, network: Network | None) -> Namespace:
    name = network.name if network else file.name
    return Namespace(
        vantage=Vantage(kind=kind, name=name, netns=str(file)),
        network_id=network.id if network else "",
    )
