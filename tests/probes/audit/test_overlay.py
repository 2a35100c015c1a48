"""Does the audit of overlay devices tell its faults apart?"""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from probes.audit.fdb import mac_of
from probes.audit.overlay import CHECKS
from probes.audit.overlay_mtu import packet_bytes
from probes.audit.situation import Situation
from probes.findings.overlay import FINDINGS
from probes.model.finding import Finding
from probes.model.reading import (
    ChosenRoute,
    CouldNotLook,
    FdbEntry,
    HostReading,
    Link,
    NamespaceReading,
    Neighbour,
    NodeReading,
)
from probes.model.topology import NodeReport, Topology
from probes.model.vantage import VantageKind
from tests.probes.audit.readings import (
    BALANCER_PORT,
    BRIDGE,
    NO_COUNTS,
    TASK_PORT,
    VXLAN,
    end_reading,
    host_reading,
    link,
    node_reading,
    overlay_reading,
)
from tests.probes.audit.situations import NOW, found, situation
from tests.swarms import APP, DATA, local, node, on, service, task

WEB = service("shop_web", APP, vip=2)
HERE, THERE, ELSEWHERE = node(1), node(2), node(3)
OWN, REMOTE = task(WEB, 1, HERE, 3), task(WEB, 2, THERE, 4)
BALANCER = on(APP, 9)
SWARM = Topology(
    nodes=(HERE, THERE, ELSEWHERE),
    networks=(APP, DATA),
    services=(WEB,),
    tasks=(OWN, REMOTE),
    reports=(
        NodeReport(node_id=HERE.id, balancers=(BALANCER,), vtep=HERE.address),
        NodeReport(node_id=THERE.id, balancers=(on(APP, 10),)),
    ),
    read_at=NOW,
)

REMOTE_ADDRESS = on(APP, 4).address
OVERLAY = replace(
    overlay_reading(APP),
    fdb=(
        FdbEntry(
            mac=mac_of(REMOTE_ADDRESS),
            device="vxlan0",
            vtep=THERE.address,
            permanent=True,
            bridge=False,
        ),
    ),
    neighbours=(
        Neighbour(
            address=REMOTE_ADDRESS,
            device="vxlan0",
            mac=mac_of(REMOTE_ADDRESS),
            state="permanent",
        ),
    ),
)
TASK = end_reading(VantageKind.TASK, local(OWN).netns, "", TASK_PORT, on(APP, 3))
LOAD_BALANCER = end_reading(
    VantageKind.LOAD_BALANCER, "/netns/lb_app", APP.id, BALANCER_PORT, BALANCER
)
HOST = host_reading(2, 3)
HEALTHY = node_reading(HOST, OVERLAY, TASK, LOAD_BALANCER)
BEFORE = replace(HEALTHY, read_at=NOW - 10)

Change = Callable[[NodeReading], NodeReading]


def seen(
    reading: NodeReading, topology: Topology = SWARM, before: NodeReading = BEFORE
) -> Situation:
    """Stand on node1, where one task runs."""
    return situation(topology, local=(local(OWN),), reading=reading, before=before)


def on_overlay(change: Callable[[NamespaceReading], NamespaceReading]) -> Change:
    """Change the overlay's namespace."""
    return lambda reading: replace(
        reading,
        namespaces=(change(reading.namespaces[0]), *reading.namespaces[1:]),
    )


def on_link(index: int, **change: object) -> Change:
    """Change one device of the overlay's."""
    return on_overlay(
        lambda reading: replace(
            reading,
            links=tuple(
                replace(item, **change) if item.index == index else item  # type: ignore[arg-type]
                for item in reading.links
            ),
        ),
    )


def without_link(index: int) -> Change:
    """Take one device of the overlay's away."""
    return on_overlay(
        lambda reading: replace(
            reading, links=tuple(item for item in reading.links if item.index != index)
        ),
    )


def on_host(*links: Link) -> Change:
    """Add devices to the host."""

    def change(reading: NodeReading) -> NodeReading:
        assert reading.host is not None
        namespace = reading.host.namespace
        namespace = replace(namespace, links=(*namespace.links, *links))
        return replace(reading, host=replace(reading.host, namespace=namespace))

    return change


