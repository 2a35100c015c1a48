"""Are looks taken from any node, and from all, whichever node somebody is on?"""

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.lab.audit.broken_way import NETWORK, Way, find_way
from tests.lab.audit.looking import LabAuditor
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.ports import port_closed
from tests.lab.swarmscope import agent_container
from tests.lab.wait import wait_until

pytestmark = [pytest.mark.lab, pytest.mark.faults]

_WITHIN_SECONDS = 60.0
_SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "look.schema.json"

Document = Mapping[str, Any]


@pytest.fixture
def way(swarmscope: Lab) -> Way:
    """From one of the shop's pages to one of its API on another node; it works from everywhere."""
    way = find_way(LabAuditor(swarmscope), ("shop_web",), "shop_api")
    _wait_for(way, way.here.node, 0, "tcp", f"{way.there.task}:80", "--from", "all")
    return way


def said(lab: Lab, node: Node, *arguments: str) -> tuple[str, int]:
    """Run `probe` where a node's agent runs; what it printed, and its exit status."""
    script = 'probe "$@" 2>&1; echo "$?"'
    container = agent_container(lab, node)
    told = lab.docker(node, "exec", container, "sh", "-c", script, "sh", *arguments)
    text, _, status = told.rstrip().rpartition("\n")
    return text, int(status)


def _told(lab: Lab, node: Node, *arguments: str) -> tuple[Document, int]:
    """Run it for a script; the document is as it is published."""
    text, status = said(lab, node, *arguments, "--json")
    document: Document = json.loads(text)
    jsonschema.validate(document, json.loads(_SCHEMA.read_text()))
    return document, status


def _wait_for(way: Way, node: Node, wanted: int, *arguments: str) -> Document:
    def ended() -> Document:
        document, status = _told(way.lab, node, *arguments)
        if status != wanted:
            raise LabError(f"status {status}: {_outcomes(document)}")
        return document

    return wait_until(ended, _WITHIN_SECONDS, f"probe {' '.join(arguments)} ends with {wanted}")


def _outcomes(document: Document) -> dict[str, str]:
    """Tell how the last look from each node ended, or why there was none."""
    return {
        place["node"]: place["looks"][-1]["outcome"] if place["looks"] else place["why"]
        for place in document["places"]
    }


def test_every_node_can_have_a_task_of_another_look(way: Way) -> None:
    """By the task's name, from a manager and from workers; it is where it stands that counts."""
    for node in way.lab.nodes:
        target, source = f"{way.there.task}:80", f"{way.here.node.name}:{way.here.task}"
        document = _wait_for(way, node, 0, "tcp", target, "--from", source)

        ((look,),) = (place["looks"] for place in document["places"])
        assert (look["from"]["name"], look["probe"]["source_node"]) == (
            way.here.task,
            way.here.node.name,
        )
        assert look["look"]["address"] == str(way.there.address)
        assert look["probe"]["destination_task"] == way.there.task

    document = _wait_for(
        way, way.third, 0, "http", f"http://{way.there.task}/", "--from", way.here.task
    )
    assert [place["node"] for place in document["places"]] == [way.here.node.name]
    text, status = said(way.lab, way.third, "dns", "tasks.api", "--from", way.here.task)
    assert status == 0, text
    assert text.startswith(f"ok  dns  {way.here.task} on {way.here.node.name} -> ")


def test_a_nodes_host_and_an_overlay_can_be_looked_from(way: Way) -> None:
    """The underlay by the node's name, the overlay by its own."""
    target = f"{way.third.address}:9877"
    document = _wait_for(way, way.here.node, 0, "tcp", target, "--from", way.there.node.name)
    assert _outcomes(document) == {way.there.node.name: "ok"}

    document = _wait_for(way, way.here.node, 0, "tcp", f"{way.there.task}:80", "--from", NETWORK)
    ((look,),) = (place["looks"] for place in document["places"])
    assert (look["from"]["kind"], look["from"]["name"]) == ("lb", NETWORK)
    there = f"{way.there.node.name}:{NETWORK}"
    document = _wait_for(way, way.here.node, 0, "icmp", way.here.task, "--from", there)
    assert _outcomes(document) == {way.there.node.name: "ok"}


