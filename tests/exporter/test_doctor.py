"""Does the doctor name the right cause of what five agents tell, and no other?

The agents are those of a synthetic Swarm: real plans, real results, real summaries; what breaks is
said by a test.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from probes.doctor.diagnosis import Diagnosis, Verdict, diagnose
from probes.doctor.steps import State
from probes.findings import FINDINGS
from probes.findings.spec import FindingSpec
from probes.model.finding import Evidence, HeldFinding, Subject
from probes.model.probe import Kind, Probe, Target
from tests.exporter.synthetic.fleet import Fleet
from tests.exporter.synthetic.topologies import shop

ROOT = Path(__file__).parents[2]
NOW = time.time()
#: Runs of every probe, before the doctor is called.
AGES = (30, 20, 10, 0)


def held(
    code: str, node: str, subject: Subject, since: float = NOW - 120, **more: str
) -> HeldFinding:
    """Make a finding as the agent of a node holds it."""
    spec: FindingSpec = FINDINGS[code]
    values = {"address": "198.18.0.13", "limit": "1", "netns": "x", "bridge": "br0", **more}
    finding = spec.found(
        subject, Evidence(what="what is compared", expected="one", actual="another"), **values
    )
    return HeldFinding(
        finding=finding,
        since=since,
        severity=spec.severity,
        meaning=spec.meaning,
        remedy=spec.remedy_of(finding, node),
        references=spec.references,
    )


async def examined(
    broken: Callable[[Probe], bool] = lambda _: False,
    *,
    found: Mapping[str, tuple[HeldFinding, ...]] | None = None,
    silent: tuple[str, ...] = (),
    ages: tuple[int, ...] = AGES,
) -> Diagnosis:
    """Let the agents probe, break what is *broken*, and call the doctor on node1."""
    now = time.time()  # the agents' clocks are held against this machine's
    fleet = Fleet(shop(), now)
    fleet.silent.update(silent)
    for node, findings in (found or {}).items():
        fleet.find(node, *findings)
    for age in ages:
        fleet.run(now - age, broken)
    return diagnose(await fleet.doctor("node1").case())


def bad(diagnosis: Diagnosis) -> set[str]:
    return {step.name for step in diagnosis.steps if step.state is State.BAD}


def codes(diagnosis: Diagnosis) -> list[str]:
    return [cause.code for cause in diagnosis.causes]


def across(*nodes: str) -> Callable[[Probe], bool]:
    """Break the overlays between two nodes, or between one and all others."""

    def broken(probe: Probe) -> bool:
        ends = {probe.id.source_node, probe.id.destination_node}
        crosses = len(ends - {""}) > 1 and probe.id.target is Target.TASK
        return crosses and ends >= set(nodes)

    return broken


def serving(task: str) -> Callable[[Probe], bool]:
    """Break what a task serves; its echoes come back."""
    return lambda probe: (
        probe.id.destination_task == task and probe.id.probe not in {Kind.ICMP, Kind.MTU}
    )


async def test_a_healthy_swarm_is_healthy() -> None:
    """Every part was looked at, and nothing is wrong with any."""
    diagnosis = await examined()

    assert diagnosis.verdict is Verdict.HEALTHY
    assert {step.state for step in diagnosis.steps} == {State.OK}
    assert [step.name for step in diagnosis.steps] == [
        "agent here",
        "nodes",
        "underlay",
        "control plane",
        "overlays",
        "names",
        "virtual IPs",
        "services",
        "published ports",
        "hosts",
    ]
    assert diagnosis.causes == ()


async def test_what_fails_once_is_noise() -> None:
    """One lost packet is no outage, on however many ways."""
    diagnosis = await examined(lambda probe: probe.id.probe is Kind.ICMP, ages=(0,))

    assert diagnosis.verdict is Verdict.HEALTHY
    assert "failed once, which may be chance" in next(
        step.saw for step in diagnosis.steps if step.name == "services"
    )


async def test_what_is_worth_knowing_is_no_cause() -> None:
    """It is counted, and it is no fault."""
    remark = held("service_on_one_node", "node1", Subject(service="shop_web"))

    diagnosis = await examined(found={"node1": (remark,)})

    assert diagnosis.verdict is Verdict.HEALTHY
    assert diagnosis.remarks == 1


@pytest.mark.parametrize(
    ("broken", "silent", "code", "where", "steps"),
    [
        (
            across("node2", "node3"),
            (),
            "node_pair_blocked",
            ("node2", "node3"),
            {"overlays", "services"},
        ),
        (across("node3"), (), "overlay_cut_off", ("node3",), {"overlays", "services"}),
        (
            lambda probe: "node3" in {probe.id.source_node, probe.id.destination_node},
            ("node3",),
            "node_unreachable",
            ("node3",),
            {"nodes", "underlay", "overlays", "services", "published ports"},
        ),
        (
            lambda probe: probe.id.target is Target.NODE and probe.id.destination_node == "node3",
            ("node3",),
            "agent_silent",
            ("node3",),
            {"nodes", "underlay"},
        ),
        (
            serving("shop_api.2"),
            (),
            "task_unreachable",
            ("task shop_api.2", "node2", "port 8080"),
            {"services"},
        ),
        (
            lambda probe: (
                probe.id.destination_service == "shop_cache" and probe.id.endpoint == "6379"
            ),
            (),
            "service_unreachable",
            ("service shop_cache", "port 6379"),
            {"virtual IPs", "services"},
        ),
        (
            lambda probe: (
                probe.id.target is Target.NAME and probe.id.destination_service == "shop_api"
            ),
            (),
            "name_wrong",
            None,
            {"names"},
        ),
        (
            lambda probe: (
                probe.id.target is Target.PUBLISHED and probe.id.destination_node == "node4"
            ),
            (),
            "published_port_dead",
            None,
            {"published ports"},
        ),
        (
            lambda probe: probe.id.probe is Kind.MTU and across("node1", "node2")(probe),
            (),
            "mtu_black_hole",
            ("node1", "node2"),
            {"services"},
        ),
        (
            lambda probe: (
                probe.id.network == "billing_app"
                and probe.id.target is Target.TASK
                and probe.id.source_node != probe.id.destination_node
            ),
            (),
            "network_broken",
            ("network billing_app",),
            {"services"},
        ),
        (
            lambda probe: (
                probe.id.destination_task == "shop_api.2" and probe.id.source_node == "node5"
            ),
            (),
            "path_broken",
            ("service shop_api", "from node5"),
            {"services"},
        ),
    ],
)
async def test_one_fault_is_one_cause(
    broken: Callable[[Probe], bool],
    silent: tuple[str, ...],
    code: str,
    where: tuple[str, ...] | None,
    steps: set[str],
) -> None:
    """The right one, which explains every look that fails."""
    diagnosis = await examined(broken, silent=silent)

    assert codes(diagnosis) == [code]
    [cause] = diagnosis.causes
    assert where is None or cause.where == where
    assert bad(diagnosis) == steps
    assert cause.evidence
    assert cause.remedies
    assert cause.next.startswith("probe ")
    assert cause.references
    assert all((ROOT / page).is_file() for page in cause.references)
    assert cause.since == pytest.approx(diagnosis.at - max(AGES), abs=5)
    assert diagnosis.judgement.unexplained == ()
    assert diagnosis.verdict is Verdict.ILL


async def test_two_faults_are_two_causes() -> None:
    """What explains more comes first."""
    diagnosis = await examined(
        lambda probe: across("node2", "node3")(probe) or serving("shop_api.1")(probe)
    )

    assert codes(diagnosis) == ["node_pair_blocked", "task_unreachable"]
    assert diagnosis.causes[1].where[0] == "task shop_api.1"
    assert diagnosis.judgement.unexplained == ()


async def test_a_node_that_is_down_explains_its_agent_its_looks_and_its_tasks() -> None:
    """One cause; the rest is what follows from it."""
    findings = (
        held("control_node_down", "node1", Subject(peer="node3")),
        held("service_degraded", "node1", Subject(service="shop_api")),
        held("gossip_peer_missing", "node1", Subject(peer="node3")),
        held("dns_missing", "node1", Subject(network="shop_app", service="shop_api")),
    )

    diagnosis = await examined(
        lambda probe: "node3" in {probe.id.source_node, probe.id.destination_node},
        found={"node1": findings},
        silent=("node3",),
    )

    [cause] = diagnosis.causes
    assert (cause.code, cause.where) == ("control_node_down", ("node3",))
    assert cause.explains > 50
    assert "docker node ps node3" in cause.remedies[0]
    # By way of gossip: others have not heard of what has moved.
    assert "dns_missing on node1 (shop_app, shop_api)" in cause.symptoms


async def test_a_finding_explains_the_looks_that_go_through_it() -> None:
    """And these alone: another task's closed port is a cause of its own."""
    lost = held(
        "fdb_missing",
        "node3",
        Subject(network="shop_app", service="shop_api", task="shop_api.2", peer="node2"),
    )

    diagnosis = await examined(
        lambda probe: (
            (
                probe.id.destination_task == "shop_api.2"
                and probe.id.source_node == "node3"
                and probe.id.network == "shop_app"
            )
            or serving("shop_web.1")(probe)
        ),
        found={"node3": (lost,)},
    )

    assert sorted(codes(diagnosis)) == ["fdb_missing", "task_unreachable"]
    finding = next(cause for cause in diagnosis.causes if cause.code == "fdb_missing")
    assert finding.where[0] == "node3"
    assert finding.remedies == ("docker service update --force shop_api",)
    assert finding.next == "probe audit --node node3"
    assert "told by node3" in finding.evidence[0]
    assert finding.explains > 0


