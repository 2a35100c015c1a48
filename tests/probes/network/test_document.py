"""Does the document tell every endpoint and flow, and read the same when made anew?"""

from dataclasses import replace

from probes.intent.declaration import NO_DECLARATION, Declaration
from probes.intent.declared.network_config import NetworkConfig
from probes.intent.declared.service_discovery import ServiceDiscovery
from probes.network.document import document
from tests.swarms import SHOP

_DECLARATION = Declaration(
    networks=NetworkConfig.model_validate(
        {
            "version": 1,
            "segments": {
                "pages": {"services": ["shop_web"]},
                "logic": {"services": ["shop_api"]},
                "data": {"services": ["shop_db"]},
            },
            "policy": {
                "allow": [{"from": "pages", "to": "logic"}],
                "never": [{"from": "pages", "to": "data"}],
            },
        }
    ),
    services=ServiceDiscovery.model_validate(
        {
            "version": 1,
            "services": {"shop_api": {}},
            "external": {
                "ledger": {
                    "kind": "tcp",
                    "address": "db.example.org:5432",
                    "must_reach": ["shop_api"],
                }
            },
        }
    ),
)


def test_every_address_of_a_running_task_and_every_vip_has_a_row() -> None:
    """With the node where the task runs."""
    text = document(SHOP, NO_DECLARATION)

    running = [item for item in SHOP.tasks if item.running]
    addresses = [address for task in running for address in task.addresses]
    addresses += [vip for service in SHOP.services for vip in service.vips]
    assert addresses
    for item in addresses:
        assert f"| {item.address} |" in text
    assert "Who may talk to whom" not in text


def test_the_order_in_which_the_engine_answers_is_not_told() -> None:
    """So that two documents can be compared."""
    turned = replace(SHOP, services=SHOP.services[::-1], networks=SHOP.networks[::-1])

    assert document(turned, NO_DECLARATION) == document(SHOP, NO_DECLARATION)


def test_declared_flows_are_arrows() -> None:
    """What is allowed, what must never be, and what is outside."""
    lines = document(SHOP, _DECLARATION).splitlines()

    drawn = lines[lines.index("## Who may talk to whom") :]
    symbols = {line.split('"')[1]: line.strip().split("[")[0] for line in drawn if "[" in line}
    web, api, db = (symbols[f"shop_{name}"] for name in ("web", "api", "db"))
    assert f"  {web} --> {api}" in drawn
    assert f"  {web} -.-x {db}" in drawn
    assert f"  {api} --> {symbols['ledger<br>db.example.org:5432']}" in drawn