def with_host(change: Callable[[HostReading], HostReading]) -> Change:
    """Change what the host says."""
    return lambda reading: replace(reading, host=change(HOST))


def with_way(peer: int, **way: object) -> Callable[[HostReading], HostReading]:
    """Change the way to one peer."""
    address = IPv4Address(f"198.18.0.1{peer}")

    def changed(to: IPv4Address, chosen: ChosenRoute) -> ChosenRoute:
        return replace(chosen, **way) if to == address else chosen  # type: ignore[arg-type]

    return lambda host: replace(
        host, underlay=tuple((to, changed(to, chosen)) for to, chosen in host.underlay)
    )


def vxlan(name: str, vni: int, port: int = 4789) -> Link:
    """Make a VXLAN device for where none should be."""
    return link(77, name, "vxlan", vni=vni, vxlan_port=port)


def test_an_overlay_as_it_should_be_has_no_finding() -> None:
    """Its devices are there and up, the ports on the bridge, the ways wide enough."""
    assert found(CHECKS, seen(HEALTHY)) == []


@pytest.mark.parametrize(
    ("break_it", "code", "item"),
    [
        (
            lambda r: replace(r, namespaces=r.namespaces[1:]),
            "overlay_namespace_missing",
            "",
        ),
        (without_link(VXLAN), "overlay_device_missing", "vxlan0"),
        (without_link(BRIDGE), "overlay_device_missing", "br0"),
        (on_link(BRIDGE, up=False), "overlay_bridge_down", "br0"),
        (on_link(VXLAN, up=False), "overlay_vxlan_down", "vxlan0"),
        (on_link(VXLAN, master_index=None), "overlay_vxlan_down", "vxlan0"),
        (on_link(TASK_PORT, up=False), "overlay_port_down", "10.0.1.3"),
        (on_link(TASK_PORT, master_index=None), "overlay_port_down", "10.0.1.3"),
        (without_link(TASK_PORT), "overlay_port_missing", "10.0.1.3"),
        (on_link(BALANCER_PORT, master_index=None), "overlay_port_down", "load balancer"),
        (without_link(BALANCER_PORT), "overlay_port_missing", "load balancer"),
        (on_link(VXLAN, vni=5000), "overlay_wrong_vni", "vxlan0"),
        (on_link(VXLAN, vni=DATA.vnis[0]), "overlay_wrong_vni", "vxlan0"),
        (on_link(VXLAN, vxlan_port=8472), "overlay_wrong_port", "vxlan0"),
        (on_link(VXLAN, mtu_bytes=1400), "overlay_mtu_uneven", "vxlan0"),
        (with_host(with_way(2, mtu_bytes=1499)), "overlay_mtu", "eth0"),
        (with_host(with_way(2, source=IPv4Address("10.9.9.9"))), "overlay_source", "10.9.9.9"),
        (
            with_host(lambda h: replace(h, underlay=h.underlay[1:])),
            "overlay_no_route",
            "198.18.0.12",
        ),
        (
            with_host(
                lambda h: replace(
                    h, namespace=replace(h.namespace, addresses=h.namespace.addresses[:1])
                )
            ),
            "overlay_address_gone",
            "198.18.0.11",
        ),
        (on_host(vxlan("vx-001001-app00", 4097)), "overlay_orphan_device", "vx-001001-app00"),
        (
            on_host(link(78, "ov-001001-app00", "bridge")),
            "overlay_orphan_device",
            "ov-001001-app00",
        ),
        (on_host(vxlan("flannel.1", 1)), "overlay_foreign_vxlan", "flannel.1"),
        (on_host(vxlan("mine", DATA.vnis[0])), "overlay_vni_taken", "mine"),
    ],
)
def test_each_fault_is_one_finding(break_it: Change, code: str, item: str) -> None:
    """One thing broken, one finding, of the right code."""
    findings = found(CHECKS, seen(break_it(HEALTHY)))

    assert [(each.code, each.subject.item) for each in findings] == [(code, item)]
    assert all(evidence.expected != evidence.actual for evidence in findings[0].evidence)
    assert remedy_of(findings[0])