async def test_a_lack_of_all_kernels_is_one_cause_and_comes_after_what_broke() -> None:
    """Without IPVS no virtual IP answers: that is named, once, and hides nothing else."""
    lacking = {
        f"node{n}": (held("host_no_ipvs", f"node{n}", Subject(item="ip_vs")),) for n in range(1, 6)
    }
    balanced = {Target.VIP, Target.PUBLISHED}

    only = await examined(lambda probe: probe.id.target in balanced, found=lacking)
    more = await examined(
        lambda probe: probe.id.target in balanced or serving("shop_api.2")(probe), found=lacking
    )

    assert codes(only) == ["host_no_ipvs"]
    assert only.causes[0].where[:5] == tuple(lacking)
    assert only.causes[0].lack
    assert bad(only) == {"virtual IPs", "published ports"}
    assert codes(more) == ["task_unreachable", "host_no_ipvs"]


async def test_of_two_that_miss_each_other_the_one_in_common_is_blamed() -> None:
    """node4 is missed by three others, each of which it misses."""
    findings: dict[str, tuple[HeldFinding, ...]] = {
        node: (held("fdb_peer_missing", node, Subject(network="shop_app", peer="node4", item="x")),)
        for node in ("node1", "node2", "node3")
    }
    findings["node4"] = (
        held("fdb_peer_missing", "node4", Subject(network="shop_app", peer="node1", item="x")),
        held("gossip_task_missing", "node4", Subject(network="shop_app", service="shop_api")),
    )

    diagnosis = await examined(across("node4"), found=findings)

    assert codes(diagnosis) == ["fdb_peer_missing"]
    assert diagnosis.causes[0].where[0] == "node4"


