"""Does the audit of names tell its faults apart, and each of them once?"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.audit.dns import CHECKS, unresolved_here
from probes.audit.situation import Situation
from probes.intent.labels import read_labels
from probes.kinds.dns import judge
from probes.model.finding import Finding
from probes.model.probe import DnsLook, Probe
from probes.model.reading import CouldNotLook
from probes.model.result import Observation, Outcome, Result
from probes.model.topology import Attachment, NodeReport, Topology
from probes.plan.budget import Budget
from probes.plan.candidates import Pace
from probes.plan.plan import PlanSettings, plan
from tests.probes.audit.situations import NOW, found, situation
from tests.swarms import (
    API,
    API_1,
    API_2,
    APP,
    DATA,
    DB,
    NODE3,
    SHOP,
    WEB,
    WEB_1,
    local,
    on,
    task,
    with_service,
    with_task,
)

HERE = (local(WEB_1), local(API_1))
SETTINGS = PlanSettings(
    pace=Pace(interval_seconds=15, timeout_seconds=2, slow_seconds=0.5),
    budget=Budget(probes_per_second=1000, series=100_000),
    agent_service="",
    agent_port=0,
)
FOREIGN, ANOTHER = IPv4Address("203.0.113.7"), on(APP, 99).address
API_ADDRESSES = [on(APP, 21).address, on(APP, 22).address]


def looks(topology: Topology = SHOP) -> list[Probe]:
    """List the names that node1's tasks ask for."""
    intent = read_labels(topology.services)
    planned = plan(topology, intent, "n1", HERE, SETTINGS).probes
    return [probe for probe in planned if isinstance(probe.look, DnsLook)]


def answered(probe: Probe, addresses: Iterable[IPv4Address] | None = None) -> Result:
    """Answer as expected, or with *addresses*."""
    assert isinstance(probe.look, DnsLook)
    right = sorted(probe.look.expected[0].required)
    answer = judge(right if addresses is None else [*addresses], probe.look.expected)
    wrong = answer.missing or answer.unexpected or answer.duplicates
    return Result(
        probe=probe,
        outcome=Outcome.WRONG_ANSWER if wrong else Outcome.OK,
        detail="",
        started_at=NOW - 5,
        seconds=0.001,
        observed=Observation(rtt_seconds=0.001, answer=answer),
    )


def ended(probe: Probe, outcome: Outcome, detail: str = "so it ended") -> Result:
    return Result(probe=probe, outcome=outcome, detail=detail, started_at=NOW - 5, seconds=0.001)


def seen(
    wrong: Mapping[str, Iterable[IPv4Address] | Outcome],
    *,
    source: str = "shop_web",
    topology: Topology = SHOP,
) -> Situation:
    """Stand on node1, where the *wrong* names end so when *source* asks, and all others well."""
    results = []
    for probe in looks(topology):
        ending = wrong.get(probe.id.endpoint) if probe.id.source_service == source else None
        if isinstance(ending, Outcome):
            results.append(ended(probe, ending))
        else:
            results.append(answered(probe, ending))
    return situation(topology, local=HERE, results=tuple(results))


def subjects(findings: list[Finding]) -> list[tuple[str, str, str, str]]:
    return [
        (item.code, item.subject.network, item.subject.service, item.subject.task)
        for item in findings
    ]


def test_names_that_resolve_to_what_they_should_are_no_finding() -> None:
    """All names of all tasks here."""
    assert len(looks()) > 6
    assert found(CHECKS, seen({})) == []


@pytest.mark.parametrize(
    ("name", "ending", "code"),
    [
        ("tasks.shop_api", [FOREIGN], "dns_outside"),
        ("tasks.shop_api", [*API_ADDRESSES, FOREIGN, ANOTHER], "dns_outside"),
        ("tasks.shop_api", [*API_ADDRESSES, ANOTHER], "dns_unexpected"),
        ("tasks.shop_api", [API_ADDRESSES[0], ANOTHER], "dns_unexpected"),
        ("tasks.shop_api", API_ADDRESSES[:1], "dns_missing"),
        ("tasks.shop_api", [*API_ADDRESSES, API_ADDRESSES[0]], "dns_duplicate"),
        ("tasks.shop_api", Outcome.TRUNCATED, "dns_truncated"),
        ("shop_api", Outcome.NXDOMAIN, "dns_unknown"),
        ("shop_api", Outcome.NO_DATA, "dns_unknown"),
        ("shop_api", Outcome.SERVFAIL, "dns_unknown"),
    ],
)
def test_each_fault_is_one_finding(
    name: str,
    ending: list[IPv4Address] | Outcome,
    code: str,
) -> None:
    """Of the service and the network concerned, with what was expected and what came."""
    (finding,) = found(CHECKS, seen({name: ending}))

    assert subjects([finding]) == [(code, "shop_app", "shop_api", "")]
    assert finding.evidence[0].what == f"{name} from shop_web.1"
    assert finding.evidence[0].expected != finding.evidence[0].actual


def test_both_names_of_a_service_are_one_fault() -> None:
    """The worst of it is told, with a row for each name."""
    (finding,) = found(
        CHECKS,
        seen({"shop_api": [FOREIGN], "tasks.shop_api": API_ADDRESSES[:1]}),
    )

    assert finding.code == "dns_outside"
    assert [row.what for row in finding.evidence] == [
        "shop_api from shop_web.1",
        "tasks.shop_api from shop_web.1",
    ]
    assert finding.evidence[1].expected == "10.0.1.21, 10.0.1.22"
    assert finding.evidence[1].actual == "10.0.1.21"


