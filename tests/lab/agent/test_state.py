"""Do the commands about state, mesh and packets show the lab's Swarm as it is?"""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.lab.audit.balancing import place_of
from tests.lab.audit.broken_way import Way, find_way
from tests.lab.audit.forwarding import STRANGER, find_place
from tests.lab.audit.looking import LabAuditor
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.ports import port_closed
from tests.lab.swarmscope import agent_container
from tests.lab.wait import at_once, wait_until

pytestmark = pytest.mark.lab

_WITHIN_SECONDS = 60.0
_CAPTURE_SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "capture.json"
#: What a manager and a worker are asked alike; ipvs and vips depend on the kernel.
_KINDS = ("networks", "nodes", "fdb", "neigh", "links", "dns-view")

Document = dict[str, Any]


def probe(lab: Lab, node: Node, *arguments: str) -> tuple[Document, int]:
    """Run `probe` where a node's agent runs; its document, and its exit status."""
    script = 'probe "$@" --json; echo "$?"'
    container = agent_container(lab, node)
    told = lab.docker(node, "exec", container, "sh", "-c", script, "sh", *arguments)
    text, _, status = told.rstrip().rpartition("\n")
    document: Document = json.loads(text)
    return document, int(status)


def _wait_for(lab: Lab, node: Node, wanted: int, *arguments: str) -> Document:
    def ended() -> Document:
        document, status = probe(lab, node, *arguments)
        if status != wanted:
            raise LabError(f"status {status}: {json.dumps(document)[:500]}")
        return document

    return wait_until(ended, _WITHIN_SECONDS, f"probe {' '.join(arguments)} ends with {wanted}")


@pytest.mark.parametrize("kind", _KINDS)
def test_every_node_shows_a_healthy_table(swarmscope: Lab, kind: str) -> None:
    """With rows, named, and nothing wrong in any of them."""

    def healthy(node: Node) -> Document:
        return _wait_for(swarmscope, node, 0, kind)

    for node, document in zip(swarmscope.nodes, at_once(healthy, swarmscope.nodes), strict=True):
        assert document["node"] == node.name
        assert document["rows"]


def test_names_are_joined_and_rows_chosen(swarmscope: Lab) -> None:
    """Each entry towards a task of the API is known to be that."""
    document = _wait_for(swarmscope, swarmscope.manager, 0, "networks")
    assert {"shop_app", "shop_data", "ingress"} <= {row["network"] for row in document["rows"]}

    here = find_place(LabAuditor(swarmscope)).here
    document = _wait_for(swarmscope, here, 0, "fdb", "--network", "shop_app")
    assert {row["network"] for row in document["rows"]} == {"shop_app"}
    tasks = [row for row in document["rows"] if row["whose"].startswith("shop_")]
    assert tasks
    assert {row["node"] for row in tasks} <= {node.name for node in swarmscope.nodes}


def test_virtual_ips_are_listed_and_a_kernel_without_ipvs_is_said_to_be_one(
    swarmscope: Lab,
) -> None:
    """What nobody can balance is no empty table."""
    vips, _ = probe(swarmscope, swarmscope.manager, "vips")
    assert {row["service"] for row in vips["rows"]} >= {"shop_web", "shop_gateway"}
    if not swarmscope.kernel.ipvs:
        document, status = probe(swarmscope, swarmscope.manager, "ipvs")
        assert status == 3
        assert "no IPVS" in document["note"]


@pytest.mark.faults
@pytest.mark.needs("ipvs")
def test_each_destination_is_a_tasks_and_a_stale_one_is_nobodys(swarmscope: Lab) -> None:
    """On overlays and for published ports; and the VIP's row says what is wrong, too."""
    lab = swarmscope
    auditor = LabAuditor(lab)
    healthy = _wait_for(lab, lab.manager, 0, "ipvs")
    assert {"ingress", "shop_app"} <= {row["network"] for row in healthy["rows"]}
    assert {row["task"] for row in healthy["rows"]}.isdisjoint({"nobody"})
    places = (place_of(auditor, node, "shop_app", "shop_web") for node in lab.nodes)
    place = next(found for found in places if found)

    place.add(place.free)
    try:
        document = _wait_for(lab, place.node, 1, "ipvs", "--service", "shop_web")
        vips = _wait_for(lab, place.node, 1, "vips", "--service", "shop_web")
    finally:
        place.delete(place.free)

    stale = [row for row in document["rows"] if row["task"] == "nobody"]
    assert [row["address"] for row in stale] == [str(place.free)]
    assert "balancer_backend_stale" in stale[0]["wrong"]
    assert any("balancer_backend_stale" in row["wrong"] for row in vips["rows"])
    _wait_for(lab, place.node, 0, "ipvs")


def test_another_node_is_asked_and_held_against_this_one(swarmscope: Lab) -> None:
    """Through the agents, from a worker too."""
    one, other = swarmscope.nodes[0], swarmscope.nodes[1]
    worker = swarmscope.nodes[2]

    document = _wait_for(swarmscope, worker, 0, "nodes", "--node", one.name)
    assert document["node"] == one.name
    assert len(document["rows"]) == len(swarmscope.nodes)
    compared, status = probe(swarmscope, worker, "links", "--diff", one.name, other.name)
    # Overlays are where their tasks are, and ports are each node's own.
    assert status == int(bool(compared["differences"]))
    assert not [item for item in compared["differences"] if "veth" in item["about"][-1]]
    script = "probe fdb --node nowhere 2>&1; exit 0"
    agent = agent_container(swarmscope, worker)
    said = swarmscope.docker(worker, "exec", agent, "sh", "-c", script)
    assert "there is no node 'nowhere' to ask, only node1, node2, node3" in said


