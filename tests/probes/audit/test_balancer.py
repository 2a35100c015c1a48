"""Does the audit of load balancers tell its faults apart?"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from probes.audit.balancer import CHECKS
from probes.audit.balancer_counts import BackendCounts, backend_counts
from probes.audit.check import Answer
from probes.audit.situation import Departed, Situation
from probes.findings import FINDINGS
from probes.model.gossip import NetworkView
from probes.model.reading import (
    NOTHING_READ,
    CouldNotLook,
    DeviceAddress,
    NamespaceReading,
    NodeReading,
)
from tests.probes.audit import balancing as lb
from tests.probes.audit.balancing import HEALTHY, ONE, SWARM, THREE, TWO, VIP, WEB, backend, seen
from tests.probes.audit.situations import NOW, found
from tests.swarms import APP, DATA, on, service, task

STRANGER = on(APP, 77).address

Change = Callable[[NamespaceReading], NamespaceReading]


def answers(at: Situation) -> list[Answer]:
    """Ask everything."""
    return [answer for check in CHECKS for answer in check.run(at)]


def test_a_load_balancer_as_it_should_be_has_no_finding() -> None:
    """The VIP, its mark, its virtual service, all tasks behind it, and the way back."""
    assert found(CHECKS, seen()) == []


@pytest.mark.parametrize(
    ("change", "code", "task_name", "item"),
    [
        (lb.without_vip, "balancer_vip_missing", "", str(VIP)),
        (lambda r: lb.with_rules(r, lb.SNAT), "balancer_mark_missing", "", str(VIP)),
        (
            lambda r: replace(r, virtual_services=()),
            "balancer_virtual_service_missing",
            "",
            str(VIP),
        ),
        (
            lambda r: lb.without_vip(lb.with_rules(replace(r, virtual_services=()), lb.SNAT)),
            "balancer_service_missing",
            "",
            str(VIP),
        ),
        (lb.with_backends, "balancer_no_backend", "", str(VIP)),
        (
            lambda r: lb.with_backends(r, backend(ONE, 0), backend(STRANGER)),
            "balancer_no_backend",
            "",
            str(VIP),
        ),
        (
            lambda r: lb.with_backends(r, backend(ONE), backend(THREE)),
            "balancer_backend_missing",
            "shop_web.2",
            str(TWO),
        ),
        (
            lambda r: lb.with_backends(r, backend(ONE), backend(TWO, 0), backend(THREE)),
            "balancer_backend_drained",
            "shop_web.2",
            str(TWO),
        ),
        (
            lambda r: lb.with_backends(r, *map(backend, (ONE, TWO, THREE, STRANGER))),
            "balancer_backend_stale",
            "",
            str(STRANGER),
        ),
        (
            lambda r: replace(
                r,
                addresses=(
                    *r.addresses,
                    DeviceAddress(address=STRANGER, prefix_length=32, device_index=7),
                ),
            ),
            "balancer_vip_stale",
            "",
            str(STRANGER),
        ),
        (
            lambda r: lb.with_rules(r, lb.marking(STRANGER, 300), *r.firewall.rules),
            "balancer_vip_stale",
            "",
            str(STRANGER),
        ),
        (
            lambda r: lb.with_rules(r, lb.marking(VIP, 300), *r.firewall.rules),
            "balancer_two_marks",
            "",
            str(VIP),
        ),
        (
            lambda r: lb.with_rules(r, lb.marking(VIP)),
            "balancer_snat_missing",
            "",
            "10.0.1.0/24",
        ),
    ],
)
def test_each_fault_is_one_finding(change: Change, code: str, task_name: str, item: str) -> None:
    """One thing broken, one finding, with what it is about, and a command for it."""
    findings = found(CHECKS, seen(change(HEALTHY)))

    assert [(each.code, each.subject.task, each.subject.item) for each in findings] == [
        (code, task_name, item),
    ]
    assert findings[0].subject.network == "shop_app"
    assert all(evidence.expected != evidence.actual for evidence in findings[0].evidence)
    assert FINDINGS[code].remedy_of(findings[0], "node1")


def test_a_load_balancer_that_is_gone_says_nothing_of_its_services() -> None:
    """One finding for the network, and none for each service."""
    another = NamespaceReading(vantage=HEALTHY.vantage, network_id=DATA.id)

    (finding,) = found(CHECKS, seen(another))

    assert finding.code == "balancer_missing"
    assert finding.subject.network == "shop_app"
    assert finding.subject.service == ""
    assert "shop_web" in finding.evidence[0].expected


def test_a_network_without_a_vip_needs_no_load_balancer() -> None:
    """Services of mode dnsrr are not balanced here."""
    plain = service("shop_web", APP)
    topology = replace(SWARM, services=(plain,))
    another = NamespaceReading(vantage=HEALTHY.vantage, network_id=DATA.id)

    assert found(CHECKS, seen(another, topology)) == []


def test_tasks_in_transition_may_be_behind_the_vip_or_not() -> None:
    """Neither a destination nor its absence says anything while a task comes or goes."""
    going = replace(lb.WEB_2, desired_state="shutdown")
    topology = replace(SWARM, tasks=(lb.WEB_1, going, lb.WEB_3))

    assert found(CHECKS, seen(HEALTHY, topology)) == []
    for two in ((), (backend(TWO, 0),)):
        reading = lb.with_backends(HEALTHY, backend(ONE), *two, backend(THREE))
        assert found(CHECKS, seen(reading, topology)) == []


def test_a_service_scaled_to_nothing_is_nowhere() -> None:
    """The Engine takes the VIP away with the last task; another service's remain."""
    other = service("shop_other", APP, vip=20)
    topology = replace(SWARM, services=(WEB, other))

    assert found(CHECKS, seen(HEALTHY, topology)) == []


