"""One service behind one load balancer of the lab: how is it broken there, and mended?"""

from dataclasses import dataclass
from ipaddress import IPv4Address

from probes.audit.balancer_state import ServedVip, balancers, served_vips
from tests.lab.audit.looking import LabAuditor
from tests.lab.lab import Lab
from tests.lab.layout import Node

#: Nobody's.
ANOTHER_MARK = "9999"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a fault is made of; whatever is broken is mended by its inverse."""

    lab: Lab
    node: Node
    served: ServedVip
    #: An address of the network that nobody has.
    free: IPv4Address

    @property
    def vip(self) -> str:
        return str(self.served.vip)

    @property
    def mark(self) -> str:
        return str(self.served.mark)

    @property
    def tasks(self) -> list[str]:
        """The addresses of the service's tasks."""
        return [str(address) for address in sorted(self.served.running)]

    def run(self, *argv: str) -> str:
        """Run a command in the load balancer's namespace."""
        return self.lab.netns(self.node, self.served.balancer.netns, *argv)

    # --- IPVS ---

    def add(self, address: object) -> None:
        self._destination("--add-server", address, "--masquerading", "--weight", "1")

    def edit(self, address: object, *options: str) -> None:
        self._destination("--edit-server", address, "--masquerading", *options)

    def delete(self, address: object) -> None:
        self._destination("--delete-server", address)

    def _destination(self, command: str, address: object, *options: str) -> None:
        where = ("--fwmark-service", self.mark, "--real-server", f"{address}:0")
        self.run("ipvsadm", command, *where, *options)

    def drain_all(self) -> None:
        for address in self.tasks:
            self.edit(address, "--weight", "0")

    def fill_all(self) -> None:
        for address in self.tasks:
            self.edit(address, "--weight", "1")

    def delete_virtual_service(self) -> None:
        self.run("ipvsadm", "--delete-service", "--fwmark-service", self.mark)

    def add_virtual_service(self) -> None:
        self.run("ipvsadm", "--add-service", "--fwmark-service", self.mark, "--scheduler", "rr")
        for address in self.tasks:
            self.add(address)

    # --- what leads there, and back ---

    def address(self, command: str, address: object) -> None:
        self.run("ip", "address", command, f"{address}/32", "dev", "eth0")

    def marking(self, command: str, mark: str) -> None:
        rule = ("INPUT", "--destination", f"{self.vip}/32", "--jump", "MARK", "--set-mark", mark)
        self.run("iptables", "--table", "mangle", command, *rule)

    def translation(self, command: str) -> None:
        balancer = self.served.balancer
        rule = ("POSTROUTING", "--destination", str(balancer.network.subnets[0]))
        match = ("--match", "ipvs", "--ipvs")
        target = ("--jump", "SNAT", "--to-source", str(balancer.own_address))
        self.run("iptables", "--table", "nat", command, *rule, *match, *target)

    def forget(self) -> None:
        """Take all of the service away, as if the Engine had never heard of it."""
        self.address("delete", self.vip)
        self.marking("--delete", self.mark)
        self.delete_virtual_service()

    def remember(self) -> None:
        self.address("add", self.vip)
        self.marking("--append", self.mark)
        self.add_virtual_service()

    def sysctl(self, name: str, value: str) -> None:
        self.run("sysctl", "--quiet", "--write", f"{name}={value}")


def place_of(auditor: LabAuditor, node: Node, network: str, service: str) -> Place | None:
    """Find a service's place on a node; None where the node has no part in the network."""
    situation = auditor.situation(node)
    for balancer in balancers(situation):
        for served in served_vips(balancer, situation):
            if (balancer.network.name, served.service.name) == (network, service):
                taken = {*situation.endpoints[balancer.network.id], *balancer.vips_held}
                hosts = reversed(list(balancer.network.subnets[0].hosts()))
                free = next(item for item in hosts if item not in taken)
                return Place(lab=auditor.lab, node=node, served=served, free=free)
    return None