def test_everyone_reaches_everyone(swarmscope: Lab) -> None:
    """By echoes and between the nodes, asked from a worker: every pair is well."""
    worker = swarmscope.nodes[2]
    for kind in ("icmp", "nodes", "dns"):
        document = _wait_for(swarmscope, worker, 0, "mesh", "--kind", kind)
        assert {node["node"] for node in document["nodes"]} == {
            node.name for node in swarmscope.nodes
        }
        assert document["pairs"]
        assert document["silent"] == []


def test_packets_between_nodes_are_seen_as_conversations(swarmscope: Lab) -> None:
    """With the names of the two tasks, whatever else is said on the wire."""
    way = _way(swarmscope)
    seen = _wait_for_conversation(way, "both ways", "refused", "too few to tell")

    assert seen["network"].startswith("shop_")
    assert {seen["from_node"], seen["to_node"]} == {way.here.node.name, way.there.node.name}


def _way(lab: Lab) -> Way:
    return find_way(LabAuditor(lab), ("shop_web", "shop_worker"), "shop_api")


def _wait_for_conversation(way: Way, *judgements: str) -> Document:
    """Capture on the source's node until a conversation of the two nodes is judged so."""

    def found() -> Document:
        options = ("--seconds", "4", "--peer", way.there.node.name, "--service", "shop_api")
        document, status = probe(way.lab, way.here.node, "capture", *options)
        if status not in {0, 1}:
            raise LabError(f"status {status}: {document}")
        jsonschema.validate(document, json.loads(_CAPTURE_SCHEMA.read_text()))
        assert document["strangers"] == []
        for item in document["conversations"]:
            ends = f"{item['from']} {item['to']}"
            if item["judgement"] in judgements and way.there.task in ends:
                seen: Document = item
                return seen
        raise LabError(f"seen: {json.dumps(document['conversations'])[:500]}")

    return wait_until(found, _WITHIN_SECONDS, f"a conversation that is {' or '.join(judgements)}")


@pytest.mark.faults
def test_an_entry_that_leads_astray_is_shown_so(swarmscope: Lab) -> None:
    """In its row, by the status, and beside a node that has it right."""
    place = find_place(LabAuditor(swarmscope))
    lab, here = swarmscope, place.here
    place.misdirect(STRANGER)
    try:
        document = _wait_for(lab, here, 1, "fdb", "--network", "shop_app")
    finally:
        place.put_back()
    wrong = [row for row in document["rows"] if row["wrong"]]
    assert [(row["whose"], row["node"], row["wrong"]) for row in wrong] == [
        (place.remote.name, "no node", "fdb_wrong_vtep"),
    ]
    _wait_for(lab, here, 0, "fdb")


@pytest.mark.faults
def test_a_missing_neighbour_has_a_row(swarmscope: Lab) -> None:
    """For the task that nobody answers for."""
    place = find_place(LabAuditor(swarmscope))
    place.neighbour("del", str(place.remote.address), "dev", "vxlan0")
    try:
        document = _wait_for(swarmscope, place.here, 1, "neigh")
    finally:
        place.put_back()
    wrong = [row for row in document["rows"] if row["wrong"]]
    assert [(row["whose"], row["wrong"]) for row in wrong] == [
        (place.remote.name, "neighbour_missing"),
    ]


@pytest.mark.faults
def test_a_closed_port_is_the_worst_of_the_mesh(swarmscope: Lab) -> None:
    """And an agent that does not answer is named, and leaves the question open."""
    lab, node = swarmscope, swarmscope.nodes[0]
    with port_closed(lab, "shop_cache.1", 6379):
        document, status = probe(lab, node, "mesh", "--kind", "tcp")
    assert status == 1
    assert document["pairs"][0]["destination"] == "shop_cache"
    assert document["pairs"][0]["outcome"] == "refused"

    victim = lab.nodes[2]
    container = agent_container(lab, victim)
    lab.docker(victim, "pause", container)
    try:
        document, status = probe(lab, node, "mesh", "--kind", "icmp")
    finally:
        lab.docker(victim, "unpause", container)
    assert status == 3
    assert [item["node"] for item in document["silent"]] == [victim.name]


@pytest.mark.faults
def test_a_way_back_that_is_blocked_leaves_conversations_unanswered(swarmscope: Lab) -> None:
    """VXLAN leaves, and none comes back."""
    way = _way(swarmscope)
    here = str(way.here.node.address)
    rule = ("OUTPUT", "-p", "udp", "--dport", "4789", "-d", here, "-j", "DROP")
    way.lab.exec(way.there.node, "iptables", "-I", *rule)
    try:
        seen = _wait_for_conversation(way, "unanswered", "one way")
    finally:
        way.lab.exec(way.there.node, "iptables", "-D", *rule)
    assert seen["packets_back"] == 0
