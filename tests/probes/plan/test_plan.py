"""Does a node look at what it should, and at nothing else?"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address

from probes.intent.labels import read_labels
from probes.model.local import LocalTask
from probes.model.probe import (
    DnsLook,
    ExpectedAnswer,
    HttpLook,
    Kind,
    Probe,
    Target,
    TcpLook,
)
from probes.model.topology import Task, Topology
from probes.model.vantage import HOST
from probes.plan.budget import Budget, Plan
from probes.plan.candidates import Pace
from probes.plan.plan import PlanSettings, plan
from tests.swarms import (
    API,
    API_1,
    API_2,
    APP,
    DB,
    DB_1,
    NODE1,
    NODE2,
    NODE3,
    SHOP,
    WEB,
    WEB_1,
    labelled,
    local,
    on,
    service,
    task,
    with_service,
    with_task,
)

AMPLE = Budget(probes_per_second=1000, series=100_000)


def _plan(
    topology: Topology = SHOP,
    tasks: Iterable[Task] = (WEB_1, API_1),
    *,
    node: str = "n1",
    budget: Budget = AMPLE,
    agent: str = "",
) -> Plan:
    settings = PlanSettings(
        pace=Pace(interval_seconds=10, timeout_seconds=2, slow_seconds=0.5),
        budget=budget,
        agent_service=agent,
        agent_port=9877,
    )
    here: list[LocalTask] = [local(item) for item in tasks]
    return plan(topology, read_labels(topology.services), node, here, settings)


def _find(found: Plan, **fields: object) -> list[Probe]:
    return [
        probe
        for probe in found.probes
        if all(getattr(probe.id, name) == value for name, value in fields.items())
    ]


def _pairs(found: Plan) -> set[tuple[str, str]]:
    """Name the pairs of services; what the node itself looks at is nobody's pair."""
    return {
        (probe.id.source_service, probe.id.destination_service)
        for probe in found.probes
        if probe.vantage != HOST
    }


def test_every_service_looks_at_those_it_shares_a_network_with() -> None:
    """Web shares nothing with the database, so it does not look at it."""
    found = _plan()

    assert _pairs(found) == {
        ("shop_web", "shop_web"),
        ("shop_web", "shop_api"),
        ("shop_api", "shop_web"),
        ("shop_api", "shop_api"),
        ("shop_api", "shop_db"),
    }


def test_a_probe_stands_in_the_tasks_namespace_and_carries_its_names() -> None:
    """The labels say who looks at whom, by the names that people use."""
    [probe] = _find(_plan(), destination_task="shop_api.2", source_service="shop_web", probe="icmp")

    assert probe.vantage.netns == local(WEB_1).netns
    assert probe.vantage.name == "shop_web.1"
    assert probe.id.network == "shop_app"
    assert (probe.id.source_node, probe.id.destination_node) == ("node1", "node2")


def test_a_name_is_expected_to_answer_with_the_vip_of_any_shared_network() -> None:
    """Docker answers from the first of the asker's networks that knows the name."""
    [alone] = _find(_plan(), source_service="shop_web", endpoint="shop_api")
    [both] = _find(_plan(), source_service="shop_api", endpoint="shop_api")

    assert isinstance(alone.look, DnsLook)
    assert isinstance(both.look, DnsLook)
    assert alone.look.expected == (_exactly(on(APP, 20).address),)
    assert alone.id.network == "shop_app"
    assert both.look.expected == (
        _exactly(IPv4Address("10.0.1.20")),
        _exactly(IPv4Address("10.0.2.20")),
    )
    assert both.id.network == ""


def _exactly(*addresses: IPv4Address) -> ExpectedAnswer:
    return ExpectedAnswer(required=frozenset(addresses))


def test_tasks_names_and_dnsrr_are_expected_to_answer_with_the_running_tasks() -> None:
    """A task on its way up or down may be among them, and need not."""
    coming = task(API, 3, NODE3, 23, state="starting")
    going = task(API, 2, NODE2, 24, desired="shutdown")
    topology = with_task(with_task(SHOP, coming), going)

    [tasks] = _find(_plan(topology), source_service="shop_web", endpoint="tasks.shop_api")
    [dnsrr] = _find(_plan(topology), source_service="shop_api", endpoint="shop_db")

    assert isinstance(tasks.look, DnsLook)
    assert isinstance(dnsrr.look, DnsLook)
    assert tasks.look.expected == (
        ExpectedAnswer(
            required=frozenset({IPv4Address("10.0.1.21"), IPv4Address("10.0.1.22")}),
            allowed=frozenset({IPv4Address("10.0.1.23"), IPv4Address("10.0.1.24")}),
        ),
    )
    assert dnsrr.look.expected == (_exactly(IPv4Address("10.0.2.31")),)


