"""Do the Engines know of each other, and of all that runs, what the Swarm says?

A view may be a minute old when it is compared: what changed shortly before it was read, or since,
is left out. Cause before symptom: nodes that are down are the control plane's finding; tasks of a
node that is missing among the peers are that node's; and a view that merely differs is told only
where nothing else tells how.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address

from probes.audit.changes import GRACE_SECONDS
from probes.audit.check import Answer, Check
from probes.audit.peers import check_peers
from probes.audit.situation import Situation
from probes.findings import gossip as findings
from probes.findings.spec import FindingSpec
from probes.model.finding import Evidence, Finding, Subject
from probes.model.gossip import NetworkView
from probes.model.probe import Target
from probes.model.reading import CouldNotLook
from probes.model.result import Verdict
from probes.model.topology import Network, ViewDigest
from probes.model.vantage import VantageKind

#: Each network is asked about once a minute and a quarter; much older means that nobody answers.
_OLD_SECONDS = 180.0
#: Two nodes' views may be read this far apart.
_APART_SECONDS = 120.0


# --- tasks ---


def check_tasks(situation: Situation) -> Iterator[Answer]:
    """Hold what this node's Engine lists of each network against the Swarm's tasks."""
    for view in situation.views:
        network = situation.network(view.network_id)
        if network is None:
            continue
        age = situation.now - view.read_at
        if age > _OLD_SECONDS:
            yield CouldNotLook(where=f"gossip {network.name}", why=f"last read {age:.0f} s ago")
            continue
        yield from _tasks_missing(view, network, situation)
        yield from _tasks_stale(view, network, situation)


def _tasks_missing(view: NetworkView, network: Network, situation: Situation) -> Iterator[Finding]:
    listed = {task.address for service in view.services for task in service.tasks}
    lacking = defaultdict[str, list[_Row]](list)
    for address, endpoint in situation.endpoints.get(view.network_id, {}).items():
        node = situation.lookup.nodes.get(endpoint.node_id)
        if address in listed or not endpoint.certain or node is None or node.state != "ready":
            continue
        heard_of = node == situation.node or node.address in view.peers
        if heard_of and _since(network, address, situation) <= view.read_at - GRACE_SECONDS:
            lacking[endpoint.service].append((endpoint.name, node.name, address))
    for service_name, rows in lacking.items():
        yield _about(findings.TASK_MISSING, network, service_name, rows, expected_known=True)


def _since(network: Network, address: IPv4Address, situation: Situation) -> float:
    """Tell since when, in Unix seconds, the task at an address runs."""
    return max(
        task.updated_at
        for task in situation.topology.tasks
        if task.running
        for item in task.addresses
        if (item.network_id, item.address) == (network.id, address)
    )


def _tasks_stale(view: NetworkView, network: Network, situation: Situation) -> Iterator[Finding]:
    """What belongs to no service is left out: people's containers are known to their node alone."""
    endpoints = situation.endpoints.get(view.network_id, {})
    names = {node.address: node.name for node in situation.topology.nodes if node.address}
    for service in view.services:
        rows: list[_Row] = []
        for task in service.tasks:
            holder = endpoints.get(task.address)
            gone = situation.departed.get((view.network_id, task.address))
            lately = gone is not None and gone.at > view.read_at - GRACE_SECONDS
            if holder is None and service.name and not lately:
                node = names.get(task.vtep, "") if task.vtep else ""
                rows.append((task.name, node, task.address))
        if rows:
            yield _about(findings.TASK_STALE, network, service.name, rows, expected_known=False)


#: Name of a task, of its node, and its address.
_Row = tuple[str, str, IPv4Address]


def _about(
    spec: FindingSpec,
    network: Network,
    service: str,
    rows: list[_Row],
    *,
    expected_known: bool,
) -> Finding:
    """Make one finding of a service's tasks, with the task's own names if it is but one."""
    evidence = []
    for task, node, address in rows:
        listed = f"{task} at {address}" + (f" on {node}" if node else "")
        expected, actual = (listed, "not listed") if expected_known else ("not listed", listed)
        what = f"docker network inspect --verbose {network.name}"
        evidence.append(Evidence(what=what, expected=expected, actual=actual))
    subject = Subject(network=network.name, service=service)
    if len(rows) == 1:
        [(task, node, address)] = rows
        subject = replace(subject, task=task, peer=node, item=str(address))
    return spec.found(subject, *evidence)


# --- whole views ---


def check_views(situation: Situation) -> Iterator[Answer]:
    """Compare this node's view of each network with the others', if its own tasks tell nothing."""
    differing = [
        (network, finding)
        for network in situation.topology.networks
        if (finding := _differs(network, situation)) and not _moving(network, situation)
    ]
    if not differing:
        return
    told = {
        answer.subject.network
        for answer in (*check_tasks(situation), *check_peers(situation))
        if isinstance(answer, Finding)
    }
    for network, finding in differing:
        if not told & {"", network.name}:
            yield finding


