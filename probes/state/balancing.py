"""What do this node's load balancers have? One row for each destination of each service."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address

from probes.audit.balancer import check as check_balancers
from probes.audit.balancer_state import balancers, served_vips
from probes.audit.mesh import check_mesh
from probes.audit.mesh_state import mesh_here
from probes.audit.situation import Situation
from probes.model.reading import VirtualService
from probes.state.judged import by_service
from probes.state.table import Row, Table

_NO_IPVS = "this node's kernel has no IPVS: no virtual IP and no published port answers here"


def ipvs(situation: Situation) -> Table:
    """List the destinations, on overlays and of published ports."""
    wrong = {**by_service(check_balancers(situation)), **by_service(check_mesh(situation))}
    rows = [
        Row(cells=cells, wrong=wrong.get((cells[0], cells[1]), ""))
        for cells in (*_of_vips(situation), *_of_ports(situation))
    ]
    return Table(
        kind="ipvs",
        node=situation.node.name,
        columns=(
            "network",
            "service",
            "task",
            "vip",
            "mark",
            "address",
            "weight",
            "active",
            "connections",
        ),
        rows=tuple(sorted(rows, key=lambda row: row.cells)),
        key=3,
        own=frozenset({"mark", "active", "connections"}),
        judged=True,
        note="" if situation.reading.ipvs else _NO_IPVS,
    )


def _of_vips(situation: Situation) -> Iterator[tuple[str, ...]]:
    for balancer in balancers(situation):
        for served in served_vips(balancer, situation):
            names = {address: item.name for address, item in served.possible.items()}
            where = balancer.network.name, served.service.name
            yield from _of_service(served.virtual_service, where, str(served.vip), names)


def _of_ports(situation: Situation) -> Iterator[tuple[str, ...]]:
    mesh = mesh_here(situation)
    if mesh is None:
        return
    endpoints = situation.endpoints.get(mesh.network_id, {})
    names = {address: item.name for address, item in endpoints.items()}
    for published in mesh.ports:
        where = mesh.network, published.service.name
        yield from _of_service(mesh.balanced(published), where, str(published), names)


def _of_service(
    found: VirtualService | None, where: tuple[str, str], vip: str, names: Mapping[IPv4Address, str]
) -> Iterator[tuple[str, ...]]:
    for backend in found.backends if found else ():
        yield (
            *where,
            names.get(backend.address, "nobody"),
            vip,
            str(found.mark if found else ""),
            str(backend.address),
            str(backend.weight),
            str(backend.active_connections),
            str(backend.connections),
        )