def remedy_of(finding: Finding) -> str:
    """Write the command: every field that it names is there."""
    (spec,) = (spec for spec in FINDINGS if spec.code == finding.code)
    return spec.remedy_of(finding, "node1")


def test_a_command_to_paste_names_what_is_broken() -> None:
    """The namespace by its name on the node, the device and its bridge."""
    broken = on_link(TASK_PORT, master_index=None)(HEALTHY)

    (finding,) = found(CHECKS, seen(broken))

    assert remedy_of(finding) == (
        "nsenter --net=/var/run/docker/netns/1-app0000000 ip link set veth0 master br0 up"
        "  # on node1"
    )
    assert (finding.subject.service, finding.subject.task) == ("shop_web", "shop_web.1")
    assert finding.subject.network == "shop_app"


def test_a_task_that_only_the_swarm_or_only_the_engine_knows_needs_nothing_yet() -> None:
    """It is on its way up or down, and so is the namespace."""
    bare = replace(HEALTHY, namespaces=())
    starting = replace(SWARM, tasks=(replace(OWN, state="starting"), REMOTE))

    assert found(CHECKS, seen(bare, starting)) == []
    assert found(CHECKS, situation(SWARM, reading=bare, before=BEFORE)) == []


@pytest.mark.parametrize(
    ("where", "checks"),
    [
        ("/var/run/docker/netns", {"overlay devices", "overlay ports"}),
        ("overlay shop_app", {"overlay devices", "overlay ports"}),
        ("overlay shop_app, links", {"overlay devices", "overlay ports"}),
        ("lb lb_app, addresses", {"overlay ports"}),
        ("task t-shop_web-1-3, addresses", {"overlay ports"}),
        ("host, links", {"overlay strangers"}),
        ("host, addresses", {"overlay underlay"}),
        ("host, route to 198.18.0.12", {"overlay underlay", "overlay mtu"}),
    ],
)
def test_what_was_not_read_leaves_the_question_open(where: str, checks: set[str]) -> None:
    """Neither a finding nor silence, from exactly the checks that needed it."""
    failure = CouldNotLook(where=where, why="no permission")
    broken = replace(HEALTHY, failures=(failure,))
    if where.startswith(("/", "overlay shop_app")):
        broken = replace(broken, namespaces=HEALTHY.namespaces[1:])

    asked = {check.name: list(check.run(seen(broken))) for check in CHECKS}

    assert {name for name, answers in asked.items() if answers} == checks
    assert {item for answers in asked.values() for item in answers} == {failure}


def test_a_node_that_was_not_read_leaves_every_question_open() -> None:
    """As in the first moments of an agent."""
    nothing = seen(NodeReading(), before=NodeReading())

    for check in CHECKS:
        assert {type(answer) for answer in check.run(nothing)} == {CouldNotLook}, check.name


def test_a_narrow_device_is_one_finding_for_all_peers() -> None:
    """The device is the fault; a single narrow route is told by its peer."""
    far = task(WEB, 3, ELSEWHERE, 5)
    topology = replace(SWARM, tasks=(OWN, REMOTE, far))
    narrow = replace(HOST.namespace.links[1], mtu_bytes=1400)
    host = replace(HOST, namespace=replace(HOST.namespace, links=(narrow,)))

    (everyone,) = found(CHECKS, seen(replace(HEALTHY, host=host), topology))
    (one,) = found(CHECKS, seen(with_host(with_way(2, mtu_bytes=1400))(HEALTHY), topology))

    assert (everyone.subject.peer, one.subject.peer) == ("", "node2")
    assert everyone.evidence[0].expected == "at least 1500"


@pytest.mark.parametrize(
    ("mtu", "encrypted", "outer"),
    [(1450, False, 1500), (1424, True, 1500), (1425, True, 1504)],
)
def test_a_packet_takes_its_wrapping_with_it(mtu: int, outer: int, *, encrypted: bool) -> None:
    """The Engine's own MTUs of 1450 and 1424 just fit 1500 bytes."""
    assert packet_bytes(mtu, encrypted=encrypted) == outer


