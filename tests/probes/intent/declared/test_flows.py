"""Does the policy forbid what it says, and nothing else?"""

from typing import Any

import pytest

from probes.intent.declared.flows import forbidden_flows
from probes.intent.declared.network_config import NetworkConfig
from probes.model.intent import ForbiddenFlow
from probes.model.topology import Topology
from tests.swarms import APP, DATA, service

WEB, API, DB = service("web", APP), service("api", APP, DATA), service("db", DATA)
SWARM = Topology(networks=(APP, DATA), services=(WEB, API, DB))
SEGMENTS = {"pages": {"services": ["web"]}, "logic": {"services": ["api"]}}
WITH_DATA = {**SEGMENTS, "data": {"services": ["db"]}}


def _forbidden(segments: dict[str, Any], **policy: Any) -> dict[tuple[str, str], ForbiddenFlow]:
    config = NetworkConfig.model_validate({"version": 1, "segments": segments, "policy": policy})
    flows = forbidden_flows(config, SWARM)
    found = {(flow.source_id, flow.destination_id): flow for flow in flows}
    assert len(found) == len(flows)
    return found


def test_nothing_said_forbids_nothing() -> None:
    """Segments alone are no policy."""
    assert _forbidden(WITH_DATA) == {}


def test_never_forbids_one_way() -> None:
    """The way back is another flow."""
    found = _forbidden(WITH_DATA, never=[{"from": "pages", "to": "data"}])

    assert list(found) == [("s-web", "s-db")]
    flow = found["s-web", "s-db"]
    assert flow.rule == "policy.never: pages to data"
    assert flow.forbids(5432)


def test_never_of_some_ports_leaves_the_others() -> None:
    """With a default of allow."""
    found = _forbidden(SEGMENTS, never=[{"from": "pages", "to": "logic", "ports": [22]}])

    assert found["s-web", "s-api"].forbids(22)
    assert not found["s-web", "s-api"].forbids(80)


def test_deny_forbids_all_that_no_line_allows() -> None:
    """A port that is allowed is excepted; all ports allowed leave nothing to forbid."""
    found = _forbidden(
        WITH_DATA,
        default="deny",
        allow=[
            {"from": "pages", "to": "logic", "ports": [80]},
            {"from": "logic", "to": "data"},
        ],
    )

    assert set(found) == {
        ("s-web", "s-api"),
        ("s-api", "s-web"),
        ("s-web", "s-db"),
        ("s-db", "s-web"),
        ("s-db", "s-api"),
    }
    assert not found["s-web", "s-api"].forbids(80)
    assert found["s-web", "s-api"].forbids(22)
    assert found["s-web", "s-db"].rule == "policy.default: deny, pages to data"


@pytest.mark.parametrize("default", ["allow", "deny"])
def test_services_of_one_segment_and_of_none_are_left_alone(default: str) -> None:
    """Whoever is in no segment has no policy."""
    assert _forbidden({"all": {"services": ["web", "api"]}}, default=default) == {}


def test_a_segment_may_be_all_services_of_a_network() -> None:
    """`api` is on both; with the data's services it may do what they may."""
    config = NetworkConfig.model_validate(
        {
            "version": 1,
            "networks": {"shop_data": {}},
            "segments": {"pages": {"services": "web"}, "data": {"networks": "shop_data"}},
            "policy": {"never": [{"from": "pages", "to": "data"}]},
        },
    )

    flows = forbidden_flows(config, SWARM)

    assert {(flow.source_id, flow.destination_id) for flow in flows} == {
        ("s-web", "s-api"),
        ("s-web", "s-db"),
    }
