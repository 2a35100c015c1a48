"""Do the agents find a fault within a minute, on the node that has it, and tell it everywhere?"""

import json
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from probes.audit.fdb import mac_of
from tests.lab.agent.observe import series, value
from tests.lab.audit.looking import LabAuditor
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.swarmscope import AGENT_PORT, agent_container, get, query, wait_until_ready
from tests.lab.swarmscope_images import image_of
from tests.lab.wait import wait_until

pytestmark = pytest.mark.lab

#: The promise: from the fault to the finding.
FOUND_WITHIN_SECONDS = 60.0
#: A Swarm that has just changed: the grace, a view of gossip, and the longest hold.
CALM_WITHIN_SECONDS = 240.0

#: Nobody's, on the network between the nodes.
STRANGER = IPv4Address("198.18.0.99")

Document = dict[str, Any]


def _audit(lab: Lab, node: Node, *options: str) -> tuple[Document, int]:
    """Run `probe audit --json` in the agent's container; its document and exit status."""
    told = lab.docker(
        node,
        "exec",
        agent_container(lab, node),
        "sh",
        "-c",
        'probe audit --json "$@"; echo "$?"',
        "sh",
        *options,
    )
    text, _, status = told.rstrip().rpartition("\n")
    document: Document = json.loads(text)
    return document, int(status)


def _codes(lab: Lab) -> dict[str, list[str]]:
    """Give every node's findings, as the first node's agent gathers them."""
    document, _ = _audit(lab, lab.manager, "--all")
    if document["unreachable"]:
        raise LabError(f"unreachable: {document['unreachable']}")
    return {
        each["node"]: sorted(finding["code"] for finding in each["findings"])
        for each in document["nodes"]
    }


@pytest.fixture
def calm(swarmscope: Lab) -> Iterator[dict[str, list[str]]]:
    """What is found without a fault: what this kernel lacks, and nothing else."""
    lacks = [] if swarmscope.kernel.ipvs else ["host_no_ipvs"]
    expected = {node.name: lacks for node in swarmscope.nodes}

    def as_it_is() -> bool:
        found = _codes(swarmscope)
        if found != expected:
            raise LabError(f"found {found}")
        return True

    wait_until(as_it_is, CALM_WITHIN_SECONDS, "nothing but what the kernel lacks", pause=2)
    yield expected
    wait_until(as_it_is, CALM_WITHIN_SECONDS, "nothing is left of the fault", pause=2)


def test_a_misled_row_is_found_within_a_minute_and_told_everywhere(
    swarmscope: Lab,
    calm: dict[str, list[str]],
) -> None:
    """In the API of every node, in the metrics, on the page and in Prometheus; and it clears.

    A row that is merely lost would be learned again from the agents' own probes.
    """
    node, namespace, service, mac, vtep = _a_remote_task(swarmscope)
    row = (mac, "dev", "vxlan0", "dst", vtep)
    astray = (mac, "dev", "vxlan0", "dst", str(STRANGER), "self", "permanent")
    swarmscope.netns(node, namespace, "bridge", "fdb", "replace", *astray)
    try:
        wait_until(
            lambda: "fdb_wrong_vtep" in _codes(swarmscope)[node.name],
            FOUND_WITHIN_SECONDS,
            "the agent finds the row",
            pause=1,
        )
        document, status = _audit(swarmscope, node)
        (found,) = (
            item for item in document["nodes"][0]["findings"] if item["code"] == "fdb_wrong_vtep"
        )
        assert status == 1
        assert found["subject"]["service"] == service
        assert mac in found["evidence"][0]["expected"]
        assert found["remedy"] == f"docker service update --force {service}"
        assert value(node, "swarmscope_findings", code="fdb_wrong_vtep", service=service) == 1
        assert "fdb_wrong_vtep" in get(node, AGENT_PORT, "/")
        others = {name: codes for name, codes in _codes(swarmscope).items() if name != node.name}
        assert others == {name: codes for name, codes in calm.items() if name != node.name}
        wait_until(
            lambda: query(swarmscope, 'swarmscope_findings{code="fdb_wrong_vtep"} == 1'),
            30,
            "Prometheus has it",
        )
    finally:
        swarmscope.netns(node, namespace, "bridge", "fdb", "replace", *row, "self", "permanent")


def _a_remote_task(lab: Lab) -> tuple[Node, str, str, str, str]:
    """Choose a task of `shop_app` on another node than one that takes part in it, too."""
    auditor = LabAuditor(lab)
    for node in lab.nodes:
        situation = auditor.situation(node)
        for reading in situation.reading.namespaces:
            network = situation.network(reading.network_id)
            if reading.vantage.kind != "overlay" or not network or network.name != "shop_app":
                continue
            for endpoint in situation.endpoints[network.id].values():
                peer = situation.lookup.nodes[endpoint.node_id]
                if endpoint.certain and endpoint.node_id != situation.node.id:
                    return (
                        node,
                        Path(reading.vantage.netns or "").name,
                        endpoint.service,
                        mac_of(endpoint.address),
                        str(peer.address),
                    )
    raise AssertionError("every task of shop_app runs on one node")


def test_every_check_could_look_everywhere(swarmscope: Lab, calm: dict[str, list[str]]) -> None:
    """The agent has every right that its checks need, and the rounds go on."""
    assert calm
    for node in swarmscope.nodes:
        blind = [seen for seen in series(node, "swarmscope_audit_check_success") if not seen.value]
        assert [dict(seen.labels) for seen in blind] == []
        assert value(node, "swarmscope_audit_rounds_total") > 0


#: Its hold, twice: an agent that cannot start is replaced again and again meanwhile.
_MISSED_WITHIN_SECONDS = 240.0


@pytest.mark.faults
def test_an_agent_that_cannot_start_is_missed(
    swarmscope: Lab,
    calm: dict[str, list[str]],
) -> None:
    """Its image is gone from its node; the manager's agent tells, of that node alone."""
    lab = swarmscope
    manager, victim = lab.manager, lab.nodes[-1]
    image, kept = image_of("swarmscope"), "kept/for-later"
    lab.docker(victim, "tag", image, kept)
    lab.docker(victim, "rmi", "--force", image)
    try:
        lab.docker(victim, "rm", "--force", agent_container(lab, victim))
        wait_until(
            lambda: value(
                manager,
                "swarmscope_findings",
                code="control_agent_missing",
                peer_node=victim.name,
            ),
            _MISSED_WITHIN_SECONDS,
            f"{manager.name} misses the agent of {victim.name}",
            pause=2,
        )
        document, _ = _audit(lab, manager)
        codes = [item["code"] for item in document["nodes"][0]["findings"]]
        assert sorted(codes) == sorted([*calm[manager.name], "control_agent_missing"])
    finally:
        lab.docker(victim, "tag", kept, image)
        lab.docker(victim, "rmi", kept)
        wait_until_ready(victim)