def test_a_wrong_source_to_all_peers_is_one_finding() -> None:
    """One route for all of them is one thing to mend."""
    source = IPv4Address("10.9.9.9")
    host = with_way(3, source=source)(with_way(2, source=source)(HOST))

    (finding,) = found(CHECKS, seen(replace(HEALTHY, host=host)))

    assert (finding.code, finding.subject.peer) == ("overlay_source", "")


def test_an_address_that_is_anothers_by_nat_is_no_finding_while_frames_arrive() -> None:
    """What the others send to the advertised address comes in."""
    namespace = replace(HOST.namespace, addresses=HOST.namespace.addresses[:1])
    broken = replace(HEALTHY, host=replace(HOST, namespace=namespace))
    more = replace(NO_COUNTS, receive_packets=5)

    assert found(CHECKS, seen(on_link(VXLAN, statistics=more)(broken))) == []


def test_a_peer_that_is_down_needs_no_way() -> None:
    """It is the fault itself, and found as such."""
    topology = replace(SWARM, nodes=(HERE, replace(THERE, state="down"), ELSEWHERE))
    broken = with_host(lambda host: replace(host, underlay=host.underlay[1:]))(HEALTHY)

    assert found(CHECKS, seen(broken, topology)) == []


def test_a_number_that_something_else_has_is_the_cause_of_what_lacks() -> None:
    """The network cannot be made here: one finding, not two."""
    broken = on_host(vxlan("mine", APP.vnis[0]))(replace(HEALTHY, namespaces=()))

    assert [item.code for item in found(CHECKS, seen(broken))] == ["overlay_vni_taken"]


def test_a_number_in_a_namespace_of_no_network_is_taken() -> None:
    """A removed network left its namespace behind, and the number was given away again."""
    left = replace(
        OVERLAY,
        network_id="",
        vantage=replace(OVERLAY.vantage, name="1-gone", netns="/netns/1-gone"),
    )
    broken = replace(HEALTHY, namespaces=(*HEALTHY.namespaces, left))

    (finding,) = found(CHECKS, seen(broken))

    assert (finding.code, finding.subject.network) == ("overlay_vni_taken", "shop_app")
    assert finding.subject.item == "namespace 1-gone"


def test_another_overlay_on_another_port_is_nobodys_business() -> None:
    """Numbers count once for each UDP port."""
    assert found(CHECKS, seen(on_host(vxlan("flannel.1", 4097, port=8472))(HEALTHY))) == []


@pytest.mark.parametrize(("count", "codes"), [(895, []), (900, ["overlay_bridge_full"])])
def test_a_bridge_near_its_limit_is_told_in_time(count: int, codes: list[str]) -> None:
    """A bridge of Linux has 1023 ports."""
    ports = tuple(link(100 + index, f"p{index}", master_index=BRIDGE) for index in range(count))
    full = on_overlay(lambda reading: replace(reading, links=(*reading.links, *ports)))

    assert [item.code for item in found(CHECKS, seen(full(HEALTHY)))] == codes


@pytest.mark.parametrize(("lost", "codes"), [(49, []), (50, ["overlay_losing"])])
def test_frames_that_keep_being_lost_are_told(lost: int, codes: list[str]) -> None:
    """Five frames in each of the ten seconds; a few are lost on a Swarm that is well."""
    counts = replace(NO_COUNTS, transmit_dropped=lost - 1, receive_errors=1)

    findings = found(CHECKS, seen(on_link(VXLAN, statistics=counts)(HEALTHY)))

    assert [item.code for item in findings] == codes


def test_losses_that_a_wrong_entry_explains_are_not_told_again() -> None:
    """The forwarding entries' own check names what lacks there."""
    counts = replace(NO_COUNTS, transmit_dropped=500)
    losing = on_link(VXLAN, statistics=counts)(HEALTHY)
    lacking = on_overlay(lambda reading: replace(reading, fdb=()))(losing)

    assert [item.code for item in found(CHECKS, seen(losing))] == ["overlay_losing"]
    assert found(CHECKS, seen(lacking)) == []
