"""Which way would the kernel send, and what does it know of the next hop?"""

from collections.abc import Collection, Iterable
from functools import partial
from ipaddress import IPv4Address

from probes.errors import LookError, UnreachableError
from probes.kernel.fdb import fetch_fdb, parse_fdb_entry
from probes.kernel.links import fetch_links, parse_link
from probes.kernel.neighbours import fetch_neighbours, parse_neighbour
from probes.kernel.netlink import read_table
from probes.kernel.routes import route_to
from probes.model.probe import Names, RouteLook
from probes.model.reading import FdbEntry, Link, Neighbour
from probes.model.result import Observation
from probes.model.vantage import Vantage
from probes.net import Net
from probes.phases import Phases
from probes.vantage import inside

_MOST_ROWS = 10_000
_NO_NODE, _NO_ENTRY = "no node of the Swarm", "no forwarding entry"


async def look(look: RouteLook, net: Net, phases: Phases) -> Observation:
    """Ask in the vantage's namespace; and for an overlay's address, in the overlay's own."""
    told: list[tuple[str, str]] = []
    with phases.timed("route"), inside(net.vantage):
        links = _links()
        chosen = route_to(look.address, {link.index: link.mtu_bytes for link in links})
        device = next((link for link in links if link.index == chosen.device_index), None)
        next_hop = chosen.gateway or look.address
        known = _neighbour(next_hop, links)
    told.append(("device", device.name if device else f"if{chosen.device_index}"))
    told.append(("mtu", f"{chosen.mtu_bytes} bytes"))
    told.append(("source", str(chosen.source)))
    told.append(("gateway", str(chosen.gateway) if chosen.gateway else "none: it is a neighbour"))
    if known:
        told.append(("neighbour", f"{next_hop} {_shown(known)}"))
    if look.overlay:
        with phases.timed("overlay"):
            told.extend(_forwarding(look, look.overlay, known))
    observed = Observation(told=tuple(told))
    lost = next((value for key, value in told if key == "vtep" and _leads_nowhere(value)), "")
    if lost:
        raise UnreachableError(f"the overlay leads nowhere: {lost}", observed)
    return observed


def _leads_nowhere(vtep: str) -> bool:
    return vtep.startswith(_NO_ENTRY) or vtep.endswith(_NO_NODE)


def _forwarding(
    look: RouteLook, overlay: Vantage, known: Neighbour | None
) -> Iterable[tuple[str, str]]:
    """Tell where the overlay sends the address' frames; that it cannot be read is told, too.

    *known* is what the vantage has learned of its next hop. Docker writes neighbours for tasks on
    other nodes alone: one on this node answers for itself, and is known by that.
    """
    try:
        with inside(overlay):
            links = _links()
            neighbour = _neighbour(look.address, links)
            devices = {link.index: link.name for link in links}
            parse = partial(parse_fdb_entry, devices=devices)
            fdb = [row for row in read_table(fetch_fdb(), parse, _MOST_ROWS).rows if row]
    except LookError as exc:
        yield "overlay", str(exc)
        return
    if neighbour and neighbour.mac:
        yield "overlay", f"{look.address} {_shown(neighbour)} on {neighbour.device}"
        mac = neighbour.mac
    elif known and known.mac and known.address == look.address:
        yield "overlay", f"no neighbour entry for {look.address}, which answered ARP itself"
        mac = known.mac
    else:
        yield "overlay", f"no neighbour entry for {look.address}, and nobody has answered ARP yet"
        return
    tunnels = {link.name for link in links if link.kind == "vxlan"}
    yield "vtep", _behind(mac, [row for row in fdb if row.mac == mac], tunnels, look.nodes)


def _behind(mac: str, rows: Iterable[FdbEntry], tunnels: Collection[str], nodes: Names) -> str:
    """Say where frames for a MAC go.

    A row with a VTEP counts first: the bridge learns from answers that a MAC is behind its VXLAN
    port, and only VXLAN's own row says on which node.
    """
    rows = list(rows)
    vtep = next((row.vtep for row in rows if row.vtep), None)
    if vtep:
        return f"{vtep}, {dict(nodes).get(vtep, _NO_NODE)}"
    port = next((row.device for row in rows if row.bridge and row.device not in tunnels), None)
    if port:
        return f"none: {mac} is on this node, at {port}"
    return f"{_NO_ENTRY} for {mac}: frames are dropped, or flooded"


def _links() -> tuple[Link, ...]:
    return read_table(fetch_links(), parse_link, _MOST_ROWS).rows


def _neighbour(address: IPv4Address, links: Iterable[Link]) -> Neighbour | None:
    parse = partial(parse_neighbour, devices={link.index: link.name for link in links})
    rows = read_table(fetch_neighbours(), parse, _MOST_ROWS).rows
    return next((row for row in rows if row and row.address == address), None)


def _shown(neighbour: Neighbour) -> str:
    return f"is {neighbour.mac or 'nobody'} ({neighbour.state})"
