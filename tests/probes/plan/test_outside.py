"""Are external services and routes looked at from where they must be, and tried elsewhere?"""

from ipaddress import IPv4Address
from typing import Any

from probes.intent.declaration import Declaration, intent_of
from probes.intent.declared.service_discovery import ServiceDiscovery
from probes.model.probe import (
    DnsLook,
    HttpLook,
    Kind,
    NamedLook,
    PolicyLook,
    PostgresLook,
    Probe,
    RedisLook,
    Target,
)
from probes.model.vantage import HOST
from probes.plan.budget import Budget
from probes.plan.candidates import EMBEDDED_RESOLVER, Pace
from probes.plan.plan import PlanSettings, plan
from tests.swarms import API_1, SHOP, WEB_1, local

SETTINGS = PlanSettings(
    pace=Pace(interval_seconds=10, timeout_seconds=2, slow_seconds=0.5),
    budget=Budget(probes_per_second=1000, series=100_000),
    agent_service="swarmscope_agent",
    agent_port=9877,
)
SERVICES: dict[str, Any] = {"shop_web": {"ports": [80]}, "shop_api": {}, "shop_db": {}}


def _planned(**declared: Any) -> list[Probe]:
    """Plan for node1, where a task of web and one of api stand, what is declared beside."""
    document = {"version": 1, "services": SERVICES, **declared}
    discovery = ServiceDiscovery.model_validate(document)
    intent = intent_of(SHOP, Declaration(services=discovery))
    found = plan(SHOP, intent, "n1", (local(WEB_1), local(API_1)), SETTINGS)
    return [probe for probe in found.probes if probe.id.target is Target.STATIC]


def test_who_must_reach_it_speaks_its_protocol_from_its_own_place() -> None:
    """By the name, as the service itself would; secrets are named, never read."""
    (probe,) = _planned(
        external={
            "ledger": {
                "kind": "postgres",
                "address": "ledger.example.org:5432",
                "tls": True,
                "credentials": "/run/secrets/ledger",
                "must_reach": ["shop_api"],
            }
        }
    )

    assert (probe.id.probe, probe.id.source_service, probe.id.destination_service) == (
        Kind.POSTGRES,
        "shop_api",
        "ledger",
    )
    assert probe.id.endpoint == "ledger.example.org:5432"
    assert probe.vantage.netns == local(API_1).netns
    assert isinstance(probe.look, NamedLook)
    assert probe.look.server == EMBEDDED_RESOLVER
    inner = probe.look.look
    assert isinstance(inner, PostgresLook)
    assert (inner.host, inner.tls, inner.credentials_file) == (
        "ledger.example.org",
        True,
        "/run/secrets/ledger",
    )


def test_an_address_needs_no_name() -> None:
    """And a resolver is one."""
    cache, resolver = _planned(
        external={
            "cache": {"kind": "redis", "address": "192.0.2.7:6379", "must_reach": "shop_web"},
            "names": {
                "kind": "dns",
                "address": "192.0.2.53:53",
                "name": "example.org",
                "must_reach": "shop_web",
            },
        }
    )

    assert isinstance(cache.look, RedisLook)
    assert cache.look.address == IPv4Address("192.0.2.7")
    assert resolver.look == DnsLook(name="example.org", server=IPv4Address("192.0.2.53"), port=53)


def test_who_may_not_reach_it_tries_and_who_may_is_left_alone() -> None:
    """Over gateways, too: that is where it is."""
    probes = _planned(
        external={
            "ledger": {
                "kind": "tcp",
                "address": "192.0.2.7:5432",
                "may_reach": "shop_api",
                "others": "deny",
            }
        }
    )

    (probe,) = probes
    assert (probe.id.probe, probe.id.source_service) == (Kind.POLICY, "shop_web")
    assert isinstance(probe.look, PolicyLook)
    assert probe.look.routed
    assert probe.look.patience_seconds < probe.timeout_seconds


def test_a_route_is_asked_for_on_every_node_and_judged() -> None:
    """By the host that it is for, its status, and who must have answered."""
    probes = _planned(
        gateway={
            "kind": "caddy",
            "service": "shop_web",
            "entry_points": {"web": {"port": 8080}},
            "routes": [
                {
                    "host": "shop.example.org",
                    "path": "/api",
                    "service": "shop_api",
                    "port": 80,
                    "status": [204],
                    "answered_by": {"header": "X-Backend", "contains": "shop_api"},
                }
            ],
        }
    )

    assert {probe.id.destination_node for probe in probes} == {"node1", "node2", "node3"}
    assert {probe.id.destination_service for probe in probes} == {"shop.example.org/api"}
    assert {probe.vantage for probe in probes} == {HOST}
    look = probes[0].look
    assert isinstance(look, HttpLook)
    assert (look.port, look.path, look.host) == (8080, "/api", "shop.example.org")
    assert (look.statuses, look.header, look.header_contains) == (
        frozenset({204}),
        "X-Backend",
        "shop_api",
    )


def test_a_gateway_that_does_not_exist_is_asked_for_nothing() -> None:
    """That it is missing is a finding of its own."""
    assert (
        _planned(
            gateway={
                "kind": "nginx",
                "service": "captain-nginx",
                "entry_points": {"web": {"port": 80}},
                "routes": [{"host": "a.example", "service": "shop_api", "port": 80}],
            }
        )
        == []
    )