def test_a_service_without_a_running_task_is_not_looked_at() -> None:
    """It has no answer to give, and that is not the network's fault."""
    topology = with_task(SHOP, replace(DB_1, state="starting"))

    assert _find(_plan(topology), destination_service="shop_db") == []


def test_a_task_does_not_look_at_itself() -> None:
    """Its siblings are looked at, its own address is not."""
    found = _find(_plan(), source_service="shop_api", destination_service="shop_api")

    assert {probe.id.destination_task for probe in found if probe.id.target is Target.TASK} == {
        "shop_api.2",
    }


def test_published_ports_are_known_and_exposed_ports_assumed() -> None:
    """A published port must answer; an image's EXPOSE is a guess until something does."""
    found = _plan()

    [published] = _find(found, source_service="shop_api", probe="tcp", target="vip", endpoint="80")
    [exposed] = _find(found, probe="tcp", endpoint="5432")
    assert published.look == TcpLook(address=on(APP, 10).address, port=80)
    assert not published.assumed
    assert exposed.id.destination_task == "shop_db.1"
    assert exposed.assumed


def test_labels_add_ports_pages_and_pace() -> None:
    """What is declared is looked at as declared, at VIP and task alike."""
    changed = labelled(API, tcp="9000", http="8080/healthz", interval="5s", timeout="1s")
    found = _plan(with_service(SHOP, changed))

    tcp = _find(found, source_service="shop_web", probe="tcp", endpoint="9000")
    http = _find(found, source_service="shop_web", probe="http", endpoint="8080/healthz")
    assert Counter(probe.id.target for probe in tcp) == {Target.VIP: 1, Target.TASK: 2}
    assert Counter(probe.id.target for probe in http) == {Target.VIP: 1, Target.TASK: 2}
    assert all(isinstance(probe.look, HttpLook) for probe in http)
    assert {(probe.interval_seconds, probe.timeout_seconds) for probe in http} == {(5, 1)}


def test_what_is_slow_is_said_by_the_service_that_is_looked_at() -> None:
    """Where its label says nothing, the configuration counts."""
    found = _plan(with_service(SHOP, labelled(API, slo_latency="20ms")), agent="shop_db")

    def slow(service: str) -> set[float]:
        return {probe.slow_seconds for probe in _find(found, destination_service=service)}

    assert (slow("shop_api"), slow("shop_web"), slow("shop_db")) == ({0.02}, {0.5}, {0.5})


def test_probe_off_silences_a_service_both_ways() -> None:
    """Neither from it nor towards it."""
    found = _plan(with_service(SHOP, labelled(API, probe="off")))

    assert _pairs(found) == {("shop_web", "shop_web")}


def test_without_silences_a_kind_towards_the_service() -> None:
    """What is aimed elsewhere goes on."""
    found = _plan(with_service(SHOP, labelled(API, without="icmp")))

    assert _find(found, destination_service="shop_api", probe=Kind.ICMP) == []
    assert _find(found, source_service="shop_api", destination_service="shop_db", probe=Kind.ICMP)


def test_a_timeout_never_reaches_the_interval() -> None:
    """A probe never overlaps itself."""
    found = _plan(with_service(SHOP, labelled(DB, interval="1s")))

    assert {probe.timeout_seconds for probe in _find(found, destination_service="shop_db")} == {0.9}


def test_a_task_is_a_standpoint_only_once_swarm_says_that_it_runs() -> None:
    """A container that the topology does not know yet has nothing to be compared with."""
    starting = with_task(SHOP, replace(WEB_1, state="starting"))

    assert not _find(_plan(starting), source_service="shop_web")