def _differs(network: Network, situation: Situation) -> Finding | None:
    """Vote on a network; where some know other peers than others, there is nothing to vote on."""
    digests = _digests(network, situation)
    own = digests.pop(situation.node.name, None)
    if own is None or any(set(item.peers) != set(own.peers) for item in digests.values()):
        return None
    votes = Counter(item.digest for item in (own, *digests.values()))
    # In a tie those who believe as the leader does are right.
    leader = next((node.name for node in situation.topology.nodes if node.leader), "")
    favoured = digests.get(leader, own).digest
    right = max(votes, key=lambda digest: (votes[digest], digest == favoured, digest))
    return None if own.digest == right else _differing(network, own, digests, right)


def _digests(network: Network, situation: Situation) -> dict[str, ViewDigest]:
    """Give each ready node's digest of a network, by the node's name."""
    return {
        node.name: view
        for report in situation.reports.values()
        if (node := situation.lookup.nodes.get(report.node_id)) and node.state == "ready"
        for view in report.views
        if view.network_id == network.id
    }


def _moving(network: Network, situation: Situation) -> bool:
    """Tell whether a task changed so lately that two views may have been read around it."""
    since = situation.now - _APART_SECONDS
    here = (
        task
        for task in situation.topology.tasks
        if any(item.network_id == network.id for item in task.addresses)
    )
    gone = (
        item.at for (network_id, _), item in situation.departed.items() if network_id == network.id
    )
    changed = any(task.in_transition or task.updated_at > since for task in here)
    return changed or any(at > since for at in gone)


def _differing(
    network: Network, own: ViewDigest, others: dict[str, ViewDigest], right: str
) -> Finding:
    majority = sorted(name for name, item in others.items() if item.digest == right)
    theirs = others[majority[0]]
    evidence = Evidence(
        what=f"services and endpoints of {network.name}",
        expected=f"{theirs.endpoints}, digest {right}, as {', '.join(majority)}",
        actual=f"{own.endpoints}, digest {own.digest}",
    )
    return findings.VIEW_DIFFERS.found(Subject(network=network.name), evidence, peer=majority[0])


# --- nodes that are gone ---


def check_left_over(situation: Situation) -> Iterator[Answer]:
    """Look for peers and VTEPs that are no ready node's.

    A node that is down for the managers and whose agent answers is alive: its tasks run, and that
    it is represented is right. Rows of VTEPs that no node ever had are the forwarding family's.
    """
    nodes = {node.address: node for node in situation.topology.nodes if node.address}
    rows = defaultdict[str, list[Evidence]](list)
    for what, network, address in _represented(situation):
        node = nodes.get(address)
        if node is None and what == _VTEP:
            continue
        if node is not None and (node.state != "down" or _alive(node.name, situation)):
            continue
        evidence = Evidence(
            what=f"{what} of {network}",
            expected="ready nodes",
            actual=f"{address}" + (f" ({node.name}, down)" if node else " (no node)"),
        )
        rows[node.name if node else str(address)].append(evidence)
    for name, evidences in rows.items():
        known = any(node.name == name for node in nodes.values())
        subject = Subject(peer=name if known else "", item="" if known else name)
        yield findings.NODE_LEFT_OVER.found(subject, *evidences)


_VTEP = "VTEPs"


def _represented(situation: Situation) -> Iterator[tuple[str, str, IPv4Address]]:
    """List the peers of each view, and the VTEPs of each overlay's permanent rows."""
    for view in situation.views:
        network = situation.network(view.network_id)
        for peer in view.peers:
            yield "gossip peers", network.name if network else view.network_id, peer
    for reading in situation.reading.of_kind(VantageKind.OVERLAY):
        for vtep in sorted({row.vtep for row in reading.fdb if row.vtep and row.permanent}):
            yield _VTEP, reading.vantage.name, vtep


def _alive(node: str, situation: Situation) -> bool:
    return any(
        result.probe.id.target is Target.NODE
        and result.probe.id.destination_node == node
        and result.outcome.verdict is Verdict.WORKED
        for result in situation.results
    )


CHECKS = (
    Check(name="gossip peers", finds=(findings.PEER_MISSING,), run=check_peers),
    Check(
        name="gossip tasks",
        finds=(findings.TASK_MISSING, findings.TASK_STALE),
        run=check_tasks,
    ),
    Check(name="gossip views", finds=(findings.VIEW_DIFFERS,), run=check_views),
    Check(name="gossip left over", finds=(findings.NODE_LEFT_OVER,), run=check_left_over),
)
