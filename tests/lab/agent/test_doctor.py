"""Does `probe doctor` name what is wrong with a real Swarm, and nothing when nothing is?"""

import base64
import io
import json
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.ports import port_closed
from tests.lab.swarmscope import agent_container
from tests.lab.wait import wait_until

pytestmark = pytest.mark.lab

#: Two runs of every probe, the hold of findings, and Swarm's own convergence on a busy machine.
_WITHIN_SECONDS = 90.0
#: Of what a person waits for, on two cores with three Engines.
_MOST_SECONDS = 8.0

Document = dict[str, Any]


def examined(lab: Lab, node: Node, *arguments: str) -> tuple[str, int]:
    """Run `probe doctor` where the agent runs; what it printed, and its exit status."""
    script = 'probe doctor "$@" 2>&1; echo "$?"'
    container = agent_container(lab, node)
    told = lab.docker(node, "exec", container, "sh", "-c", script, "sh", *arguments)
    text, _, status = told.rstrip().rpartition("\n")
    return text, int(status)


def lacks(lab: Lab) -> list[str]:
    """List the causes that are there without any fault: without IPVS, exactly that."""
    return [] if lab.kernel.ipvs else ["host_no_ipvs"]


def wait_for_causes(lab: Lab, node: Node, *codes: str) -> Document:
    """Ask until these are the causes, before what the kernel lacks, and all looks are explained."""

    def found() -> Document:
        text, status = examined(lab, node, "--json")
        document: Document = json.loads(text)
        causes = [cause["code"] for cause in document["causes"]]
        if causes != [*codes, *lacks(lab)] or document["unexplained"]:
            raise LabError(f"{causes}, unexplained: {document['unexplained']}")
        assert status == (1 if causes else 0)
        return document

    why = f"the doctor says {codes or 'that all is well'}"
    return wait_until(found, _WITHIN_SECONDS, why, pause=1)


@pytest.fixture
def well(swarmscope: Lab) -> Lab:
    """Nothing is wrong, by what each node's doctor says, but what the kernel lacks."""
    for node in swarmscope.nodes:
        wait_for_causes(swarmscope, node)
    return swarmscope


def test_a_healthy_swarm_is_healthy_from_every_node_but_for_what_the_kernel_lacks(
    well: Lab,
) -> None:
    """Every part is looked at in time; the lack is named as what it is, on all nodes at once."""
    ill = set() if well.kernel.ipvs else {"virtual IPs", "published ports"}
    for node in well.nodes:
        began = time.monotonic()
        text, status = examined(well, node)
        assert time.monotonic() - began < _MOST_SECONDS

        signs = {line[7:23].strip(): line[:7].strip() for line in text.splitlines()[:11]}
        assert {name for name, sign in signs.items() if sign == "bad"} == ill, text
        assert f"{len(well.nodes)} of {len(well.nodes)} agents answer" in text
        assert "clocks agree within" in text
        if well.kernel.ipvs:
            assert status == 0
            assert "Healthy: " in text
        else:
            assert status == 1
            heading = next(line for line in text.splitlines() if line.startswith("1. "))
            assert "host_no_ipvs  node1, node2, node3" in heading
            assert "a known lack" in heading


def test_a_closed_port_is_the_first_cause(well: Lab) -> None:
    """Its service's only task refuses; what fails at its virtual IP fails for that, too."""
    with port_closed(well, "shop_cache.1", 6379):
        document = wait_for_causes(well, well.manager, "service_unreachable")

    cause = document["causes"][0]
    assert cause["where"][:2] == ["service shop_cache", "port 6379"]
    assert "nothing listens on the port" in cause["what"]
    assert cause["next"].startswith("probe explain ")
    wait_for_causes(well, well.manager)


@contextmanager
def vxlan_blocked(lab: Lab, one: Node, other: Node) -> Iterator[None]:
    """Drop the overlays' packets between two nodes, as a firewall between them does."""
    rules = [
        (node, ("INPUT", "-s", str(peer.address), "-p", "udp", "--dport", "4789", "-j", "DROP"))
        for node, peer in ((one, other), (other, one))
    ]
    for node, rule in rules:
        lab.exec(node, "iptables", "-I", *rule)
    try:
        yield
    finally:
        for node, rule in rules:
            lab.exec(node, "iptables", "-D", *rule)


@pytest.mark.faults
def test_a_blocked_overlay_between_two_nodes_explains_all_that_fails(well: Lab) -> None:
    """From either end, and from the third node."""
    _, one, other = well.nodes
    with vxlan_blocked(well, one, other):
        for node in well.nodes:
            document = wait_for_causes(well, node, "node_pair_blocked")

    assert document["causes"][0]["where"] == sorted([one.name, other.name])
    assert "UDP 4789" in document["causes"][0]["remedies"][0]
    wait_for_causes(well, well.manager)


@pytest.mark.faults
def test_a_dead_agent_is_told_from_its_node_and_waited_for_no_longer_than_needed(
    well: Lab,
) -> None:
    """The rest is looked at all the same."""
    node = well.nodes[-1]
    container = agent_container(well, node)
    well.docker(node, "pause", container)
    try:

        def told() -> Document:
            began = time.monotonic()
            text, status = examined(well, well.manager, "--json")
            assert time.monotonic() - began < _MOST_SECONDS
            document: Document = json.loads(text)
            silent = [
                cause
                for cause in document["causes"]
                if cause["code"] in {"agent_silent", "control_agent_missing"}
            ]
            if not silent or document["unexplained"]:
                raise LabError(f"{document['causes']}, {document['unexplained']}")
            assert status == 1
            found: Document = silent[0]
            return found

        cause = wait_until(told, _WITHIN_SECONDS, "the doctor names the silent agent", pause=1)
    finally:
        well.docker(node, "unpause", container)

    assert cause["where"][0] == node.name
    wait_for_causes(well, well.manager)


def test_a_bundle_is_whole_and_holds_no_token(well: Lab) -> None:
    """Out of a container whose files are read-only."""
    container = agent_container(well, well.manager)
    script = "probe doctor --bundle - 2>/dev/null | base64"
    packed = base64.b64decode(well.docker(well.manager, "exec", container, "sh", "-c", script))
    token = well.docker(
        well.manager, "exec", container, "cat", "/run/secrets/swarmscope_token"
    ).strip()

    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as tar:
        files = {
            member.name.partition("/")[2]: file.read()
            for member in tar.getmembers()
            if (file := tar.extractfile(member))
        }

    assert {f"nodes/{node.name}.json" for node in well.nodes} <= set(files)
    assert b"What could not be told:\n  readings of other nodes" in files["MANIFEST"]
    assert b"swarmscope_probe_success{" in files["metrics.txt"]
    topology = json.loads(files["topology.json"])
    assert "shop_api" in {service["name"] for service in topology["services"]}
    assert json.loads(files["reading.json"])["namespaces"]
    assert json.loads(files["results.json"])["results"]
    assert len(token) > 20
    assert not [name for name, body in files.items() if token.encode() in body]