def test_the_underlay_is_looked_at_between_the_nodes_where_agents_run() -> None:
    """A node that Swarm gave no agent to is not looked at; a dead one's still is."""
    agent = service("swarmscope_agent")
    dead = replace(task(agent, 0, NODE2, 0), desired_state="shutdown")
    topology = replace(
        SHOP,
        services=(*SHOP.services, agent),
        tasks=(*SHOP.tasks, task(agent, 0, NODE1, 1), dead),
    )

    [probe] = _find(_plan(topology, agent="swarmscope_agent"), target=Target.NODE)

    assert probe.vantage == HOST
    assert probe.look == TcpLook(address=NODE2.address or IPv4Address(0), port=9877)
    assert (probe.id.source_node, probe.id.destination_node) == ("node1", "node2")
    assert probe.id.network == "host"


def test_an_unknown_node_plans_nothing() -> None:
    """Until the topology knows us there is nothing to say."""
    assert _plan(node="nobody") == Plan()


def _crowd(services: int) -> Topology:
    """Make many services, each with a task on every node, on one network."""
    made = [service(f"s{number}", APP, vip=1 + number) for number in range(services)]
    nodes = (NODE1, NODE2, NODE3)
    tasks = [
        task(item, slot, at, 100 + slot) for item in made for slot, at in enumerate(nodes, start=1)
    ]
    return replace(SHOP, services=tuple(made), tasks=tuple(tasks))


def _here(topology: Topology, node: str) -> list[Task]:
    return [item for item in topology.tasks if item.node_id == node]


def test_over_budget_the_rate_is_kept_and_what_is_left_out_is_counted() -> None:
    """The budget is ours to keep, and what it costs is told."""
    topology = _crowd(20)
    everything = _plan(topology, _here(topology, "n1"))
    tight = _plan(
        topology,
        _here(topology, "n1"),
        budget=Budget(probes_per_second=100, series=100_000),
    )

    assert sum(1 / probe.interval_seconds for probe in tight.probes) <= 100
    left_out = sum(count for _, count in tight.left_out)
    assert left_out + len(tight.probes) == len(everything.probes)
    assert left_out > 0


def test_over_budget_every_pair_is_covered_by_some_node() -> None:
    """Each node keeps what it owns, so that together they miss no pair of services."""
    topology = _crowd(20)
    budget = Budget(probes_per_second=130, series=100_000)

    covered = set[tuple[str, str]]()
    for node in ("n1", "n2", "n3"):
        kept = _plan(topology, _here(topology, node), node=node, budget=budget)
        covered |= {
            (probe.id.source_service, probe.id.destination_service)
            for probe in kept.probes
            if probe.id.target is Target.TASK
        }

    assert len(covered) == 20 * 20


def test_the_same_topology_gives_the_same_plan() -> None:
    """A sample that wandered would make series come and go."""
    topology = _crowd(20)
    budget = Budget(probes_per_second=50, series=100_000)

    first = _plan(topology, _here(topology, "n2"), node="n2", budget=budget)
    second = _plan(topology, reversed(_here(topology, "n2")), node="n2", budget=budget)

    assert set(first.probes) == set(second.probes)


def test_the_series_budget_bounds_the_probes_too() -> None:
    """A scrape stays small however many services there are."""
    kept = _plan(budget=Budget(probes_per_second=1000, series=50))

    assert len(kept.probes) == 10
    assert WEB.name in {probe.id.source_service for probe in kept.probes}
    assert API_2.running


def test_a_full_packet_is_tried_once_on_each_network_to_each_other_node() -> None:
    """From one task here to one there: the way between the nodes is what counts."""
    found = _find(_plan(tasks=(WEB_1, API_1)), probe=Kind.MTU)

    ways = [(item.id.network, item.id.destination_node, item.id.destination_task) for item in found]
    assert sorted(ways) == [
        ("shop_app", "node2", "shop_api.2"),
        ("shop_data", "node2", "shop_api.2"),
        ("shop_data", "node3", "shop_db.1"),
    ]
    assert {item.id.source_service for item in found} == {"shop_api"}


def test_a_full_packet_is_not_tried_where_somebody_said_so() -> None:
    """By the kind's name in the label `swarmscope.without`."""
    without = with_service(SHOP, labelled(DB, without="mtu"))

    assert not _find(_plan(without), probe=Kind.MTU, destination_service="shop_db")