def test_a_task_of_a_node_that_is_down_is_not_expected() -> None:
    """Swarm still calls it running for a moment; its node is what is wrong."""
    topology = replace(SWARM, nodes=(lb.HERE, replace(lb.THERE, state="down"), lb.ELSEWHERE))
    reading = lb.with_backends(HEALTHY, backend(ONE), backend(THREE))

    assert found(CHECKS, seen(reading, topology)) == []
    assert found(CHECKS, seen(HEALTHY, topology)) == []


def test_a_task_that_was_given_up_with_its_node_is_stale() -> None:
    """Swarm never hears that it ended; whoever is sent there gets no answer."""
    topology = replace(
        SWARM,
        nodes=(lb.HERE, replace(lb.THERE, state="down"), lb.ELSEWHERE),
        tasks=(lb.WEB_1, replace(lb.WEB_2, desired_state="shutdown"), lb.WEB_3),
    )

    (finding,) = found(CHECKS, seen(HEALTHY, topology))

    assert finding.code == "balancer_backend_stale"
    assert finding.subject.peer == "node2"


def test_an_address_that_another_service_has_by_now_is_stale() -> None:
    """Then one service's clients reach another."""
    other = service("shop_other", APP)
    moved = task(other, 1, lb.THERE, 4)
    topology = replace(SWARM, services=(WEB, other), tasks=(lb.WEB_1, lb.WEB_3, moved))

    (finding,) = found(CHECKS, seen(HEALTHY, topology))

    assert (finding.code, finding.subject.service) == ("balancer_backend_stale", "shop_web")
    assert "shop_other.1" in finding.evidence[0].expected


def test_the_evidence_names_who_had_the_address_and_what_the_engine_still_believes() -> None:
    """A stale destination is gossip's fault or the kernel's."""
    gone = Departed(name="shop_web.7", node_id=lb.ELSEWHERE.id, at=NOW - 90)
    reading = lb.with_backends(HEALTHY, *map(backend, (ONE, TWO, THREE, STRANGER)))

    (finding,) = found(
        CHECKS,
        seen(
            reading,
            departed={(APP.id, STRANGER): gone},
            views=(lb.told(ONE, TWO, THREE, STRANGER),),
        ),
    )

    assert (finding.subject.task, finding.subject.peer) == ("shop_web.7", "node3")
    assert finding.evidence[0].expected == "nobody: shop_web.7 ended 90 s ago on node3"
    assert finding.evidence[1].what == "gossip"


def test_a_missing_task_that_the_engine_was_never_told_of_is_gossips() -> None:
    """The evidence says so."""
    reading = lb.with_backends(HEALTHY, backend(ONE), backend(THREE))

    (finding,) = found(CHECKS, seen(reading, views=(lb.told(ONE, THREE),)))

    assert [item.what for item in finding.evidence] == [f"ipvs FWM {lb.MARK}", "gossip"]


def test_without_a_rule_the_engine_tells_the_mark() -> None:
    """So that a lost rule hides no lost destination, and nothing is made up without either."""
    reading = lb.with_rules(lb.with_backends(HEALTHY, backend(ONE), backend(THREE)), lb.SNAT)
    no_views: tuple[NetworkView, ...] = ()

    with_mark = found(CHECKS, seen(reading))
    without = found(CHECKS, seen(reading, views=no_views))

    assert [item.code for item in with_mark] == [
        "balancer_mark_missing",
        "balancer_backend_missing",
    ]
    assert [item.code for item in without] == ["balancer_mark_missing"]


