"""Is what the destination's node sees told, and told of the right part?"""

from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.explain.far import Far, hops
from probes.findings import fdb, overlay
from probes.kernel.arrival import Arrivals
from probes.kernel.listening import Listener
from probes.model.finding import Evidence, Subject
from probes.model.path import Hop, Mark
from probes.model.reading import CouldNotLook
from tests.probes.audit.readings import link
from tests.probes.explain.ways import BACK, BALANCER, at, far, journey, row
from tests.swarms import APP, NODE1, NODE3, on

ANY = IPv4Address(0)
ROW = Evidence(what="row", expected="this", actual="that")


def broken(told: Far) -> Hop | None:
    return next((hop for hop in hops(told) if hop.mark is Mark.BROKEN), None)


def test_a_way_that_is_well_has_every_hop() -> None:
    """In the order of the packet."""
    told = list(hops(far()))

    assert {hop.mark for hop in told} == {Mark.OK}
    names = ["arrival", "overlay", "way back", "bridge port", "interface", "process"]
    assert [hop.name for hop in told] == names


def test_a_way_on_one_node_crosses_no_vxlan() -> None:
    """There is nothing to arrive."""
    told = [hop.name for hop in hops(far(sender=None, arrivals=None))]

    assert told == ["bridge port", "interface", "process"]


@pytest.mark.parametrize(
    ("arrivals", "works", "name"),
    [
        (Arrivals(outer=0, inner=0), False, "arrival"),
        (Arrivals(outer=0, inner=0), True, None),
        (Arrivals(outer=3, inner=0), False, "unpacking"),
        (Arrivals(outer=3, inner=0), True, None),
        # Where the kernel hands over packets out of our sight.
        (Arrivals(outer=0, inner=3), False, None),
    ],
)
def test_what_arrives_outside_and_inside_is_told_apart(
    arrivals: Arrivals,
    works: bool,  # noqa: FBT001 -- a row of the table
    name: str | None,
) -> None:
    """Nothing at all, or nothing of it unpacked; what works needs no witness."""
    found = broken(far(arrivals=arrivals, works=works))

    assert (found.name if found else None) == name


def test_what_could_not_be_watched_is_unknown() -> None:
    """With the reason."""
    first = next(hops(far(arrivals=CouldNotLook(where="host", why="needs CAP_NET_RAW"))))

    assert (first.name, first.mark, first.saw) == ("arrival", Mark.UNKNOWN, "needs CAP_NET_RAW")


def test_a_wrong_row_explains_what_is_not_unpacked() -> None:
    """VXLAN drops what comes from another node than its entry names."""
    subject = Subject(network="shop_app", service="shop_web", item=str(on(APP, 11).address))
    wrong = fdb.WRONG_VTEP.found(subject, ROW)

    found = broken(far(wrong, arrivals=Arrivals(outer=3, inner=0)))

    assert found is not None
    assert (found.name, found.code) == ("way back", "fdb_wrong_vtep")


@pytest.mark.parametrize(
    ("changes", "actual"),
    [
        ({"fdb": (row(9, NODE3.address),)}, "02:42:0a:00:01:09 dst 198.18.0.13"),
        ({"fdb": ()}, "no forwarding entry"),
        ({"neighbours": ()}, ", no neighbour"),
    ],
)
def test_the_load_balancers_rows_are_looked_at_here(changes: dict[str, Any], actual: str) -> None:
    """The audit cannot miss them, since Swarm does not tell whose address it is."""
    situation = at("n2", replace(BACK, **changes))

    found = broken(far(sender=BALANCER, situation=situation))

    assert found is not None
    assert (found.name, found.place) == ("way back", "overlay shop_app on node2")
    assert "expected 02:42:0a:00:01:09 dst 198.18.0.11" in found.saw
    assert actual in found.saw
    assert "10.0.1.9, the load balancer of node1" in found.why
    assert f"dst {NODE1.address} self permanent" in found.remedy


def test_rows_that_are_right_are_well() -> None:
    """Both of the source's and of its load balancer's."""
    assert broken(far(sender=BALANCER)) is None


def test_a_port_that_is_down_with_its_task_is_not_the_cause() -> None:
    """Somebody took the task's end down."""
    subject = Subject(network="shop_app", service="shop_api", task="shop_api.2", item="10.0.1.22")
    values = {"netns": "/netns/1-app", "device": "veth0", "bridge": "br0"}
    port = overlay.PORT_DOWN.found(subject, ROW, **values)
    told = far(port)
    assert told.inside is not None
    down = replace(told.inside, links=(link(14, "eth0", up=False, enabled=False),))

    by_itself, with_task = broken(told), broken(replace(told, inside=down))

    assert by_itself is not None
    assert with_task is not None
    assert (by_itself.name, by_itself.code) == ("bridge port", "overlay_port_down")
    assert (with_task.name, with_task.saw) == ("interface", "eth0 is down")


@pytest.mark.parametrize(
    ("at", "port", "why"),
    [
        (str(ANY), 81, "Nothing listens on port 80 in shop_api.2."),
        ("127.0.0.1", 80, "listens on 80 at 127.0.0.1 alone"),
        ("172.18.0.3", 80, "listens on 80 at 172.18.0.3 alone"),
        ("10.0.1.22", 80, ""),
        (str(ANY), 80, ""),
    ],
)
def test_what_listens_is_told_with_its_address(at: str, port: int, why: str) -> None:
    """On the overlay's address or on all of them, else nobody can connect."""
    found = broken(far(listeners=(Listener(address=IPv4Address(at), port=port),)))

    assert (found.name if found else "process") == "process"
    assert why in (found.why if found else "")
    assert bool(found) is bool(why)


def test_what_could_not_be_looked_into_is_unknown() -> None:
    """Not broken, and not well."""
    told = far(inside=None, listeners=None, why_not="its namespace is gone")
    unknown = [hop for hop in hops(told) if hop.mark is Mark.UNKNOWN]

    assert [(hop.name, hop.saw) for hop in unknown] == [
        ("interface", "its namespace is gone"),
        ("process", "its namespace is gone"),
    ]


def test_without_a_port_no_process_is_looked_for() -> None:
    """An echo needs none."""
    assert "process" not in [hop.name for hop in hops(far(journey=journey(port=None)))]
