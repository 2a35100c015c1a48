from dataclasses import replace

from probes.cli.services import cells_of, list_services, services_document
from tests.swarms import API_1, SHOP, local

NAMESPACE = (("com.docker.stack.namespace", "shop"),)
TOPOLOGY = replace(
    SHOP,
    services=tuple(replace(item, labels=NAMESPACE) for item in SHOP.services),
)


def test_services_are_listed_as_they_can_be_named() -> None:
    """With their addresses, their ports, and the tasks to look from."""
    rows = list_services(TOPOLOGY, [local(API_1)])

    assert list(cells_of(rows)) == [
        ("shop_api", "api", "shop_app 10.0.1.20, shop_data 10.0.2.20", "", "2", "shop_api.1"),
        ("shop_db", "db", "shop_data", "5432", "1", ""),
        ("shop_web", "web", "shop_app 10.0.1.10", "80", "1", ""),
    ]


def test_services_are_a_document_for_scripts() -> None:
    """It carries its version."""
    document = services_document(list_services(TOPOLOGY, [local(API_1)]))

    assert document["version"] == 1
    assert document["services"][0] == {
        "service": "shop_api",
        "name": "api",
        "networks": {"shop_app": "10.0.1.20", "shop_data": "10.0.2.20"},
        "ports": (),
        "tasks": ("shop_api.1", "shop_api.2"),
        "here": ("shop_api.1",),
    }
