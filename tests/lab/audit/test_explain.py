"""Does `probe explain` name the hop that is broken, where it is, and what to do?"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from probes.cli.explain import print_walk, status_of
from probes.model.path import Hop, Mark, Walk
from probes.model.vantage import Vantage, VantageKind
from probes.vantage import open_socket
from tests.lab.audit import services
from tests.lab.audit.broken_way import Fault, Way, find_way
from tests.lab.audit.explaining import explain
from tests.lab.audit.looking import LabAuditor, netns_folder
from tests.lab.errors import LabError
from tests.lab.lies import Liar
from tests.lab.wait import wait_until

pytestmark = [pytest.mark.lab, pytest.mark.faults]

#: Gossip and the kernel's own memory (learned rows, ARP) take their time.
_WITHIN_SECONDS = 60.0
#: Nothing of the shop listens there.
DEAF_PORT = 8181


@pytest.fixture
def way(auditor: LabAuditor) -> Way:
    """From one of the shop's tasks to one of its API on another node."""
    return find_way(auditor, ("shop_web", "shop_worker"), "shop_api")


def ways(auditor: LabAuditor, way: Way, destination: str) -> Walk:
    """Explain on the source's node; what it printed is shown where a test fails."""
    walk = explain(auditor, way.here.node, way.here.task, destination)
    print_walk(walk)
    return walk


def wait_for_break(auditor: LabAuditor, way: Way, destination: str, hop: str) -> Hop:
    """Explain until the hop of this name is the broken one, which is the last one told."""

    def found() -> Hop:
        walk = ways(auditor, way, destination)
        if walk.broken is None or walk.broken.name != hop:
            raise LabError(f"works: {walk.works}, broken: {walk.broken}")
        assert walk.hops[-1] == walk.broken
        assert status_of(walk) == 1
        return walk.broken

    return wait_until(found, _WITHIN_SECONDS, f"the {hop} of {destination} is broken")


def wait_until_it_works(auditor: LabAuditor, way: Way, destination: str) -> Walk:
    """Explain until it works, and nothing on the way is odd."""

    def works() -> Walk:
        walk = ways(auditor, way, destination)
        if not walk.works or walk.cause:
            raise LabError(f"works: {walk.works}: {walk.cause}")
        return walk

    return wait_until(works, _WITHIN_SECONDS, f"the way to {destination} works again")


@contextmanager
def broken(auditor: LabAuditor, way: Way, inject: Fault, remove: Fault) -> Iterator[None]:
    """Break the way for as long as the block lasts, and see that it was whole, and is again."""
    direct = f"{way.there.task}:80"
    wait_until_it_works(auditor, way, direct)
    try:
        inject(way)
        yield
    finally:
        remove(way)
    wait_until_it_works(auditor, way, direct)


# --- it works ---


def test_a_whole_way_is_well_at_every_hop(auditor: LabAuditor, way: Way) -> None:
    """From the source's process, over both overlays, to what listens: in the packet's order."""
    walk = wait_until_it_works(auditor, way, f"{way.there.task}:80")

    assert {hop.mark for hop in walk.hops} == {Mark.OK}
    assert [(hop.name, hop.place) for hop in walk.hops] == [
        ("source", way.here.place),
        ("network", way.here.place),
        ("interface", way.here.place),
        ("bridge port", way.here.overlay_place),
        ("overlay", way.here.overlay_place),
        ("forwarding entry", way.here.overlay_place),
        ("underlay", f"{way.here.node.name} to {way.there.node.name}"),
        ("departure", f"host on {way.here.node.name}"),
        ("arrival", f"host on {way.there.node.name}"),
        ("overlay", way.there.overlay_place),
        ("way back", way.there.overlay_place),
        ("bridge port", way.there.overlay_place),
        ("interface", way.there.place),
        ("process", way.there.place),
        ("answer", way.there.place),
    ]
    assert status_of(walk) == 0


def test_a_name_that_leads_to_the_tasks_is_a_hop(auditor: LabAuditor, way: Way) -> None:
    """The API has no VIP: what the resolver gave is told."""
    walk = wait_until_it_works(auditor, way, "shop_api:80")

    (name,) = (hop for hop in walk.hops if hop.name == "name")
    assert str(way.there.address) in name.saw


# --- a fault at each hop ---


@dataclass(frozen=True)
class Case:
    """A fault, and what must be said of it; fields in braces are the way's."""

    inject: Fault
    remove: Fault
    hop: str
    place: str
    says: str
    code: str = ""
    #: The task on port 80 by itself, unless the name is what is broken.
    destination: str = "{there.task}:80"


