"""What is this node's place in the Swarm?"""

from dataclasses import dataclass
from ipaddress import IPv4Address

from probes.addresses import parse_address
from probes.swarm.parse import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A node's place in the Swarm, as its own Engine tells it."""

    node_id: str
    #: The advertised address; None while Swarm has none.
    address: IPv4Address | None
    manager: bool
    #: Addresses of the managers this node knows.
    managers: tuple[IPv4Address, ...]


def parse_membership(info: Document) -> Membership | str:
    """Read `GET /info`; where the Engine is in no Swarm, the state that it is in instead."""
    swarm = info.get("Swarm") or {}
    state = swarm.get("LocalNodeState") or "inactive"
    if state != "active":
        return str(state)
    peers = swarm.get("RemoteManagers") or []
    addresses = (parse_address(peer["Addr"].rpartition(":")[0]) for peer in peers)
    return Membership(
        node_id=swarm["NodeID"],
        address=parse_address(swarm.get("NodeAddr", "")),
        manager=bool(swarm.get("ControlAvailable")),
        managers=tuple(address for address in addresses if address),
    )
