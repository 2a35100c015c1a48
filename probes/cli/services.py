"""What can be named, and from where on this node can one look?"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from probes.looks.names import short_name
from probes.model.local import LocalTask
from probes.model.topology import Service, Topology
from probes.plan.lookup import Lookup, vip_on
from probes.wire import DOCUMENT_VERSION

TITLES = ("SERVICE", "NAME", "NETWORKS", "PORTS", "TASKS", "HERE")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """One service, as it can be named."""

    service: str
    #: Its name within its stack.
    name: str
    #: Network -> VIP; "" where it has none.
    networks: Mapping[str, str]
    #: TCP ports that are known to be listened on.
    ports: tuple[int, ...]
    #: Names of its running tasks.
    tasks: tuple[str, ...]
    #: Those of them that run on this node, so that one can look `--from` them.
    here: tuple[str, ...]


def list_services(topology: Topology, local: Iterable[LocalTask]) -> list[ServiceRow]:
    """Describe every service, in the order of names."""
    lookup = Lookup(topology)
    here = {item.task_id for item in local}
    services = sorted(topology.services, key=lambda service: service.name)
    return [_row(service, lookup, here) for service in services]


def _row(service: Service, lookup: Lookup, here: set[str]) -> ServiceRow:
    tasks = [task for task in lookup.tasks_of(service) if task.running]
    vips = {
        lookup.networks[network_id].name: vip_on(service, network_id)
        for network_id in lookup.overlays_of(service)
    }
    return ServiceRow(
        service=service.name,
        name=short_name(service),
        networks={name: str(vip or "") for name, vip in sorted(vips.items())},
        ports=tuple(sorted(lookup.tcp_ports_of(service))),
        tasks=tuple(sorted(lookup.name_of(task) for task in tasks)),
        here=tuple(sorted(lookup.name_of(task) for task in tasks if task.id in here)),
    )


def cells_of(rows: Iterable[ServiceRow]) -> Iterator[tuple[str, ...]]:
    """Write rows for a table under `TITLES`."""
    for row in rows:
        networks = (f"{name} {vip}".rstrip() for name, vip in row.networks.items())
        ports = (str(port) for port in row.ports)
        yield (
            row.service,
            row.name,
            ", ".join(networks),
            ", ".join(ports),
            str(len(row.tasks)),
            ", ".join(row.here),
        )


def services_document(rows: Iterable[ServiceRow]) -> Mapping[str, Any]:
    """Describe the services for `--json`."""
    return {"version": DOCUMENT_VERSION, "services": [asdict(row) for row in rows]}
