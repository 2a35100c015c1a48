"""What does the page say of networks and services?"""

from dataclasses import replace

from exporter.page.forwarding import Forwarding, forwarding
from exporter.page.networks import Missing, networks
from exporter.page.services import services
from exporter.page.state import State
from exporter.page.summary import Backends
from probes.audit.fdb import mac_of
from probes.model.reading import FdbEntry, NodeReading
from tests.exporter.page.told import held, summary, swarm
from tests.probes.audit.readings import overlay_reading
from tests.probes.audit.situations import situation
from tests.swarms import API, API_1, API_2, APP, NODE2, SHOP, on, with_service, with_task


def test_a_network_tells_how_full_it_is_and_who_lacks_entries() -> None:
    """The worst first."""
    lacking = summary("node1", forwarding=(Forwarding(network="shop_app", expected=3, present=1),))
    whole = summary("node2", forwarding=(Forwarding(network="shop_app", expected=2, present=2),))

    rows = networks(swarm(lacking, whole))

    assert [row.name for row in rows] == ["shop_app", "shop_data"]
    assert rows[0].missing == (Missing(node="node1", present=1, expected=3),)
    assert rows[0].state is State.DOUBTFUL
    assert rows[0].nodes == 2
    assert rows[0].vnis == "4097"
    assert rows[0].subnets == "10.0.1.0/24"
    assert rows[0].total == 254
    assert rows[1].state is State.OK


def test_a_finding_makes_its_network_bad() -> None:
    """And it is counted there."""
    rows = networks(swarm(summary(findings=(held(),))))

    assert (rows[0].name, rows[0].state, rows[0].findings) == ("shop_app", State.BAD, 1)


def test_entries_are_counted_of_running_tasks_elsewhere() -> None:
    """Those of this node need none; those that lack are what is expected and not present."""
    entry = FdbEntry(
        mac=mac_of(on(APP, 22).address),
        device="vxlan0",
        vtep=NODE2.address,
        permanent=True,
        bridge=False,
    )
    overlay = replace(overlay_reading(APP), fdb=(entry,))
    looked = NodeReading(namespaces=(overlay,))

    assert forwarding(situation(SHOP, reading=looked)) == (
        Forwarding(network="shop_app", expected=1, present=1),
    )
    empty = NodeReading(namespaces=(overlay_reading(APP),))
    assert forwarding(situation(SHOP, reading=empty))[0].present == 0
    assert forwarding(None) == ()


def test_a_service_tells_its_address_its_tasks_and_odd_balancers() -> None:
    """In its stack, with the nodes that it is on."""
    odd = Backends(network="shop_app", service="shop_api", expected=2, present=1, stale=1)
    good = Backends(network="shop_app", service="shop_api", expected=2, present=2, stale=0)

    (stack,) = services(
        swarm(summary("node1", backends=(odd,)), summary("node2", backends=(good,)))
    )

    assert stack.stack == "shop"
    row = stack.rows[0]
    assert row.name == "shop_api"
    assert row.state is State.DOUBTFUL
    assert [(vip.network, vip.address) for vip in row.vips] == [
        ("shop_app", "10.0.1.20"),
        ("shop_data", "10.0.2.20"),
    ]
    assert (row.running, row.nodes, row.balancers) == (2, ("node1", "node2"), 2)
    assert [(item.node, item.present, item.stale) for item in row.odd] == [("node1", 1, 1)]


def test_a_service_that_lacks_tasks_is_doubtful() -> None:
    """As long as Swarm wants more than run; one that is being started is said to change."""
    topology = with_service(SHOP, replace(API, replicas=2))
    topology = with_task(topology, replace(API_1, state="failed", desired_state="shutdown"))
    topology = with_task(topology, replace(API_2, state="starting"))

    (stack,) = services(swarm(topology=topology))

    assert stack.rows[0].name == "shop_api"
    assert stack.rows[0].state is State.DOUBTFUL
    assert (stack.rows[0].running, stack.rows[0].wanted) == (0, 2)
    assert stack.rows[0].updating