def test_a_name_that_resolvers_outside_leave_unanswered_is_unknown() -> None:
    """Docker asks them what it does not know; other names are still answered."""
    situation = seen({"shop_api": Outcome.TIMEOUT, "tasks.shop_api": Outcome.TIMEOUT})

    (finding,) = found(CHECKS, situation)

    assert subjects([finding]) == [("dns_unknown", "shop_app", "shop_api", "")]
    assert unresolved_here(situation) == ("shop_api",)


def test_one_lost_packet_is_no_finding() -> None:
    """The service's other name was answered."""
    assert found(CHECKS, seen({"shop_api": Outcome.TIMEOUT})) == []


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.REFUSED, Outcome.UNREACHABLE])
def test_a_resolver_that_answers_nothing_is_told_once(outcome: Outcome) -> None:
    """Of the task, not of each name; nobody's names are called unknown for that."""
    names = {probe.id.endpoint: outcome for probe in looks()}
    situation = seen(names)

    (finding,) = found(CHECKS, situation)

    assert subjects([finding]) == [("dns_resolver_silent", "", "shop_web", "shop_web.1")]
    assert finding.subject.item == "127.0.0.11"
    assert unresolved_here(situation) == ()


def test_the_evidence_says_where_else_a_name_is_unknown() -> None:
    """By the other nodes' reports, of those that have somebody who asks for it."""
    topology = replace(
        SHOP,
        reports=(
            NodeReport(node_id="n1"),
            NodeReport(node_id="n2", unresolved=("shop_api",)),
            NodeReport(node_id="n3"),
        ),
    )

    (finding,) = found(CHECKS, seen({"shop_api": Outcome.NXDOMAIN}, topology=topology))

    assert finding.evidence[-1].what == "other nodes"
    assert finding.evidence[-1].actual == "unknown on node2 too; nothing told against it by node3"


def test_an_answer_to_an_older_question_is_not_judged() -> None:
    """A task came since: what was right then is not held against what should be now."""
    old = seen({"tasks.shop_api": API_ADDRESSES[:1]})
    grown = with_task(SHOP, task(API, 3, NODE3, 23))

    assert [item.code for item in found(CHECKS, old)] == ["dns_missing"]
    assert found(CHECKS, situation(grown, local=HERE, results=old.results)) == []


def test_what_a_task_that_is_gone_has_asked_is_not_judged() -> None:
    """Its results stay until the next of its service has asked."""
    old = seen({"tasks.shop_api": [FOREIGN]})

    assert found(CHECKS, situation(SHOP, local=HERE[1:], results=old.results)) == []


def _answers(results: Iterable[Result], **seen_too: Any) -> list[Any]:
    at = situation(SHOP, local=HERE, results=tuple(results), **seen_too)
    return [answer for check in CHECKS for answer in check.run(at)]


def test_names_that_were_not_asked_for_lately_leave_the_question_open() -> None:
    """An answer of a minute ago says nothing of now."""
    old = [replace(answered(probe), started_at=NOW - 60) for probe in looks()]

    answers = _answers(old)

    assert {type(answer) for answer in answers} == {CouldNotLook}
    assert {answer.where for answer in answers} == {
        "task shop_web.1, names",
        "task shop_api.1, names",
    }
    assert "60 s ago" in answers[0].why


def test_what_we_could_not_look_at_is_said() -> None:
    """Once a task, with the reason."""
    results = [ended(probe, Outcome.COULD_NOT_LOOK, "no rights") for probe in looks()]

    answers = _answers(results)

    assert [type(answer) for answer in answers] == [CouldNotLook, CouldNotLook]
    assert answers[0].why == "no rights"


def test_a_namespace_that_went_away_says_nothing() -> None:
    """Its task ended."""
    assert _answers(ended(probe, Outcome.VANISHED) for probe in looks()) == []


def test_a_name_that_two_services_were_given_has_the_addresses_of_both() -> None:
    """The operator's own doing, and Docker's answer to it."""
    namesake = replace(
        DB,
        attachments=(
            Attachment(network_id=APP.id, aliases=("shop_api",)),
            Attachment(network_id=DATA.id),
        ),
        vips=(on(APP, 40),),
        endpoint_mode="vip",
    )
    both = with_service(SHOP, namesake)
    vip = on(APP, 20).address

    answer = {"shop_api": [vip, on(APP, 40).address]}

    assert found(CHECKS, seen(answer, topology=both)) == []
    assert [item.code for item in found(CHECKS, seen(answer))] == ["dns_unexpected"]


def test_slow_answers_are_told_once_for_the_node() -> None:
    """Half of a task's names must be slow: one may be chance."""

    def with_slow(count: int) -> list[Result]:
        own = [answered(probe) for probe in looks() if probe.id.source_service == "shop_web"]
        slow = Observation(rtt_seconds=0.8)
        return [replace(item, observed=slow) for item in own[:count]] + own[count:]

    assert [item.code for item in _answers(with_slow(4))] == ["dns_resolver_slow"]
    assert _answers(with_slow(1)) == []


def test_an_answer_over_two_shared_networks_may_come_from_either() -> None:
    """shop_api asks for itself, on both of its networks."""
    other = {"shop_api": [on(DATA, 20).address], "tasks.shop_api": [on(DATA, 21).address]}

    findings = found(CHECKS, seen(other, source="shop_api"))

    assert subjects(findings) == [("dns_missing", "", "shop_api", "")]
    assert findings[0].evidence[0].what == "tasks.shop_api from shop_api.1"
    assert API_2.addresses[1].address == on(DATA, 22).address
    assert WEB in SHOP.services
