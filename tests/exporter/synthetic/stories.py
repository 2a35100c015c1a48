"""What happens to the fleet: a lost forwarding entry, a name that would be a script?"""

import time
from dataclasses import replace

from probes.findings import fdb
from probes.model.finding import Evidence, HeldFinding, Subject
from probes.model.probe import Probe, Target
from probes.model.topology import Service, Topology
from tests.exporter.synthetic.fleet import Fleet
from tests.exporter.synthetic.topologies import shop

HOSTILE = "<script>alert(1)</script>"
_HOUR_MINUTES = 60


def with_hostile_name(topology: Topology) -> Topology:
    """Call one service, and one of its labels, what would be a script."""

    def renamed(service: Service) -> Service:
        if service.name != "logs_collector":
            return service
        label = ("swarmscope.tcp", "<img src=x onerror=alert(2)>")
        return replace(service, name=HOSTILE, labels=(*service.labels, label))

    return replace(topology, services=tuple(map(renamed, topology.services)))


def fleet_with_history(topology: Topology | None = None) -> Fleet:
    """Have agents that have probed for an hour; twenty minutes ago something failed for a while."""
    now = time.time()
    fleet = Fleet(topology or shop(), now)
    for ago in range(_HOUR_MINUTES, -1, -1):
        fleet.run(now - 60 * ago, is_lost if 18 <= ago <= 22 else lambda _: False)
    return fleet


def is_lost(probe: Probe) -> bool:
    """Tell whether a probe would notice that node3 cannot send to the task shop_api.2."""
    from_node3 = probe.id.source_node == "node3"
    return (
        from_node3 and probe.id.destination_task == "shop_api.2" and probe.id.target is Target.TASK
    )


def lose_an_entry(fleet: Fleet) -> None:
    """Let node3 have no forwarding entry for the task, and its agent find it."""
    subject = Subject(
        network="shop_app", service="shop_api", task="shop_api.2", peer="node2", item="10.0.1.11"
    )
    evidence = Evidence(
        what="forwarding entry of 02:42:0a:00:01:0b", expected="198.18.0.12", actual="none"
    )
    finding = fdb.MISSING.found(subject, evidence)
    held = HeldFinding(
        finding=finding,
        since=fleet.now - 95,
        severity=fdb.MISSING.severity,
        meaning=fdb.MISSING.meaning,
        remedy=fdb.MISSING.remedy_of(finding, "node3"),
        references=fdb.MISSING.references,
    )
    fleet.find("node3", held)
    fleet.run(time.time(), is_lost)
