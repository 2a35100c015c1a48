"""Is everything of a stack's file that will not do found, on its line, and nothing else?"""

from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml

from probes.intent.declaration import Declaration
from probes.intent.declared.network_config import NetworkConfig
from probes.intent.declared.service_discovery import ServiceDiscovery
from probes.network.check import check
from probes.network.stacks import planned, read_stack

#: web and api on `app`, api and db on `data`; every rule has nothing to say of it.
SHOP = """\
services:
  web:
    networks: [app]
    ports:
      - "8080:80"
  api:
    networks: [app, data]
  db:
    networks: [data]
    deploy:
      endpoint_mode: dnsrr
networks:
  app:
    ipam:
      config:
        - subnet: 10.20.1.0/24
  data:
    internal: true
"""
NETWORKS = """\
version: 1
networks:
  shop_app: {subnet: 10.20.1.0/24}
  shop_data: {internal: true}
segments:
  pages: {services: shop_web}
  logic: {services: shop_api}
  data: {services: shop_db}
policy:
  allow:
    - {from: pages, to: logic}
  never:
    - {from: pages, to: data}
"""
SERVICES = """\
version: 1
services:
  shop_web: {ports: [{port: 80, protocol: http}], health: {port: 80}}
  shop_api: {}
  shop_db: {ports: [{port: 5432, protocol: postgres}]}
gateway:
  kind: caddy
  service: shop_web
  entry_points: {web: {port: 8080}}
  routes: [{host: shop.example.org, service: shop_api, port: 80}]
"""


def _found(tmp_path: Path, shop: str = SHOP, *, services: str = SERVICES, **more: Any) -> list[str]:
    path = tmp_path / "shop.yml"
    path.write_text(shop)
    declaration = Declaration(
        networks=NetworkConfig.model_validate(yaml.safe_load(NETWORKS)),
        services=ServiceDiscovery.model_validate(yaml.safe_load(services)),
    )
    return [
        f"{item.place.line}: {item.about}: {item.reason}"
        for item in check(planned([read_stack("shop", path)]), declaration, **more)
    ]


def test_a_stack_as_declared_has_no_problem(tmp_path: Path) -> None:
    """Nobody reads a check that always has something to say."""
    assert _found(tmp_path) == []


@pytest.mark.parametrize(
    ("written", "instead", "found"),
    [
        pytest.param(
            "networks: [app]",
            "networks:\n      app:\n      data:",
            "5: shop_web: reaches shop_db over shop_data: policy.never: pages to data",
            id="a service on a forbidden network",
        ),
        pytest.param(
            "networks: [app, data]",
            "networks: [data]",
            "3: shop_web: may talk to shop_api (policy.allow), and shares no network with it",
            id="no network for what is allowed",
        ),
        pytest.param(
            "  data:\n    internal: true",
            "  data:\n    internal: true\n    ipam: {config: [{subnet: 10.20.0.0/16}]}",
            "17: shop_data: its subnet 10.20.0.0/16 overlaps 10.20.1.0/24 of shop_app",
            id="two subnets overlap",
        ),
        pytest.param(
            "  data:\n    internal: true",
            "  data:\n    internal: true\n    ipam: {config: [{subnet: 10.20.2.0/29}]}",
            "17: shop_data: 10.20.2.0/29 has 5 addresses, and takes 6: "
            "tasks 2, VIPs 1, load balancers 3",
            id="too small a subnet",
        ),
        pytest.param(
            "- subnet: 10.20.1.0/24",
            "- subnet: 10.20.9.0/24",
            "13: shop_app: subnet: 10.20.1.0/24 is declared, 10.20.9.0/24 stands here",
            id="another subnet than declared",
        ),
        pytest.param(
            "    internal: true",
            "    driver_opts: {encrypted: ''}\n    internal: true",
            "17: shop_data: encrypted: false is declared, true stands here",
            id="encrypted, and declared not to be",
        ),
        pytest.param(
            "networks: [data]\n",
            'networks: [data]\n    ports: ["5432:5432"]\n',
            "10: shop_db: publishes PostgreSQL, port 5432, on every node",
            id="a published database",
        ),
        pytest.param(
            "endpoint_mode: dnsrr",
            "replicas: 1",
            "8: shop_db: port 5432 is behind a VIP, which forgets connections after 900 s without "
            "traffic: set endpoint_mode: dnsrr, or declare endpoint_mode: vip where clients keep "
            "theirs alive",
            id="a VIP that cuts idle connections",
        ),
        pytest.param(
            '- "8080:80"',
            '- "8081:80"',
            "4: shop_web: does not publish 8080, its entry point web",
            id="an entry point that is not published",
        ),
    ],
)
def test_what_will_not_do_is_told_on_its_line(
    tmp_path: Path, written: str, instead: str, found: str
) -> None:
    """With three nodes, each of which takes an address of a network."""
    assert written in SHOP

    problems = _found(tmp_path, SHOP.replace(written, instead, 1), nodes=3)

    assert found in problems