async def test_more_than_three_causes_are_counted() -> None:
    """Nobody looks into four at once; but none is hidden."""
    findings = tuple(
        held("service_down", "node1", Subject(service=service))
        for service in ("shop_web", "shop_api", "shop_cache", "billing_api", "billing_db")
    )

    diagnosis = await examined(found={"node1": findings})

    assert len(diagnosis.causes) == 3
    assert len(diagnosis.judgement.further) == 2


async def test_a_service_that_is_down_explains_what_is_found_of_it() -> None:
    """Its name, its address and its port lead nowhere for that reason."""
    findings = (
        held("service_down", "node1", Subject(service="shop_cache")),
        held("dns_unknown", "node2", Subject(network="shop_data", service="shop_cache")),
    )

    diagnosis = await examined(
        lambda probe: probe.id.destination_service == "shop_cache",
        found={"node1": findings[:1], "node2": findings[1:]},
    )

    assert codes(diagnosis) == ["service_down"]
    assert any("dns_unknown on node2" in item for item in diagnosis.causes[0].symptoms)


async def test_an_agent_that_the_managers_miss_is_told_with_its_tasks_state() -> None:
    """The finding knows more than that nobody answers, so that it is the one that is told."""
    missing = held(
        "control_agent_missing", "node1", Subject(service="swarmscope_agent", peer="node3")
    )

    diagnosis = await examined(
        lambda probe: probe.id.target is Target.NODE and probe.id.destination_node == "node3",
        found={"node1": (missing,)},
        silent=("node3",),
    )

    assert codes(diagnosis) == ["control_agent_missing"]
    assert diagnosis.causes[0].explains == 4


async def test_a_task_that_refuses_explains_its_own_published_port_and_no_other() -> None:
    """The routing mesh gives it a share of the requests that come to that one."""
    findings = (
        held("ingress_port_dead", "node1", Subject(service="shop_gateway", item="80")),
        held("ingress_port_dead", "node2", Subject(service="billing_api", item="8443")),
    )

    diagnosis = await examined(
        lambda probe: (
            serving("shop_gateway.1")(probe)
            or (
                probe.id.target is Target.PUBLISHED
                and (probe.id.destination_service, probe.id.destination_node)
                in {("shop_gateway", "node1"), ("billing_api", "node2")}
            )
        ),
        found={"node1": findings[:1], "node2": findings[1:]},
    )

    assert sorted(codes(diagnosis)) == ["ingress_port_dead", "task_unreachable"]
    assert "ingress_port_dead on node1 (shop_gateway)" in diagnosis.causes[0].symptoms


async def test_a_routing_mesh_that_is_gone_explains_the_ports_of_its_node() -> None:
    """And no other node's."""
    gone = held("ingress_namespace_missing", "node1", Subject())
    dead = held("ingress_port_dead", "node1", Subject(service="billing_api", item="8443"))
    elsewhere = held("ingress_port_dead", "node2", Subject(service="shop_gateway", item="80"))

    diagnosis = await examined(found={"node1": (gone, dead), "node2": (elsewhere,)})

    assert codes(diagnosis) == ["ingress_namespace_missing", "ingress_port_dead"]
    assert diagnosis.causes[0].symptoms == ("ingress_port_dead on node1 (billing_api)",)
    assert diagnosis.causes[1].where == ("node2", "service shop_gateway")


async def test_what_the_policy_forbids_is_found_and_no_look_that_fails() -> None:
    """Services' looks have nothing to do with it; it has a line of its own only then."""
    violated = held("policy_violated", "node2", Subject(service="shop_cache", item="shop_web"))

    diagnosis = await examined(serving("shop_cache.1"), found={"node2": (violated,)})

    assert bad(diagnosis) == {"declarations", "services"}
    assert sorted(codes(diagnosis)) == ["policy_violated", "service_unreachable"]