def test_all_nodes_look_at_once(way: Way) -> None:
    """Each from a task that shares a network with the target; a line each, on any node."""
    names = [node.name for node in way.lab.nodes]
    for node in way.lab.nodes:
        text, status = said(way.lab, node, "tcp", "api:80", "--from", "all")

        assert status == 0, text
        title, *rows = text.splitlines()
        assert title.split() == ["NODE", "FROM", "OUTCOME", "TIME", "SAW"]
        assert [row.split()[0] for row in rows] == names
        assert {row.split()[2] for row in rows} == {"ok"}


@contextmanager
def _closed_towards(way: Way) -> Iterator[None]:
    """Let the source's task alone find the destination's port closed."""
    rule = ("OUTPUT", "-p", "tcp", "-d", str(way.there.address), "--dport", "80")
    reject = ("-j", "REJECT", "--reject-with", "tcp-reset")
    way.here.inside("iptables", "-I", *rule, *reject)
    try:
        yield
    finally:
        way.here.inside("iptables", "-D", *rule, *reject)


def test_the_node_that_fails_comes_first(way: Way) -> None:
    """The others are listed, too, and the status is that of the worst."""
    arguments = ("tcp", f"{way.there.task}:80", "--from", "all:web")
    with _closed_towards(way):
        document = _wait_for(way, way.there.node, 1, *arguments)
        text, status = said(way.lab, way.third, *arguments)

    assert document["places"][0]["node"] == way.here.node.name
    outcomes = _outcomes(document)
    assert outcomes.pop(way.here.node.name) == "refused"
    assert set(outcomes.values()) == {"ok"}
    assert status == 1
    assert text.splitlines()[1].split()[:3] == [way.here.node.name, way.here.task, "refused"]
    _wait_for(way, way.there.node, 0, *arguments)


def test_a_closed_port_is_seen_by_all(way: Way) -> None:
    """And again and again, with the loss by node."""
    with port_closed(way.lab, way.there.task, 80):
        arguments = ("tcp", f"{way.there.task}:80", "--from", "all:web")
        document = _wait_for(way, way.third, 1, *arguments, "--count", "2", "--interval", "100ms")

    # The node that has the task reaches it over the same overlay.
    assert set(_outcomes(document).values()) == {"refused"}
    assert {place["summary"]["loss"] for place in document["places"]} == {1.0}
    assert [len(place["looks"]) for place in document["places"]] == [2] * len(document["places"])


def test_a_dead_agent_is_named_in_time(way: Way) -> None:
    """The others' looks are shown; that one node could not be looked from is no success."""
    agent = agent_container(way.lab, way.third)
    way.lab.docker(way.third, "pause", agent)
    try:
        began = time.monotonic()
        arguments = ("tcp", f"{way.there.task}:80", "--timeout", "500ms")
        document, status = _told(way.lab, way.here.node, *arguments, "--from", "all")
        seconds = time.monotonic() - began
        text, alone = said(way.lab, way.here.node, *arguments, "--from", way.third.name)
    finally:
        way.lab.docker(way.third, "unpause", agent)

    assert status == 3, document
    assert seconds < 8
    outcomes = _outcomes(document)
    assert "did not answer in time" in outcomes.pop(way.third.name)
    assert set(outcomes.values()) == {"ok"}
    assert alone == 3, text
    assert text.startswith(f"could_not_look  {way.third.name}: agent on {way.third.address}")
    _wait_for(way, way.here.node, 0, *arguments, "--from", "all")


def test_looks_from_another_node_are_repeated_until_one_fails(way: Way) -> None:
    """From a task elsewhere as from here: lines, a summary, and the end at the first failure."""
    arguments = ("tcp", f"{way.there.task}:80", "--from", f"{way.here.node.name}:web")
    text, status = said(way.lab, way.third, *arguments, "--count", "3", "--interval", "100ms")
    assert status == 0, text
    assert [line.split()[0] for line in text.splitlines()[:3]] == ["ok"] * 3
    assert text.splitlines()[3] == "3 looks, 0 failed, loss 0 %"
    assert said(way.lab, way.third, *arguments, "--quiet") == ("", 0)

    more = ("--until-fail", "--interval", "100ms", "--count", "300")
    with ThreadPoolExecutor(max_workers=1) as pool:
        watching = pool.submit(said, way.lab, way.third, *arguments, *more)
        with port_closed(way.lab, way.there.task, 80):
            text, status = watching.result(timeout=_WITHIN_SECONDS)

    assert status == 1, text
    assert [line.split()[0] for line in text.splitlines()].count("refused") == 1
    assert " 1 failed, " in text
