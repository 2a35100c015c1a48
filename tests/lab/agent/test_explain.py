"""Does `probe explain` name the broken hop from any node, by the help of the agents?"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.lab.audit.broken_way import Way, find_way
from tests.lab.audit.looking import LabAuditor
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.swarmscope import agent_container
from tests.lab.usage import agent_pid, usage
from tests.lab.wait import at_once, wait_until

pytestmark = [pytest.mark.lab, pytest.mark.faults]

_WITHIN_SECONDS = 60.0
#: Of what a person waits for; the command gives up on its agent after ten.
_MOST_SECONDS = 8.0

Document = dict[str, Any]


@pytest.fixture
def way(swarmscope: Lab) -> Way:
    """From one of the shop's tasks to one of its API on another node."""
    return find_way(LabAuditor(swarmscope), ("shop_web", "shop_worker"), "shop_api")


def said(lab: Lab, node: Node, *arguments: str) -> tuple[str, int]:
    """Run `probe explain` where the agent runs; what it printed, and its exit status."""
    script = 'probe explain "$@" 2>&1; echo "$?"'
    container = agent_container(lab, node)
    told = lab.docker(node, "exec", container, "sh", "-c", script, "sh", *arguments)
    text, _, status = told.rstrip().rpartition("\n")
    return text, int(status)


def explained(lab: Lab, node: Node, *arguments: str) -> tuple[Document, int]:
    """Run it for a script."""
    text, status = said(lab, node, "--json", *arguments)
    document: Document = json.loads(text)
    return document, status


def wait_until_it_works(way: Way, destination: str) -> Document:
    """Ask on the source's node until it works."""

    def works() -> Document:
        document, status = explained(way.lab, way.here.node, way.here.task, destination)
        if status != 0 or document["cause"]:
            raise LabError(f"status {status}: {document['cause']}")
        return document

    return wait_until(works, _WITHIN_SECONDS, f"the way to {destination} works")


def wait_for_break(way: Way, node: Node, destination: str, hop: str) -> Document:
    """Ask on a node until the hop of this name is the broken one."""

    def found() -> Document:
        document, status = explained(way.lab, node, way.here.task, destination)
        last: Document = document["hops"][-1]
        if (status, last["name"], last["mark"]) != (1, hop, "broken"):
            raise LabError(f"status {status}: {last}")
        assert document["cause"] == last["why"]
        assert document["remedy"] == last["remedy"]
        return last

    return wait_until(found, _WITHIN_SECONDS, f"{node.name} says that the {hop} is broken")


def test_a_whole_way_is_told_by_every_node_in_time(way: Way) -> None:
    """Workers and managers, at either end and at neither: all tell the same hops."""
    destination = f"{way.there.task}:80"
    whole = wait_until_it_works(way, destination)

    for node in way.lab.nodes:
        began = time.monotonic()
        document, status = explained(way.lab, node, way.here.task, destination)
        seconds = time.monotonic() - began

        assert status == 0, document
        assert seconds < _MOST_SECONDS
        assert {hop["mark"] for hop in document["hops"]} == {"ok"}
        hops = [(hop["name"], hop["place"]) for hop in document["hops"]]
        assert hops == [(hop["name"], hop["place"]) for hop in whole["hops"]]
        assert hops[-1] == ("answer", way.there.place)


def test_a_person_reads_a_dozen_lines(way: Way) -> None:
    """Each place once, and what came of it."""
    wait_until_it_works(way, "shop_api:80")

    text, status = said(way.lab, way.third, way.here.task, "shop_api:80")

    lines = text.splitlines()
    assert status == 0, text
    assert len(lines) <= 12
    assert lines[0] == f"{way.here.place} -> shop_api:80"
    assert all(line.startswith("  ok ") for line in lines[1:-1])
    assert lines[-1] == "It works, and every hop looks as it should."


@contextmanager
def broken(way: Way, inject: Callable[[], object], remove: Callable[[], object]) -> Iterator[None]:
    """Break a way that is whole for as long as the block lasts."""
    wait_until_it_works(way, f"{way.there.task}:80")
    inject()
    try:
        yield
    finally:
        remove()
    wait_until_it_works(way, f"{way.there.task}:80")