@pytest.mark.parametrize(
    ("written", "instead", "found"),
    [
        pytest.param(
            ", health: {port: 80}",
            "",
            "2: shop_web: port 80 speaks http, and no health path is declared",
            id="no health path",
        ),
        pytest.param(
            "shop_api: {}",
            "shop_api: {min_healthy: 2}",
            "6: shop_api: replicas: 1, and min_healthy is 2",
            id="fewer replicas than must be healthy",
        ),
        pytest.param(
            "shop_api: {}",
            "shop_api: {endpoint_mode: dnsrr}",
            "6: shop_api: endpoint mode: dnsrr is declared, vip stands here",
            id="another endpoint mode",
        ),
        pytest.param(
            "shop_api: {}",
            "shop_api: {aliases: orders}",
            "6: shop_api: alias: orders is declared, api stands here",
            id="an alias is missing",
        ),
        pytest.param(
            "shop_api: {}",
            "shop_api: {}\n  shop_mail: {}",
            "1: shop_mail: is declared, and does not stand here",
            id="a declared service is missing",
        ),
        pytest.param(
            "service: shop_api, port: 80",
            "service: shop_db, port: 5432",
            "3: shop_web: shares no network with shop_db, where shop.example.org/ leads",
            id="a route to what the gateway cannot reach",
        ),
    ],
)
def test_what_is_declared_otherwise_is_told(
    tmp_path: Path, written: str, instead: str, found: str
) -> None:
    """One problem, since one thing was changed."""
    assert written in SERVICES

    assert _found(tmp_path, services=SERVICES.replace(written, instead, 1)) == [found]


def test_a_declared_vip_is_somebodys_choice(tmp_path: Path) -> None:
    """Who declares it knows of the idle connections."""
    shop = SHOP.replace("endpoint_mode: dnsrr", "endpoint_mode: vip")
    services = SERVICES.replace("postgres}]", "postgres}], endpoint_mode: vip")

    assert _found(tmp_path, shop, services=services) == []


def test_taken_subnets_are_kept_clear(tmp_path: Path) -> None:
    """Of hosts, a VPN, another Swarm."""
    taken = (IPv4Network("10.20.0.0/16"), IPv4Network("192.168.0.0/16"))

    assert _found(tmp_path, taken=taken) == [
        "13: shop_app: its subnet 10.20.1.0/24 overlaps 10.20.0.0/16, which is taken"
    ]


def test_updates_that_start_first_take_addresses_too(tmp_path: Path) -> None:
    """And global services one for each node."""
    db = "mode: global\n      update_config: {order: start-first, parallelism: 0}"
    shop = SHOP.replace(
        "internal: true", "internal: true\n    ipam: {config: [{subnet: 10.9.0.0/28}]}"
    )

    (problem,) = _found(
        tmp_path, shop.replace("endpoint_mode: dnsrr", f"endpoint_mode: dnsrr\n      {db}"), nodes=4
    )

    assert problem.endswith(
        "10.9.0.0/28 has 13 addresses, and takes 14: tasks 5, updates 4, VIPs 1, load balancers 4"
    )
