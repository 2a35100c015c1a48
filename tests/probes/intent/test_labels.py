"""Do a service's labels say what their author meant?"""

from typing import Any

import pytest

from probes.intent.labels import read_labels
from probes.model.intent import ServiceIntent
from probes.model.probe import HttpCheck, Kind
from tests.swarms import WEB, labelled


def _declared(**labels: str) -> ServiceIntent:
    intent = read_labels([labelled(WEB, **labels)])
    assert intent.complaints == ()
    return intent.services[0]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, {}),
        ({"tcp": "5432, 6379"}, {"tcp": (5432, 6379)}),
        ({"http": "8080"}, {"http": (HttpCheck(port=8080),)}),
        (
            {"http": "8080/healthz,https:8443/live?x=1"},
            {
                "http": (
                    HttpCheck(port=8080, path="/healthz"),
                    HttpCheck(port=8443, path="/live?x=1", tls=True),
                ),
            },
        ),
        (
            {"http": "80/", "http_status": "204,3xx", "http_host": "shop.example:8080"},
            {
                "http": (
                    HttpCheck(
                        port=80,
                        host="shop.example:8080",
                        statuses=frozenset({204, *range(300, 400)}),
                    ),
                ),
            },
        ),
        (
            {"http": "443", "http_verify": "off", "http_redirects": "2", "http_body": "ok (1)"},
            {"http": (HttpCheck(port=443, verify=False, redirects=2, body="ok (1)"),)},
        ),
        ({"interval": "5s", "timeout": "250ms"}, {"interval_seconds": 5, "timeout_seconds": 0.25}),
        ({"slo_latency": "200ms"}, {"slow_seconds": 0.2}),
        ({"slo_latency_target": "99.9%"}, {"latency_objective": 0.999}),
        ({"slo_success_target": "95%"}, {"success_objective": 0.95}),
        ({"probe": "off"}, {"probed": False}),
        ({"without": "icmp,dns"}, {"without": frozenset({Kind.ICMP, Kind.DNS})}),
    ],
)
def test_a_label_says_what_it_says(labels: dict[str, str], expected: dict[str, Any]) -> None:
    """Each label sets its own field, and nothing else."""
    assert _declared(**labels) == ServiceIntent(service_id=WEB.id, **expected)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("tcp", "70000", "'70000' is no port from 1 to 65535"),
        ("tcp", "5432,", "an item of the list is empty"),
        ("tcp", "http", "'http' is no port from 1 to 65535"),
        ("http", "ftp:21/", "'ftp:21/' is not of the form [https:]PORT[/PATH]"),
        ("http", "/healthz", "'' is no port from 1 to 65535"),
        ("http_status", "20x", "'20x' is no status such as 204 or 2xx"),
        ("http_verify", "yes", "'yes' is neither on nor off"),
        ("http_redirects", "99", "'99' is no number from 0 to 10"),
        ("http_host", "a b", "'a b' is no host name"),
        ("interval", "5", "'5' is no duration above zero, such as 250ms, 5s or 1m"),
        ("interval", "1ms", "'1ms' is below the shortest interval, 0.5s"),
        ("timeout", "0s", "'0s' is no duration above zero, such as 250ms, 5s or 1m"),
        ("slo_latency", "200", "'200' is no duration above zero, such as 250ms, 5s or 1m"),
        *(
            (
                key,
                value,
                f"{value!r} is no percentage above 0% and below 100%, such as 99.9%",
            )
            for key, value in (
                ("slo_latency_target", "0.999"),
                ("slo_latency_target", "0%"),
                ("slo_success_target", "100%"),
                ("slo_success_target", "-1%"),
            )
        ),
        ("slo_latencyy", "1s", "no such label; did you mean swarmscope.slo.latency?"),
        ("probe", "no", "'no' is neither on nor off"),
        ("without", "ping", "'ping' is no list of dns, tcp, icmp, http, mtu"),
        ("intervall", "5s", "no such label; did you mean swarmscope.interval?"),
    ],
)
def test_a_bad_label_is_named_and_ignored_alone(key: str, value: str, reason: str) -> None:
    """The complaint names service, key, value and reason; the other labels still count."""
    intent = read_labels([labelled(WEB, **{"tcp": "81", key: value})])

    complaint = intent.complaints[0]
    assert (complaint.service, complaint.value, complaint.reason) == ("shop_web", value, reason)
    assert complaint.key == f"swarmscope.{key.replace('_', '.')}"
    if key != "tcp":
        assert intent.services[0].tcp == (81,)


def test_an_unknown_label_far_from_any_lists_what_there_is() -> None:
    """Whoever guesses wildly is shown the whole list."""
    complaint = read_labels([labelled(WEB, zzz="1")]).complaints[0]

    assert complaint.reason.startswith("no such label; known: probe, without, tcp, http, interval")


def test_other_peoples_labels_are_not_ours() -> None:
    """Only the prefix `swarmscope.` is read."""
    intent = read_labels([WEB])

    assert intent.services == (ServiceIntent(service_id=WEB.id),)