CASES = {
    "resolver silent": Case(
        Way.silence_resolver,
        Way.restore_resolver,
        "name",
        "{here.place}",
        "The resolver of {here.place} does not answer",
        destination="shop_api:80",
    ),
    "source's device down": Case(
        Way.take_source_down,
        Way.bring_source_up,
        "interface",
        "{here.place}",
        "{here.device} of {here.task}, its device on shop_app, is down.",
    ),
    "route deleted": Case(
        Way.delete_route,
        Way.add_route,
        "interface",
        "{here.place}",
        "{here.task} has no route to {there.address} over {here.device}",
    ),
    "wrong MAC believed": Case(
        Way.believe_wrong_mac,
        Way.forget_wrong_mac,
        "interface",
        "{here.place}",
        "{here.task} sends what is for {there.address} to the MAC of somebody else.",
    ),
    "port off the bridge": Case(
        Way.unplug_source,
        Way.plug_source,
        "bridge port",
        "{here.overlay_place}",
        "On {here.node.name} ({here.task}, network shop_app",
        code="overlay_port_down",
    ),
    "forwarding entry missing": Case(
        Way.lose_row,
        Way.restore_row,
        "forwarding entry",
        "{here.overlay_place}",
        "On {here.node.name} ({there.task}, network shop_app, {there.address})",
        code="fdb_missing",
    ),
    "forwarding entry wrong": Case(
        Way.misdirect_row,
        Way.restore_row,
        "forwarding entry",
        "{here.overlay_place}",
        "go to the wrong node",
        code="fdb_wrong_vtep",
    ),
    "neighbour missing": Case(
        Way.lose_neighbour,
        Way.restore_neighbour,
        "forwarding entry",
        "{here.overlay_place}",
        "nobody here knows its MAC",
        code="neighbour_missing",
    ),
    "blocked on its way out": Case(
        Way.block_out,
        Way.unblock_out,
        "departure",
        "host on {here.node.name}",
        "is dropped on {here.node.name} on its way out: most likely by a firewall for UDP 4789",
    ),
    "blocked between the nodes": Case(
        Way.block_between,
        Way.unblock_between,
        "arrival",
        "host on {there.node.name}",
        "of {here.node.name} does not arrive at {there.node.name}, though the nodes reach each",
    ),
    "blocked on its way in": Case(
        Way.block_in,
        Way.unblock_in,
        "unpacking",
        "{there.overlay_place}",
        "arrives at {there.node.name} and is dropped there before it reaches shop_app",
    ),
    "way back wrong": Case(
        Way.misdirect_back,
        Way.restore_back,
        "way back",
        "{there.overlay_place}",
        "On {there.node.name} ({here.task}, network shop_app, {here.address})",
        code="fdb_wrong_vtep",
    ),
    "destination's port off the bridge": Case(
        Way.unplug_destination,
        Way.plug_destination,
        "bridge port",
        "{there.overlay_place}",
        "On {there.node.name} ({there.task}, network shop_app",
        code="overlay_port_down",
    ),
    "destination's device down": Case(
        Way.take_destination_down,
        Way.bring_destination_up,
        "interface",
        "{there.place}",
        "{there.task} cannot receive on shop_app: {there.device} is down.",
    ),
    "node cut off": Case(
        Way.cut,
        Way.rejoin,
        "underlay",
        "{here.node.name} to {there.node.name}",
        "{there.node.name}",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_broken_hop_is_named(auditor: LabAuditor, way: Way, case: Case) -> None:
    """By its name, its place, the cause and a command; and then the way is whole again."""

    def filled(text: str) -> str:
        return text.format(here=way.here, there=way.there)

    with broken(auditor, way, case.inject, case.remove):
        hop = wait_for_break(auditor, way, filled(case.destination), case.hop)

        assert hop.place == filled(case.place)
        assert filled(case.says) in hop.why
        assert hop.code == case.code
        assert hop.remedy


@pytest.mark.parametrize("end", ["here", "there"])
def test_a_vxlan_device_that_is_down_is_named(auditor: LabAuditor, way: Way, end: str) -> None:
    """On the node that has it, be it the source's or the destination's."""
    direct, whose = f"{way.there.task}:80", way.here if end == "here" else way.there
    wait_until_it_works(auditor, way, direct)

    with way.vxlan_down(whose):
        hop = wait_for_break(auditor, way, direct, "overlay")

        assert hop.place == whose.overlay_place
        assert hop.code == "overlay_vxlan_down"
        assert f"# on {whose.node.name}" in hop.remedy
    wait_until_it_works(auditor, way, direct)


# --- the name, the process, the Swarm ---


def test_a_wrong_answer_is_named(auditor: LabAuditor, way: Way) -> None:
    """The tasks answer; whoever asks for the name is sent elsewhere."""
    with Liar(way.lab, way.here.node, way.here.namespace) as liar:
        liar.tell("shop_api", "also=203.0.113.7")
        hop = wait_for_break(auditor, way, "shop_api:80", "name")

    assert hop.place == way.here.place
    assert "gives addresses of shop_api that are not the Swarm's" in hop.why
    assert "203.0.113.7" in hop.saw


def test_a_port_that_nobody_listens_on_is_named(auditor: LabAuditor, way: Way) -> None:
    """With those that somebody does."""
    hop = wait_for_break(auditor, way, f"{way.there.task}:{DEAF_PORT}", "process")

    assert hop.place == way.there.place
    assert hop.why == f"Nothing listens on port {DEAF_PORT} in {way.there.task}."
    assert hop.saw == "ports listened on: 80"
    assert hop.remedy == "docker service logs --tail 50 shop_api"


def test_a_process_on_loopback_alone_is_named(auditor: LabAuditor, way: Way) -> None:
    """It was told to listen at 127.0.0.1."""
    file = str(netns_folder(way.there.node) / way.there.namespace)
    task = Vantage(kind=VantageKind.TASK, name=way.there.task, netns=file)
    with open_socket(task, socket.SOCK_STREAM) as sock:
        sock.bind(("127.0.0.1", DEAF_PORT))
        sock.listen()
        hop = wait_for_break(auditor, way, f"{way.there.task}:{DEAF_PORT}", "process")

    assert hop.place == way.there.place
    assert f"listens on {DEAF_PORT} at 127.0.0.1 alone" in hop.why


def test_services_without_a_network_in_common_have_no_way(
    auditor: LabAuditor,
    way: Way,
) -> None:
    """Nothing can be sent at all."""
    walk = explain(auditor, way.here.node, "shop_gateway", "shop_api:80")

    assert walk.broken is not None
    assert walk.broken.name == "network"
    assert "shop_gateway and shop_api share no overlay network" in walk.cause
    assert status_of(walk) == 1


def test_what_is_scaled_to_none_cannot_answer(auditor: LabAuditor, way: Way) -> None:
    """The command brings it back."""
    lab = way.lab
    services.create(lab, "explained", "--network", "shop_app", "--replicas", "1")
    try:
        services.wait_for_states(lab, "explained", running=1)
        lab.docker(lab.manager, "service", "scale", "--detach", "explained=0")
        hop = wait_for_break(auditor, way, "explained:80", "destination")
    finally:
        services.remove(lab, "explained")

    assert hop.why == "explained is scaled to 0, so nobody can answer."
    assert hop.remedy == "docker service scale explained=1"


def test_a_source_that_does_not_run_sends_nothing(auditor: LabAuditor, way: Way) -> None:
    """It waits for a node that there is not; any node's agent can tell."""
    lab = way.lab
    nowhere = ("--constraint", "node.hostname==nowhere")
    services.create(lab, "explained", "--network", "shop_app", *nowhere)
    try:
        services.wait_for_states(lab, "explained", pending=1)
        walk = explain(auditor, way.third, "explained", "shop_api:80")
    finally:
        services.remove(lab, "explained")

    assert walk.broken is not None
    assert walk.broken.name == "source"
    assert walk.cause == "explained.1 does not run, so nothing can leave it."
    assert "no suitable node" in walk.broken.saw
    assert walk.remedy == "docker service ps --no-trunc explained"


# --- the load balancer ---


@pytest.fixture
def balanced(auditor: LabAuditor) -> Way:
    """To a service that has a VIP, with a task on another node."""
    return find_way(auditor, ("shop_worker", "shop_api"), "shop_web")


def test_a_kernel_without_ipvs_is_named_where_a_vip_is_needed(
    auditor: LabAuditor,
    balanced: Way,
) -> None:
    """The tasks themselves answer; where the kernel has IPVS, so does the VIP."""
    if balanced.lab.kernel.ipvs:
        walk = wait_until_it_works(auditor, balanced, "shop_web:80")
        (hop,) = (hop for hop in walk.hops if hop.name == "load balancer")
        assert "6 of 6 connections" in hop.saw
        return
    hop = wait_for_break(auditor, balanced, "shop_web:80", "load balancer")

    assert hop.code == "host_no_ipvs"
    assert hop.place == f"lb shop_app on {balanced.here.node.name}"


def _lb(way: Way, *argv: str) -> None:
    way.lab.netns(way.here.node, way.here.balancer, *argv)


def _vip_and_mark(way: Way) -> tuple[str, str, str]:
    """Find the VIP of shop_web there, its mark in hexadecimal, and in decimal."""
    inspect = ("service", "inspect", "--format={{range .Endpoint.VirtualIPs}}{{.Addr}} {{end}}")
    vips = way.lab.docker(way.lab.manager, *inspect, "shop_web").split()
    rules = way.lab.netns(
        way.here.node, way.here.balancer, "iptables", "-t", "mangle", "-S", "INPUT"
    )
    for line in rules.splitlines():
        words = line.split()
        if "-d" in words and words[words.index("-d") + 1] in {
            f"{vip.partition('/')[0]}/32" for vip in vips
        }:
            mark = words[words.index("--set-xmark") + 1].partition("/")[0]
            vip = words[words.index("-d") + 1].removesuffix("/32")
            return vip, mark, str(int(mark, 16))
    raise LabError(f"no mark for {vips} in: {rules}")


@dataclass
class Vip:
    """What leads to the VIP, taken away and put back."""

    way: Way

    def __post_init__(self) -> None:
        self.vip, self.hex, self.mark = _vip_and_mark(self.way)

    def rule(self, action: str) -> None:
        match = ("-d", f"{self.vip}/32", "-j", "MARK", "--set-mark", self.mark)
        _lb(self.way, "iptables", "-t", "mangle", action, "INPUT", *match)

    def alias(self, action: str) -> None:
        _lb(self.way, "ip", "address", action, f"{self.vip}/32", "dev", "eth0")

    def forwarding(self, value: str) -> None:
        _lb(self.way, "sysctl", "-q", "-w", f"net.ipv4.ip_forward={value}")

    def backend(self, command: str, address: str) -> None:
        weight = ("-m", "-w", "1") if command == "-a" else ()
        _lb(self.way, "ipvsadm", command, "-f", self.mark, "-r", f"{address}:0", *weight)

    @property
    def nobody(self) -> str:
        return str(self.way.here.address).rpartition(".")[0] + ".250"


@pytest.mark.needs("ipvs")
@pytest.mark.parametrize(
    ("code", "inject", "remove"),
    [
        ("balancer_mark_missing", lambda vip: vip.rule("-D"), lambda vip: vip.rule("-A")),
        ("balancer_vip_missing", lambda vip: vip.alias("del"), lambda vip: vip.alias("add")),
        (
            "host_balancer_forwarding_off",
            lambda vip: vip.forwarding("0"),
            lambda vip: vip.forwarding("1"),
        ),
        (
            "balancer_backend_stale",
            lambda vip: vip.backend("-a", vip.nobody),
            lambda vip: vip.backend("-d", vip.nobody),
        ),
    ],
    ids=["mark missing", "alias missing", "forwarding off", "stale backend"],
)
def test_the_load_balancer_is_named(
    auditor: LabAuditor,
    balanced: Way,
    code: str,
    inject: Callable[[Vip], object],
    remove: Callable[[Vip], object],
) -> None:
    """Its tasks answer, and what should lead to them from their VIP does not."""
    wait_until_it_works(auditor, balanced, "shop_web:80")
    vip = Vip(balanced)
    inject(vip)
    try:
        hop = wait_for_break(auditor, balanced, "shop_web:80", "load balancer")
    finally:
        remove(vip)

    assert hop.code == code
    assert hop.place == f"lb shop_app on {balanced.here.node.name}"
    assert hop.remedy
    wait_until_it_works(auditor, balanced, "shop_web:80")


@pytest.mark.needs("ipvs")
def test_a_backend_that_is_missing_is_odd(auditor: LabAuditor, balanced: Way) -> None:
    """The others answer for it: it works, and yet somebody should know."""
    wait_until_it_works(auditor, balanced, "shop_web:80")
    vip, lost = Vip(balanced), str(balanced.there.address)
    vip.backend("-d", lost)
    try:
        walk = ways(auditor, balanced, "shop_web:80")
    finally:
        vip.backend("-a", lost)

    (hop,) = (hop for hop in walk.hops if hop.mark is Mark.DOUBTFUL)
    assert (hop.name, hop.code) == ("load balancer", "balancer_backend_missing")
    assert walk.cause.startswith("It works, but: ")
    assert status_of(walk) == 0
    wait_until_it_works(auditor, balanced, "shop_web:80")


@pytest.mark.needs("ipvs")
def test_the_way_back_to_the_load_balancer_is_named(auditor: LabAuditor, balanced: Way) -> None:
    """Tasks answer the source, and not what its node's load balancer makes of its address."""
    wait_until_it_works(auditor, balanced, "shop_web:80")
    balanced.misdirect_balancer()
    try:
        hop = wait_for_break(auditor, balanced, "shop_web:80", "way back")
    finally:
        balanced.restore_balancer()

    assert hop.place == balanced.there.overlay_place
    assert f"the load balancer of {balanced.here.node.name}" in hop.why
    assert "bridge fdb replace" in hop.remedy
    wait_until_it_works(auditor, balanced, "shop_web:80")
