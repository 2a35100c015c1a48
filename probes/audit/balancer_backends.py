"""Are the tasks behind a VIP those that run, and nobody else?

Swarm first takes the weight of a task that goes, and the destination later (moby
libnetwork/service_linux.go, rmLBBackend), so one of weight 0 harms nobody but a running task.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Address

from probes.audit.balancer_state import ServedVip
from probes.audit.expected import ExpectedEndpoint
from probes.audit.situation import Situation
from probes.findings import balancer as findings
from probes.model.finding import Evidence, Finding, Subject
from probes.model.reading import Backend


def compare(served: ServedVip, situation: Situation) -> Iterator[Finding]:
    """Compare a virtual service's destinations with the service's tasks.

    Where not one live task is left behind the VIP, that is the finding, and it stands alone.
    """
    if served.virtual_service is None:
        return
    backends = served.backends
    active = {address for address, backend in backends.items() if backend.weight}
    if served.running and not active & served.possible.keys():
        yield _none_alive(served, situation)
        return
    for address, task in served.running.items():
        if address not in backends:
            yield _missing(address, task, served, situation)
        elif not backends[address].weight:
            yield _drained(address, task, served, situation)
    for address in sorted(active - served.possible.keys()):
        yield _stale(address, served, situation)


def _none_alive(served: ServedVip, situation: Situation) -> Finding:
    tasks = ", ".join(f"{address} ({task.name})" for address, task in served.running.items())
    evidence = Evidence(what=_what(served), expected=tasks, actual=_rows(served.backends))
    subject = replace(_subject(served, situation), item=str(served.vip))
    return findings.NO_BACKEND.found(subject, evidence, *_told(served, *served.running))


def _missing(
    address: IPv4Address, task: ExpectedEndpoint, served: ServedVip, situation: Situation
) -> Finding:
    wanted = f"{address}:0 weight 1"
    evidence = Evidence(what=_what(served), expected=wanted, actual=_rows(served.backends))
    return findings.BACKEND_MISSING.found(
        _subject(served, situation, task, address),
        evidence,
        *_told(served, address),
        **_values(served),
    )


def _drained(
    address: IPv4Address, task: ExpectedEndpoint, served: ServedVip, situation: Situation
) -> Finding:
    evidence = Evidence(
        what=_what(served),
        expected=f"{address}:0 weight 1",
        actual=f"{address}:0 weight 0",
    )
    subject = _subject(served, situation, task, address)
    return findings.BACKEND_DRAINED.found(subject, evidence, **_values(served))


def _stale(address: IPv4Address, served: ServedVip, situation: Situation) -> Finding:
    """Tell whose the address was, and whose it is by now."""
    network = served.balancer.network
    owner = situation.endpoints.get(network.id, {}).get(address)
    gone = situation.departed.get((network.id, address))
    expected = "nobody has the address"
    task, node_id = "", ""
    if owner:
        expected = f"no destination: the address is that of {owner.name}"
        node_id = owner.node_id
    elif gone:
        task, node_id = gone.name, gone.node_id
        where = _node(node_id, situation)
        expected = f"nobody: {task} ended {situation.now - gone.at:.0f} s ago on {where}"
    subject = Subject(
        network=network.name,
        service=served.service.name,
        task=task,
        peer="" if node_id == situation.node.id else _node(node_id, situation),
        item=str(address),
    )
    weight = served.backends[address].weight
    evidence = Evidence(
        what=_what(served), expected=expected, actual=f"{address}:0 weight {weight}"
    )
    return findings.BACKEND_STALE.found(
        subject, evidence, *_still_told(served, address), **_values(served)
    )


def _told(served: ServedVip, *addresses: IPv4Address) -> Iterator[Evidence]:
    """Tell of tasks that not even the Engine knows: then gossip is the cause, not the kernel."""
    known = _told_addresses(served)
    if known is None:
        return
    unknown = [str(address) for address in addresses if address not in known]
    if unknown:
        yield Evidence(what="gossip", expected=", ".join(unknown), actual="the Engine has no such")


def _still_told(served: ServedVip, address: IPv4Address) -> Iterator[Evidence]:
    known = _told_addresses(served)
    if known and address in known:
        actual = f"{address} ({known[address]})"
        yield Evidence(what="gossip", expected="no such task", actual=actual)


def _told_addresses(served: ServedVip) -> Mapping[IPv4Address, str] | None:
    """Give what this node's Engine was told of the service's tasks; None where nobody asked it."""
    if not served.balancer.told:
        return None
    service = served.balancer.told.get(served.service.name)
    return {task.address: task.name for task in service.tasks} if service else {}


def _subject(
    served: ServedVip,
    situation: Situation,
    task: ExpectedEndpoint | None = None,
    address: IPv4Address | None = None,
) -> Subject:
    here = task is None or task.node_id == situation.node.id
    return Subject(
        network=served.balancer.network.name,
        service=served.service.name,
        task=task.name if task else "",
        peer="" if here or task is None else _node(task.node_id, situation),
        item=str(address or ""),
    )


def _node(node_id: str, situation: Situation) -> str:
    node = situation.lookup.nodes.get(node_id)
    return node.name if node else node_id


def _what(served: ServedVip) -> str:
    return f"ipvs FWM {served.mark}"


def _rows(backends: Mapping[IPv4Address, Backend]) -> str:
    rows = (f"{address}:0 weight {backends[address].weight}" for address in sorted(backends))
    return "; ".join(rows) or "none"


def _values(served: ServedVip) -> dict[str, str]:
    """Fill in what the remedies' ipvsadm needs."""
    forwarding = "--gatewaying" if served.balancer.direct else "--masquerading"
    netns = served.balancer.netns
    return {"mark": str(served.mark), "netns": netns, "forwarding": forwarding}
