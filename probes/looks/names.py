"""What does a name stand for, that somebody typed?

Services go by their full name (`shop_api`) or, within their stack, by the rest of it (`api`);
tasks by that and a slot or a node (`api.2`, `agent.node1`); several tasks by `tasks.api`.
"""

import difflib
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from probes.looks.errors import ElsewhereError, UsageError
from probes.model.local import LocalTask
from probes.model.probe import ExpectedAnswer, Names, Target
from probes.model.topology import Network, Service, Task, Topology
from probes.plan import answers
from probes.plan.lookup import Lookup, address_on, vip_on

_SEVERAL = "tasks."
#: As many characters of a container's id as `docker ps` shows.
SHORTEST_ID = 12


#: Where one stands by a name: in a task of this node, or at this node's part of an overlay.
Source = LocalTask | Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An address to look at, and what stands there."""

    address: IPv4Address
    target: Target
    network: str = ""
    service: str = ""
    task: str = ""
    node: str = ""


class Directory:
    """Everything in one topology that can be named."""

    def __init__(self, topology: Topology) -> None:
        #: The topology's parts by their ids.
        self.lookup = Lookup(topology)
        self._services = defaultdict[str, list[Service]](list)
        self._tasks = defaultdict[str, list[Task]](list)
        for service in topology.services:
            for name in {service.name, short_name(service)}:
                self._services[name].append(service)
                for task in self.lookup.tasks_of(service):
                    number = self.lookup.name_of(task).removeprefix(service.name)
                    self._tasks[f"{name}{number}"].append(task)

    # --- where to look from ---

    def source(self, name: str, local: Iterable[LocalTask]) -> LocalTask:
        """Choose the task of this node that *name* stands for: the first, where it has several.

        ElsewhereError names the nodes that have one; UsageError says that there is none.
        """
        tasks = self.tasks_named(name)
        wanted = {task.id for task in tasks}
        here = [item for item in local if item.task_id in wanted]
        if here:
            return min(here, key=lambda item: item.container_name)
        nodes = {self._node_of(task) for task in tasks if task.running}
        if not nodes:
            raise UsageError(f"no task of {name} runs on this node, or anywhere")
        where = ", ".join(sorted(nodes))
        raise ElsewhereError(f"no task of {name} runs on this node, but on {where}")

    def tasks_named(self, name: str) -> list[Task]:
        """List a service's tasks, or those of this very name; UsageError when nobody has it."""
        service = self._one_of(name, self._services.get(name, []))
        if service is None and name not in self._tasks:
            raise UsageError(f"there is no service, task or container {name!r}{self.hint(name)}")
        return self.lookup.tasks_of(service) if service else self._tasks[name]

    def networks_of(self, service_id: str) -> set[str]:
        """List the ids of a service's overlays."""
        service = self.lookup.services.get(service_id)
        return self.lookup.overlays_of(service) if service else set()

    def named(self, network_ids: Iterable[str]) -> str:
        """Write networks by their names."""
        return ", ".join(sorted(self.lookup.networks[item].name for item in network_ids))

    # --- what to look at ---

    def knows(self, name: str) -> bool:
        """Tell whether *name* is one of the Swarm's, rather than the resolver's."""
        return bool(self._services.get(name.removeprefix(_SEVERAL)) or self._tasks.get(name))

    def place(self, name: str, source: Source | None) -> Place:
        """Find the address that *name* has on a network that *source* is on, too.

        The VIP, where there is one; else the first running task. From an overlay it is always a
        task: what stands there is the balancer itself. UsageError when there is none.
        """
        near = self._overlays_of(source)
        tasks = self._tasks.get(name)
        if tasks:
            found = self._task_place(tasks, near)
            networks = self.networks_of(tasks[0].service_id)
        else:
            service = self._service(name, near)
            balanced = not name.startswith(_SEVERAL) and not isinstance(source, Network)
            found = self._vip_place(service, near) if balanced else None
            found = found or self._task_place(self.lookup.tasks_of(service), near)
            networks = self.networks_of(service.id)
        if found is None and networks & near:
            raise UsageError(f"no task of {name} has an address on {self.named(networks & near)}")
        if found is None:
            where = _written(source)
            raise UsageError(
                f"{name} is on {self.named(networks) or 'no overlay'}, and {where} is not: "
                "look from a service that is, with --from (`probe services` lists them)",
            )
        return found

    def _vip_place(self, service: Service, near: set[str]) -> Place | None:
        for network_id in sorted(near):
            vip = vip_on(service, network_id)
            if vip:
                network = self.lookup.networks[network_id].name
                return Place(
                    address=vip,
                    target=Target.VIP,
                    network=network,
                    service=service.name,
                )
        return None

    def _task_place(self, tasks: Iterable[Task], near: set[str]) -> Place | None:
        for task in sorted(tasks, key=lambda task: (not task.running, self.lookup.name_of(task))):
            for network_id in sorted(near):
                address = address_on(task, network_id)
                if address:
                    return Place(
                        address=address,
                        target=Target.TASK,
                        network=self.lookup.networks[network_id].name,
                        service=self.lookup.services[task.service_id].name,
                        task=self.lookup.name_of(task),
                        node=self._node_of(task),
                    )
        return None

    def expected(self, name: str, source: Source | None) -> tuple[ExpectedAnswer, ...]:
        """Say what *name* should resolve to, asked from *source*; empty when Swarm cannot tell."""
        near = self._overlays_of(source)
        services = self._services.get(name.removeprefix(_SEVERAL), [])
        shared = [service for service in services if self.networks_of(service.id) & near]
        if len(shared) != 1:
            return ()
        service = shared[0]
        networks = sorted(self.networks_of(service.id) & near)
        of_name = answers.of_tasks_name if name.startswith(_SEVERAL) else answers.of_service_name
        return of_name(service, networks, self.lookup)

    # --- whose way to explain ---

    def ends(self, name: str) -> tuple[Service, Task | None]:
        """Find the service that *name* stands for, and the task where it names one."""
        tasks = self._tasks.get(name)
        if tasks:
            return self.lookup.services[tasks[0].service_id], tasks[0]
        return self._service(name, set()), None

    def owners_of(self, address: IPv4Address) -> list[str]:
        """Name who has an address on an overlay: a service for its VIP, or a task."""
        vips = [
            service.name
            for service in self.lookup.services.values()
            if address in {item.address for item in service.vips}
        ]
        tasks = [
            self.lookup.name_of(task)
            for task in self.lookup.tasks.values()
            if task.running and address in {item.address for item in task.addresses}
        ]
        return sorted({*vips, *tasks})

    def tasks_of(self, service: Service) -> list[Task]:
        """List a service's tasks, those that run first, then by name."""
        tasks = self.lookup.tasks_of(service)
        return sorted(tasks, key=lambda task: (not task.running, self.lookup.name_of(task)))

    def ports_of(self, service: Service) -> list[int]:
        """List the TCP ports that the service is known to listen on."""
        declared = {port.target for port in service.ports if port.protocol == "tcp"}
        return sorted(declared or self.lookup.exposed_by(service))

    # --- who is who ---

    def names(self) -> Names:
        """Name every address: nodes, tasks on each of their networks, and VIPs."""
        nodes = [(node.address, node.name) for node in self.lookup.nodes.values() if node.address]
        tasks = [
            (item.address, self.lookup.name_of(task))
            for task in self.lookup.tasks.values()
            if task.running
            for item in task.addresses
        ]
        vips = [
            (item.address, f"{service.name}, its VIP")
            for service in self.lookup.services.values()
            for item in service.vips
        ]
        return (*nodes, *tasks, *vips)

    def node_address(self, name: str) -> IPv4Address | None:
        """Find a node's address on the underlay."""
        found = (node.address for node in self.lookup.nodes.values() if node.name == name)
        return next(found, None)

    # --- both ---

    def hint(self, name: str, others: Iterable[str] = ()) -> str:
        """Suggest what may have been meant, or one of *others*; "" when nothing comes near."""
        near = difflib.get_close_matches(name, [*self._services, *self._tasks, *others], n=1)
        return f"; did you mean {near[0]}?" if near else ""

    def _service(self, name: str, near: set[str]) -> Service:
        """Prefer, of equal short names, the one that shares a network: Docker's resolver does."""
        found = self._services.get(name.removeprefix(_SEVERAL), [])
        shared = [service for service in found if self.networks_of(service.id) & near]
        service = self._one_of(name, shared or found)
        if service is None:
            raise UsageError(f"there is no service or task {name!r}{self.hint(name)}")
        return service

    def _one_of(self, name: str, found: Collection[Service]) -> Service | None:
        if len(found) > 1:
            full = ", ".join(sorted(service.name for service in found))
            raise UsageError(f"{name!r} may be any of {full}: write the full name")
        return next(iter(found), None)

    def _overlays_of(self, source: Source | None) -> set[str]:
        match source:
            case LocalTask(service_id=service_id):
                return self.networks_of(service_id)
            case Network(id=network_id):
                return {network_id}
            case None:
                return set()

    def _node_of(self, task: Task) -> str:
        node = self.lookup.nodes.get(task.node_id)
        return node.name if node else task.node_id


def short_name(service: Service) -> str:
    """Name a service as its own stack does."""
    return service.name.removeprefix(f"{service.stack}_")


def _written(source: Source | None) -> str:
    match source:
        case LocalTask(container_name=name):
            return f"the container {name}"
        case Network(name=name):
            return f"the network {name}"
        case None:
            return "the host"


def find_container(name: str, local: Iterable[LocalTask]) -> LocalTask | None:
    """Find a task of this node by its container's name, or by the beginning of its id."""
    for item in local:
        by_id = len(name) >= SHORTEST_ID and item.container_id.startswith(name)
        if by_id or item.container_name == name:
            return item
    return None
