"""Is what differs from its declaration found, by the one who speaks for it, and nothing else?"""

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest

from probes.audit.declared import CHECKS
from probes.audit.situation import Seen, Situation, situate
from probes.model.finding import Finding
from probes.model.intent import ForbiddenFlow, Intent, NetworkIntent, ServiceIntent
from probes.model.probe import Kind, PolicyLook, Probe, ProbeId, Target
from probes.model.result import Observation, Outcome, Result
from probes.model.topology import Attachment, Topology
from probes.model.vantage import HOST
from tests.probes.audit.situations import NOW, found
from tests.swarms import API, API_1, API_2, APP, DATA, DB, DB_1, NODE1, NODE2, NODE3, WEB, WEB_1

SWARM = Topology(
    nodes=(replace(NODE1, leader=True, reachability="reachable"), NODE2, NODE3),
    networks=(APP, DATA),
    services=(WEB, API, DB),
    tasks=(WEB_1, API_1, API_2, DB_1),
    read_at=NOW,
)


def _at(
    intent: Intent, topology: Topology = SWARM, node: str = "n1", *results: Result
) -> Situation:
    made = situate(topology, intent, node, Seen(results=results), NOW)
    assert made is not None
    return made


def _told(finding: Finding) -> tuple[str, str, str, list[tuple[str, str, str]]]:
    rows = [(item.what, item.expected, item.actual) for item in finding.evidence]
    subject = finding.subject
    return finding.code, subject.network or subject.service, subject.item, rows


def _network(**fields: Any) -> Intent:
    return Intent(networks=(NetworkIntent(name="shop_app", **fields),))


def _api(**fields: Any) -> Intent:
    return Intent(services=(ServiceIntent(service_id=API.id, **fields),))


AS_IT_IS = (
    _network(subnet=APP.subnets[0]),
    _network(head_room=200),
    _api(endpoint_mode="vip", min_healthy=2, aliases=("shop_api",)),
    Intent(allowed=frozenset({(WEB.id, API.id), (API.id, DB.id)})),
)


@pytest.mark.parametrize("intent", [Intent(), *AS_IT_IS])
def test_what_is_as_declared_is_no_finding(intent: Intent) -> None:
    """Nothing declared is nothing to find, either."""
    assert found(CHECKS, _at(intent)) == []


@pytest.mark.parametrize(
    ("intent", "code", "about", "item", "rows"),
    [
        (
            Intent(networks=(NetworkIntent(name="shop_edge"),)),
            "declared_network_missing",
            "shop_edge",
            "",
            [("shop_edge", "a network", "none of this name")],
        ),
        (
            _network(subnet=IPv4Network("10.9.0.0/24"), mtu_bytes=1400, internal=True),
            "declared_network_differs",
            "shop_app",
            "",
            [
                ("subnet", "10.9.0.0/24", "10.0.1.0/24"),
                ("mtu", "1400", "the default"),
                ("internal", "true", "false"),
            ],
        ),
        (
            _network(head_room=250),
            "declared_head_room",
            "shop_app",
            "",
            [("addresses left of 254", "250 or more", "247")],
        ),
        (
            Intent(absent=("shop_apy",)),
            "declared_service_missing",
            "shop_apy",
            "",
            [("shop_apy", "a service", "none; the nearest is shop_api")],
        ),
        (
            _api(endpoint_mode="dnsrr", aliases=("api",)),
            "declared_service_differs",
            "shop_api",
            "",
            [("endpoint mode", "dnsrr", "vip"), ("alias", "api", "none")],
        ),
        (
            _api(min_healthy=3),
            "declared_too_few",
            "shop_api",
            "",
            [("running tasks", "3 or more", "2")],
        ),
        (
            Intent(allowed=frozenset({(WEB.id, DB.id)})),
            "policy_no_way",
            "shop_db",
            "shop_web",
            [
                ("networks of shop_web", "one of them shared", "shop_app"),
                ("networks of shop_db", "one of them shared", "shop_data"),
            ],
        ),
    ],
)
def test_each_difference_is_one_finding(
    intent: Intent, code: str, about: str, item: str, rows: list[tuple[str, str, str]]
) -> None:
    """With what was declared beside what is; another node says nothing of it."""
    (finding,) = found(CHECKS, _at(intent))

    assert _told(finding) == (code, about, item, rows)
    assert found(CHECKS, _at(intent, node="n2")) == []


def test_an_alias_is_known_by_any_network() -> None:
    """As `docker service inspect` lists them."""
    named = replace(API, attachments=(Attachment(network_id=APP.id, aliases=("api",)),))
    topology = replace(SWARM, services=(WEB, named, DB))

    assert found(CHECKS, _at(_api(aliases=("api",)), topology)) == []


def test_no_task_at_all_is_the_services_own_finding() -> None:
    """One cause, one finding."""
    topology = replace(SWARM, tasks=(WEB_1, DB_1))

    assert found(CHECKS, _at(_api(min_healthy=2), topology)) == []


def _tried(outcome: Outcome, port: int = 5432) -> Result:
    probe_id = ProbeId(
        probe=Kind.POLICY,
        target=Target.TASK,
        network="shop_data",
        source_service="shop_web",
        source_node="node2",
        destination_service="shop_db",
        destination_node="node3",
        destination_task="shop_db.1",
        endpoint=str(port),
    )
    probe = Probe(
        id=probe_id,
        look=PolicyLook(address=DB_1.addresses[0].address, port=port, patience_seconds=1),
        vantage=HOST,
        interval_seconds=10,
        timeout_seconds=2,
    )
    kept = Observation(kept_out_by=None if outcome is Outcome.CONNECTED else Outcome.UNREACHABLE)
    return Result(
        probe=probe, outcome=outcome, detail="", started_at=NOW, seconds=0.1, observed=kept
    )


def test_a_connection_that_the_policy_forbids_is_found_where_it_was_tried() -> None:
    """Once for the two services, with the rule, whatever else was kept out."""
    flow = ForbiddenFlow(source_id=WEB.id, destination_id=DB.id, rule="policy.never: pages to data")
    results = (_tried(Outcome.CONNECTED), _tried(Outcome.CONNECTED, 22), _tried(Outcome.OK, 80))

    (finding,) = found(CHECKS, _at(Intent(forbidden=(flow,)), SWARM, "n2", *results))

    assert (finding.code, finding.subject.service, finding.subject.item) == (
        "policy_violated",
        "shop_db",
        "shop_web",
    )
    assert [(item.what, item.expected, item.actual) for item in finding.evidence] == [
        (
            f"tcp from host to shop_db.1:{port} on shop_data",
            "policy.never: pages to data",
            "connects",
        )
        for port in (5432, 22)
    ]