def test_a_lost_row_is_named_from_a_node_that_is_neither_end(way: Way) -> None:
    """The agent there asks that of the source's node."""
    with broken(way, way.lose_row, way.restore_row):
        hop = wait_for_break(way, way.third, f"{way.there.task}:80", "forwarding entry")

    assert hop["place"] == way.here.overlay_place
    assert hop["code"] == "fdb_missing"
    assert way.there.task in hop["why"]
    assert hop["remedy"] == "docker service update --force shop_api"


@pytest.mark.parametrize(
    ("inject", "remove", "hop", "place"),
    [
        ("block_in", "unblock_in", "unpacking", "{there.overlay_place}"),
        ("block_out", "unblock_out", "departure", "host on {here.node.name}"),
        ("block_between", "unblock_between", "arrival", "host on {there.node.name}"),
        ("misdirect_back", "restore_back", "way back", "{there.overlay_place}"),
        ("take_destination_down", "bring_destination_up", "interface", "{there.place}"),
    ],
)
def test_the_other_half_is_told_by_the_other_agent(
    way: Way, inject: str, remove: str, hop: str, place: str
) -> None:
    """Whether packets leave, arrive, and are unpacked, is seen by packet sockets of both."""
    with broken(way, getattr(way, inject), getattr(way, remove)):
        found = wait_for_break(way, way.here.node, f"{way.there.task}:80", hop)

    assert found["place"] == place.format(here=way.here, there=way.there)
    assert found["why"]
    assert found["remedy"]


def test_a_node_that_is_cut_off_is_named_in_time(way: Way) -> None:
    """Nothing on it is waited for."""
    with broken(way, way.cut, way.rejoin):
        began = time.monotonic()
        text, status = said(way.lab, way.here.node, way.here.task, f"{way.there.task}:80")
        seconds = time.monotonic() - began

    assert status == 1, text
    assert "BROKEN  underlay" in text
    assert seconds < _MOST_SECONDS


def test_where_the_other_agent_is_silent_nothing_is_made_up(way: Way) -> None:
    """It is status 3, and says who could not be asked, in time."""
    agent = agent_container(way.lab, way.there.node)
    wait_until_it_works(way, f"{way.there.task}:80")
    way.block_in()
    way.lab.docker(way.there.node, "pause", agent)
    try:
        began = time.monotonic()
        text, status = said(way.lab, way.here.node, way.here.task, f"{way.there.task}:80")
        seconds = time.monotonic() - began
    finally:
        way.lab.docker(way.there.node, "unpause", agent)
        way.unblock_in()

    assert status == 3, text
    assert f"unseen other half {way.there.node.name} its agent: " in " ".join(text.split())
    assert "since this could not be looked at: other half." in text
    assert seconds < _MOST_SECONDS
    wait_until_it_works(way, f"{way.there.task}:80")


def _held(lab: Lab, node: Node) -> int:
    """Count the descriptors that an agent holds all the time: probes hold theirs for a moment."""
    pid, ends_at = agent_pid(lab, node), time.monotonic() + 3
    samples = [usage(pid)]
    while time.monotonic() < ends_at:
        samples.append(usage(pid))
    assert min(used.foreign_namespaces for used in samples) == 0
    return min(used.descriptors for used in samples)


def test_many_explanations_leave_nothing_open(way: Way) -> None:
    """Neither descriptors nor namespaces, on either node, when several ask at once."""
    lab, destination = way.lab, f"{way.there.task}:80"
    wait_until_it_works(way, destination)
    both = (way.here.node, way.there.node)
    before = [_held(lab, node) for node in both]

    for _ in range(3):
        told = at_once(lambda node: said(lab, node, way.here.task, destination), lab.nodes)
        assert [status for _, status in told] == [0] * len(told)

    def as_before() -> bool:
        after = [_held(lab, node) for node in both]
        # Connections between agents come and go by one or two; nine would have been left.
        if any(now > was + 2 for was, now in zip(before, after, strict=True)):
            raise LabError(f"descriptors: {before} became {after}")
        return True

    wait_until(as_before, 30, "the agents hold no more than before")
