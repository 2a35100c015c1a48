"""Is every fault of a task's names found, on the node of the task?

Answers are falsified on their way to one task: no Engine gives false ones for the asking. What it
truly does not know is made by keeping gossip from its node.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.lab.audit import services
from tests.lab.audit.looking import LabAuditor
from tests.lab.containers import container_of
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.lies import Liar
from tests.lab.wait import wait_until

pytestmark = [pytest.mark.lab, pytest.mark.faults]

#: Of one task, and on one network alone.
ASKING = "shop_orders-db"
#: A test network's (RFC 5737), so of no overlay.
FOREIGN = "203.0.113.7"


@dataclass(frozen=True)
class Place:
    """The task whose resolver is tampered with."""

    lab: Lab
    node: Node
    container: str
    liar: Liar
    #: An address of shop_api's on the network that they share.
    address: str
    #: One there that nobody has.
    free: str

    def iptables(self, *words: str) -> str:
        return self.lab.netns(self.node, self.container, "iptables", *words)


@pytest.fixture
def place(auditor: LabAuditor) -> Iterator[Place]:
    node, container = container_of(auditor.lab, ASKING)
    situation = auditor.situation(node)
    (network,) = (item for item in situation.topology.networks if item.name == "shop_data")
    known = situation.endpoints[network.id]
    address = next(item.address for item in known.values() if item.service == "shop_api")
    free = next(item for item in reversed(list(network.subnets[0].hosts())) if item not in known)
    with Liar(auditor.lab, node, container) as liar:
        yield Place(
            lab=auditor.lab,
            node=node,
            container=container,
            liar=liar,
            address=str(address),
            free=str(free),
        )


@pytest.mark.parametrize(
    ("code", "lie"),
    [
        ("dns_missing", "without={address}"),
        ("dns_unexpected", "also={free}"),
        ("dns_outside", f"also={FOREIGN}"),
        ("dns_duplicate", "twice"),
        ("dns_unknown", "unknown"),
        ("dns_truncated", "cut"),
    ],
)
def test_a_false_answer_is_told_of_the_service(
    auditor: LabAuditor,
    place: Place,
    code: str,
    lie: str,
) -> None:
    """Both of its names are false, and the finding is one."""
    told = lie.format(address=place.address, free=place.free)
    finding = auditor.shows(
        place.node,
        code,
        inject=lambda: place.liar.tell("shop_api", told),
        remove=place.liar.stop,
        probing=True,
        network="shop_data",
        service="shop_api",
    )

    names = [row.what for row in finding.evidence if row.what.endswith(f"from {ASKING}.1")]
    assert names == [f"shop_api from {ASKING}.1", f"tasks.shop_api from {ASKING}.1"]


@pytest.mark.parametrize(
    ("inject", "remove"),
    [
        (("-I", "OUTPUT", "-d", "127.0.0.11", "-j", "DROP"), ("-D", "OUTPUT", "1")),
        # What Docker put there to lead port 53 to the Engine.
        (
            ("-t", "nat", "-D", "OUTPUT", "-d", "127.0.0.11/32", "-j", "DOCKER_OUTPUT"),
            ("-t", "nat", "-A", "OUTPUT", "-d", "127.0.0.11/32", "-j", "DOCKER_OUTPUT"),
        ),
    ],
    ids=["dropped", "rules lost"],
)
def test_a_resolver_that_does_not_answer_is_told_of_the_task(
    auditor: LabAuditor,
    place: Place,
    inject: tuple[str, ...],
    remove: tuple[str, ...],
) -> None:
    """Every name fails from there, and the finding is one."""
    finding = auditor.shows(
        place.node,
        "dns_resolver_silent",
        inject=lambda: place.iptables(*inject),
        remove=lambda: place.iptables(*remove),
        probing=True,
        service=ASKING,
        task=f"{ASKING}.1",
    )

    assert len(finding.evidence) > 1


def test_a_slow_resolver_is_told_of_the_node(auditor: LabAuditor, place: Place) -> None:
    """Most names that the task asks for take long."""
    auditor.shows(
        place.node,
        "dns_resolver_slow",
        inject=lambda: place.liar.tell("*", "late=0.8"),
        remove=place.liar.stop,
        probing=True,
        item="127.0.0.11",
    )


_NO_GOSSIP = "; ".join(
    [
        "add table inet silence",
        *(
            f"add chain inet silence {hook} {{ type filter hook {hook} priority 0 ; }}"
            f"; add rule inet silence {hook} meta l4proto {{ tcp, udp }} th dport 7946 drop"
            for hook in ("input", "output")
        ),
    ],
)


def test_a_name_that_gossip_did_not_bring_is_unknown(auditor: LabAuditor, place: Place) -> None:
    """A service that was made meanwhile runs, on another node, and its name is unknown here."""
    lab, name = auditor.lab, "unheard"
    other = next(node for node in lab.nodes if node != place.node)
    there = ("--network", "shop_data", "--constraint", f"node.hostname=={other.name}")
    lab.exec(place.node, "nft", _NO_GOSSIP)
    try:
        services.create(lab, name, *there)
        services.wait_for_states(lab, name, running=1)
        finding = auditor.wait_for(place.node, "dns_unknown", probing=True, service=name)
    finally:
        lab.exec(place.node, "nft", "delete table inet silence")

    assert finding.subject.network == "shop_data"
    assert finding.evidence[-1].what == "other nodes"
    wait_until(lambda: _no_names_fail(auditor, place.node), 240, "gossip has brought all names")
    services.remove(lab, name)


def _no_names_fail(auditor: LabAuditor, node: Node) -> bool:
    found = [key for key in auditor.findings(node, probing=True) if key[0].startswith("dns_")]
    if found:
        raise LabError(f"found: {found}")
    return True