def test_a_task_that_has_just_come_gives_the_engine_time_to_hear_of_the_network() -> None:
    """On its first task of a network the Engine begins to be told of the network's services."""
    fresh = replace(lb.WEB_1, updated_at=NOW - 10)
    topology = replace(SWARM, tasks=(fresh, lb.WEB_2, lb.WEB_3))
    reading = replace(HEALTHY, virtual_services=(), addresses=())

    assert found(CHECKS, seen(reading, topology)) == []


def test_a_load_balancer_that_serves_nobody_here_is_not_judged() -> None:
    """Its node is told of the network no longer."""
    topology = replace(SWARM, tasks=(lb.WEB_2, lb.WEB_3))

    assert found(CHECKS, seen(HEALTHY, topology)) == []


def test_tasks_that_answer_clients_directly_need_no_translation() -> None:
    """With the driver option dsr the Engine writes neither the rule nor the sysctl."""
    network = replace(APP, options=(("dsr", ""),))
    topology = replace(SWARM, networks=(network,))
    reading = replace(
        lb.with_rules(HEALTHY, lb.marking(VIP)),
        sysctls=(("net.ipv4.vs.conntrack", "0"), *HEALTHY.sysctls[2:]),
    )

    assert found(CHECKS, seen(reading, topology)) == []


def test_a_kernel_without_ipvs_is_told_of_by_the_hosts_family() -> None:
    """Here it is silence: it would be every service of every network."""
    bare = replace(HEALTHY, virtual_services=(), addresses=(), sysctls=())
    reading = NodeReading(read_at=NOW, namespaces=(bare,), ipvs=False)

    assert answers(lb.seen_whole(reading)) == []


def test_an_engine_that_balances_without_ipvs_leaves_one_question_open() -> None:
    """Newer ones may do it with nf_tables; while there are marks, they do not."""
    newer = replace(lb.HERE, engine_version="29.10.0")
    topology = replace(SWARM, nodes=(newer, lb.THERE, lb.ELSEWHERE))
    bare = replace(lb.without_vip(lb.with_rules(HEALTHY)), virtual_services=(), sysctls=())

    (answer,) = answers(seen(bare, topology))

    assert answer == CouldNotLook(where="load balancers", why="Engine 29.10.0 works without IPVS")
    assert found(CHECKS, seen(HEALTHY, topology)) == []
    assert [item.code for item in found(CHECKS, seen(lb.without_vip(HEALTHY), topology))] == [
        "balancer_vip_missing"
    ]


@pytest.mark.parametrize(
    ("reading", "where"),
    [
        (NOTHING_READ, "load balancers"),
        (NodeReading(read_at=NOW, namespaces=(HEALTHY,)), "load balancers"),
        (
            NodeReading(
                namespaces=(HEALTHY,),
                ipvs=True,
                failures=(CouldNotLook(where="lb shop_app, ipvs", why="refused"),),
            ),
            "lb shop_app, ipvs",
        ),
        (
            NodeReading(
                namespaces=(HEALTHY,),
                ipvs=True,
                failures=(CouldNotLook(where="lb shop_app", why="refused"),),
            ),
            "lb shop_app",
        ),
        (
            NodeReading(
                namespaces=(replace(HEALTHY, sysctls=()),),
                ipvs=True,
                failures=(CouldNotLook(where="lb shop_app, sysctls", why="refused"),),
            ),
            "lb shop_app, sysctls",
        ),
    ],
)
def test_what_could_not_be_read_is_said_once(reading: NodeReading, where: str) -> None:
    """Neither a finding nor silence."""
    found_answers = answers(lb.seen_whole(reading))

    assert [type(answer) for answer in found_answers] == [CouldNotLook]
    assert isinstance(found_answers[0], CouldNotLook)
    assert found_answers[0].where == where


def test_the_counts_for_graphs_are_those_of_the_findings() -> None:
    """By network and service; nothing where nobody could look."""
    mixed = (backend(ONE), backend(TWO, 0), backend(STRANGER))

    counts = backend_counts(seen(lb.with_backends(HEALTHY, *mixed)))

    assert counts == {
        ("shop_app", "shop_web"): BackendCounts(expected=3, present=1, stale=1, drained=1),
    }
    assert backend_counts(lb.seen_whole(NOTHING_READ)) == {}
