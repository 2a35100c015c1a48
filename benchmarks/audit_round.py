"""What does one round of the audit cost on a large Swarm?

50 overlays, 500 services, 5,000 tasks on 50 nodes; this node takes part in every overlay and has
5,000 forwarding entries. `python -m benchmarks.audit_round [ROUNDS]`; needs no lab.
"""

import gc
import resource
import sys
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Address, IPv4Network

from probes.audit import hold
from probes.audit.changes import Changes, follow
from probes.audit.fdb import mac_of
from probes.audit.round import CHECKS, audit
from probes.audit.situation import Seen, Situation, situate
from probes.findings import FINDINGS
from probes.intent.labels import read_labels
from probes.model.finding import Finding
from probes.model.intent import Intent
from probes.model.reading import FdbEntry, NamespaceReading, Neighbour, NodeReading
from probes.model.topology import (
    Attachment,
    Network,
    NetworkAddress,
    Node,
    NodeReport,
    Service,
    Task,
    Topology,
)
from probes.model.vantage import Vantage, VantageKind

NODES, NETWORKS, SERVICES, TASKS = 50, 50, 500, 5000
OWN = "n0"
NOW = 1_000_000.0


def main() -> None:
    """Time rounds of an unchanged Swarm, rounds after a change, and single checks."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    topology = _topology()
    reading = _reading(topology)
    rows = sum(len(item.fdb) for item in reading.namespaces)
    print(f"{NETWORKS} networks, {SERVICES} services, {TASKS} tasks, {rows} forwarding entries")
    gc.collect()
    before = _resident_mib()
    for name, changed in (("unchanged", False), ("a task changed", True)):
        times, found = _timed(topology, reading, rounds, changed=changed)
        print(f"round, {name}: {min(times):.3f} s of CPU at best, {max(times):.3f} s at worst")
    print(f"found: {dict(found) or 'nothing'}")
    print(f"memory: {_resident_mib() - before:.1f} MiB more than before the first round, at most")
    for seconds, check in sorted(_each(topology, reading), reverse=True)[:6]:
        print(f"  {check:<20} {seconds * 1000:7.1f} ms")


def _timed(
    topology: Topology, reading: NodeReading, rounds: int, *, changed: bool
) -> tuple[list[float], Counter[str]]:
    intent = read_labels(topology.services)
    changes, pending = follow(Changes(), topology, NOW), {}
    times, found = [], Counter[str]()
    for number in range(rounds):
        now = NOW + 10 * number
        if changed:
            first = replace(topology.tasks[0], state="starting" if number % 2 else "running")
            topology = replace(topology, tasks=(first, *topology.tasks[1:]))
        began = time.process_time()
        changes = follow(changes, topology, now)
        seen = Seen(reading=reading, before=reading, departed=changes.departed)
        made = audit(_situation(topology, intent, seen, now))
        pending = hold.advance(
            pending,
            made.findings,
            blind=made.blind,
            unsettled=partial(_unsettled, changes, now),
            hold_of=lambda code: FINDINGS[code].hold_seconds,
            now=now,
        )
        times.append(time.process_time() - began)
        found = Counter(item.code for item in made.findings)
    return times, found


def _each(topology: Topology, reading: NodeReading) -> list[tuple[float, str]]:
    seen = Seen(reading=reading, before=reading)
    situation = _situation(topology, read_labels(topology.services), seen, NOW)
    took = []
    for check in CHECKS:
        began = time.process_time()
        for _ in check.run(situation):
            pass
        took.append((time.process_time() - began, check.name))
    return took


def _situation(topology: Topology, intent: Intent, seen: Seen, now: float) -> Situation:
    made = situate(topology, intent, OWN, seen, now)
    if made is None:
        raise SystemExit("the node that looks is not in the topology")
    return made


def _unsettled(changes: Changes, now: float, finding: Finding) -> bool:
    return changes.unsettled(finding.subject, "node0", now)


def _topology() -> Topology:
    nodes = tuple(
        Node(
            id=f"n{number}",
            name=f"node{number}",
            address=IPv4Address("198.18.0.11") + number,
            state="ready",
            availability="active",
            manager=number == 0,
            leader=number == 0,
            reachability="reachable" if number == 0 else "",
            engine_version="28.5.2",
        )
        for number in range(NODES)
    )
    networks = tuple(
        Network(
            id=f"net{number:022}",
            name=f"network{number}",
            driver="overlay",
            subnets=(IPv4Network(f"10.{number}.0.0/22"),),
            gateways=(IPv4Address(f"10.{number}.0.1"),),
            vnis=(4097 + number,),
        )
        for number in range(NETWORKS)
    )
    services = tuple(
        Service(
            id=f"s{number}",
            name=f"service{number}",
            mode="replicated",
            replicas=TASKS // SERVICES,
            vips=(_at(networks[number % NETWORKS], 2 + number // NETWORKS),),
            attachments=(Attachment(network_id=networks[number % NETWORKS].id),),
        )
        for number in range(SERVICES)
    )
    tasks = tuple(
        Task(
            id=f"t{number}",
            service_id=f"s{number % SERVICES}",
            node_id=f"n{(number // SERVICES + number) % NODES}",
            slot=1 + number // SERVICES,
            state="running",
            desired_state="running",
            addresses=(_at(networks[number % NETWORKS], 100 + number // NETWORKS),),
        )
        for number in range(TASKS)
    )
    reports = tuple(
        NodeReport(
            node_id=node.id,
            vtep=node.address,
            balancers=tuple(_at(network, 300 + place) for network in networks),
        )
        for place, node in enumerate(nodes)
    )
    return Topology(
        nodes=nodes,
        networks=networks,
        services=services,
        tasks=tasks,
        reports=reports,
        read_at=NOW,
    )


def _at(network: Network, place: int) -> NetworkAddress:
    return NetworkAddress(network_id=network.id, address=network.subnets[0][place])


def _reading(topology: Topology) -> NodeReading:
    vteps = {node.id: node.address for node in topology.nodes}
    remote = [
        (item, vteps[task.node_id])
        for task in topology.tasks
        if task.node_id != OWN
        for item in task.addresses
    ]
    return NodeReading(
        read_at=NOW,
        ipvs=True,
        namespaces=tuple(
            _overlay(network, [pair for pair in remote if pair[0].network_id == network.id])
            for network in topology.networks
        ),
    )


def _overlay(
    network: Network, remote: list[tuple[NetworkAddress, IPv4Address | None]]
) -> NamespaceReading:
    return NamespaceReading(
        vantage=Vantage(kind=VantageKind.OVERLAY, name=network.name, netns="/netns/1-x"),
        network_id=network.id,
        fdb=tuple(
            FdbEntry(
                mac=mac_of(item.address), device="vxlan0", vtep=vtep, permanent=True, bridge=False
            )
            for item, vtep in remote
        ),
        neighbours=tuple(
            Neighbour(
                address=item.address,
                device="vxlan0",
                mac=mac_of(item.address),
                state="permanent",
            )
            for item, _ in remote
        ),
    )


def _resident_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
