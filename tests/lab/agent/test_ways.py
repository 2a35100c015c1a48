"""Do `probe mtu`, `route` and `trace` tell the way to a task on another node, and where it ends?"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.lab.audit.broken_way import NETWORK, Way, find_way
from tests.lab.audit.looking import LabAuditor
from tests.lab.commands import run
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.namespaces import in_network
from tests.lab.swarmscope import agent_container
from tests.lab.wait import wait_until

pytestmark = [pytest.mark.lab, pytest.mark.faults]

_WITHIN_SECONDS = 60.0
#: An overlay's packet, the fabric's, and what VXLAN adds: IPv4, UDP, VXLAN and Ethernet headers.
_OVERLAY_BYTES, _FABRIC_BYTES, _VXLAN_BYTES = 1450, 1500, 50
_NARROW_BYTES = 1400
#: A bridge's port, or a veth, lets pass what is larger than its MTU by a VLAN tag, be there one or
#: not (`is_skb_forwardable`, net/core/dev.c: VLAN_HLEN).
_TAG_BYTES = 4

Document = dict[str, Any]


@pytest.fixture
def way(swarmscope: Lab) -> Way:
    """From one of the shop's tasks to one of its API on another node; it works."""
    way = find_way(LabAuditor(swarmscope), ("shop_web", "shop_worker"), "shop_api")
    _wait_until_whole(way)
    return way


def _told(way: Way, command: str) -> tuple[Document, int]:
    """Run a command where the source's agent runs; its document and exit status."""
    told = way.lab.docker(
        way.here.node,
        "exec",
        agent_container(way.lab, way.here.node),
        "sh",
        "-c",
        'probe "$@" --json; echo "$?"',
        "sh",
        command,
        way.there.task,
        "--from",
        way.here.task,
    )
    text, _, status = told.rstrip().rpartition("\n")
    ((document,),) = (place["looks"] for place in json.loads(text)["places"])
    return document, int(status)


def _wait_until_whole(way: Way) -> None:
    def whole() -> bool:
        document, status = _told(way, "mtu")
        if status != 0:
            raise LabError(f"status {status}: {document['detail']}")
        return True

    wait_until(whole, _WITHIN_SECONDS, f"the way to {way.there.task} is whole")


@contextmanager
def _broken(way: Way, inject: Callable[[], object], remove: Callable[[], object]) -> Iterator[None]:
    inject()
    try:
        yield
    finally:
        remove()
    _wait_until_whole(way)


@contextmanager
def _narrow(way: Way) -> Iterator[None]:
    """Lower what the fabric's cable to the destination carries, on the fabric's side."""

    def cable(mtu: int) -> None:
        argv = ("ip", "link", "set", way.there.node.port_in_fabric, "mtu", str(mtu))
        run(*in_network(way.lab.layout.fabric, *argv))

    with _broken(way, lambda: cable(_NARROW_BYTES), lambda: cable(_FABRIC_BYTES)):
        yield


def test_in_health_all_three_tell_the_whole_way(way: Way) -> None:
    """The overlay's MTU passes, the tables lead to the other node, and the end answers itself."""
    mtu, status = _told(way, "mtu")
    assert (status, mtu["outcome"]) == (0, "ok"), mtu
    assert mtu["observed"]["largest_bytes"] == _OVERLAY_BYTES

    route, status = _told(way, "route")
    assert (status, route["outcome"]) == (0, "ok"), route
    told = dict(route["observed"]["told"])
    assert (told["device"], told["source"]) == (way.here.device, str(way.here.address))
    assert told["mtu"] == f"{_OVERLAY_BYTES} bytes"
    assert told["overlay"].startswith(f"{way.there.address} is {way.there.mac} (permanent)")
    # The sweep's answers have taught the bridge by now that the MAC is behind vxlan0.
    assert told["vtep"] == f"{way.there.node.address}, {way.there.node.name}"

    trace, status = _told(way, "trace")
    assert (status, trace["outcome"]) == (0, "ok"), trace
    assert trace["probe"]["network"] == NETWORK
    (hop,) = trace["observed"]["hops"]
    assert (hop["address"], hop["name"]) == (str(way.there.address), way.there.task)
    beneath = trace["beneath"]
    assert (beneath["outcome"], beneath["from"]["name"]) == ("ok", "host")
    assert beneath["observed"]["hops"][-1]["address"] == str(way.there.node.address)
    assert beneath["observed"]["hops"][-1]["name"] == way.there.node.name


def test_a_narrow_fabric_breaks_the_sweep_at_its_size(way: Way) -> None:
    """Less what VXLAN takes, to the byte; small packets pass, so a trace reaches the end."""
    with _narrow(way):
        mtu, status = _told(way, "mtu")
        trace, trace_status = _told(way, "trace")

    largest = _NARROW_BYTES + _TAG_BYTES - _VXLAN_BYTES
    assert (status, mtu["outcome"]) == (1, "narrow"), mtu
    assert mtu["observed"]["largest_bytes"] == largest
    assert dict(mtu["observed"]["told"])["breaks at"].startswith(f"{largest + 1} bytes: ")
    assert trace_status == 0, trace


def test_a_lost_row_is_told_by_the_route(way: Way) -> None:
    """No node is made up, by status 1, and the trace ends where nobody answers."""
    with _broken(way, way.lose_row, way.restore_row):
        route, lost = _told(way, "route")
        trace, status = _told(way, "trace")

    told = dict(route["observed"]["told"])
    assert told["vtep"].startswith(f"no forwarding entry for {way.there.mac}")
    assert lost == 1
    assert (status, trace["outcome"]) == (1, "timeout"), trace
    assert trace["beneath"]["outcome"] == "ok"


def test_blocked_vxlan_ends_the_overlay_and_not_the_underlay(way: Way) -> None:
    """So the trouble is between the two: the nodes reach each other."""
    with _broken(way, way.block_in, way.unblock_in):
        trace, status = _told(way, "trace")

    assert (status, trace["verdict"]) == (1, "failed"), trace
    assert all(hop["address"] is None for hop in trace["observed"]["hops"])
    assert trace["beneath"]["outcome"] == "ok"
    assert trace["beneath"]["observed"]["hops"][-1]["address"] == str(way.there.node.address)
