"""Is what may leave the Swarm listed, and is text searched for credentials?"""

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from probes.doctor import redact
from probes.doctor.case import Told
from probes.doctor.wire import dump_told
from probes.model.topology import NetworkAddress, NodeReport, Topology
from probes.wire import dump_topology
from tests.probes.doctor.cases import told
from tests.swarms import APP, SHOP, on


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("https://me:pass@db:5432/x", "https://[left out]@db:5432/x"),
        ("Authorization: Bearer abcdefgh12345678", "Authorization: [left out] [left out]"),
        ("DB_PASSWORD=hunter2 and more", "DB_PASSWORD=[left out] and more"),
        ('{"api_key": "abc def"}', '{"api_key": [left out]}'),
        ("--token=abc", "--token=[left out]"),
        ("SWMTKN-1-abc-def", "[left out]"),
        ("-----BEGIN PRIVATE KEY-----\nabc", "[left out]"),
        ("80/health?key=abc&x=1", "80/health?[left out]"),
        ("is it running? yes", "is it running? yes"),
        ("shop_api.2 on node2: refused", "shop_api.2 on node2: refused"),
    ],
)
def test_what_looks_like_a_credential_is_taken_out_of_text(text: str, instead: str) -> None:
    """And what does not, stays."""
    assert redact.scrub(text) == instead


def test_what_is_not_listed_stays_out_at_every_depth() -> None:
    """A key that comes with a later version was not thought of."""
    shape: redact.Shape = {"name": None, "parts": {"name": None}}
    given = {"name": "x", "new": 1, "parts": [{"name": "y", "new": 1}, "planted"]}

    assert redact.kept(given, shape) == {"name": "x", "parts": [{"name": "y"}, None]}


def test_of_labels_the_stack_alone_is_told() -> None:
    """And how many others there are."""
    labels = (("com.docker.stack.namespace", "shop"), ("a", "planted"), ("b", "planted"))
    services = (replace(SHOP.services[0], labels=labels), *SHOP.services[1:])
    document = json.loads(dump_topology(replace(SHOP, services=services)))

    kept = redact.topology(document)

    assert kept["services"][0]["stack"] == "shop"
    assert kept["services"][0]["other_labels"] == 2
    assert "planted" not in json.dumps(kept)


def names(shape: redact.Shape) -> set[str]:
    return set(shape)


@pytest.mark.parametrize(
    ("shape", "model", "left_out"),
    [
        (redact.TOPOLOGY, Topology, set()),
        (redact.TOLD, Told, set()),
        (redact.TOPOLOGY["reports"], NodeReport, set()),
    ],
)
def test_every_field_is_listed_or_left_out_on_purpose(
    shape: redact.Shape, model: Any, left_out: set[str]
) -> None:
    """A new one must be thought of."""
    assert names(shape) | left_out == {field.name for field in fields(model)}


def test_nothing_that_is_listed_gets_lost() -> None:
    """What a colleague needs comes through as it was."""
    given = json.loads(dump_told(told("node1")))
    report = NodeReport(
        node_id="n1",
        balancers=(on(APP, 9), NetworkAddress(network_id="x", address=on(APP, 8).address)),
    )
    topology = json.loads(dump_topology(replace(SHOP, reports=(report,))))

    assert redact.told(given) == given
    assert redact.topology(topology)["reports"] == topology["reports"]
    assert redact.topology(topology)["nodes"] == topology["nodes"]
