"""Is the declaration written as stacks and gateways read it?"""

from pathlib import Path
from typing import Any

import pytest
import typer.testing
import yaml

from probes.audit.declared import network_differences
from probes.cli.main import app
from probes.intent.declaration import network_intents
from probes.intent.declared.network_config import NetworkConfig
from probes.intent.declared.service_discovery import Gateway
from probes.network import render
from probes.network.stacks import planned, read_stack


def _gateway(*routes: dict[str, Any]) -> Gateway:
    return Gateway.model_validate(
        {
            "kind": "caddy",
            "service": "door",
            "entry_points": {"web": {"port": 8080}, "websecure": {"port": 8443, "tls": True}},
            "routes": routes,
        }
    )


GATEWAY = _gateway(
    {"host": "shop.example.org", "service": "shop_web", "port": 80},
    {"host": "shop.example.org", "path": "/api/orders?deep=1", "service": "shop_api", "port": 81},
    {"host": "*.example.org", "service": "shop_web", "port": 80, "via": "websecure"},
)


def test_a_stack_with_the_networks_is_as_declared(tmp_path: Path) -> None:
    """What is rendered is read back, by what checks stacks' files."""
    config = NetworkConfig.model_validate(
        {
            "version": 1,
            "networks": {
                "edge": {"subnet": "10.9.0.0/24", "mtu": 1400, "encrypted": True},
                "data": {"internal": True, "attachable": True, "labels": {"team": "a"}},
            },
        }
    )
    path = tmp_path / "shop.yml"
    path.write_text(render.networks(config) + "services: {web: {networks: [edge, data]}}\n")

    there = {item.name: item for item in planned([read_stack("shop", path)]).topology.networks}

    assert sorted(there) == ["data", "edge"]
    for intent in network_intents(config):
        assert [*network_differences(intent, there[intent.name])] == []
    assert yaml.safe_load(path.read_text())["networks"]["data"]["labels"] == {"team": "a"}


def test_caddy_gets_a_site_for_each_host_and_entry_point() -> None:
    """With the longest path first, and no query in it."""
    assert render.caddy(GATEWAY) == (
        "http://shop.example.org:8080 {\n"
        "\thandle /api/orders* {\n"
        "\t\treverse_proxy shop_api:81\n"
        "\t}\n"
        "\thandle {\n"
        "\t\treverse_proxy shop_web:80\n"
        "\t}\n"
        "}\n"
        "https://*.example.org:8443 {\n"
        "\thandle {\n"
        "\t\treverse_proxy shop_web:80\n"
        "\t}\n"
        "}\n"
    )


def test_nginx_asks_for_a_services_addresses_again_and_again() -> None:
    """A plain name would be looked up once, and a task that moved would be lost."""
    lines = [line.strip() for line in render.nginx(GATEWAY).splitlines()]

    assert lines.count("server {") == 2
    assert lines.count("resolver 127.0.0.11 valid=5s ipv6=off;") == 2
    assert lines.index("location /api/orders {") < lines.index("location / {")
    assert "set $upstream http://shop_api:81;" in lines
    assert {line for line in lines if line.startswith("proxy_pass")} == {"proxy_pass $upstream;"}
    assert "listen 8443 ssl;" in lines
    assert "ssl_certificate _.example.org.pem;" in lines


def test_traefik_gets_labels_of_the_services_not_of_their_containers() -> None:
    """Swarm's provider reads them under `deploy`; two routes of one service stay apart."""
    services = yaml.safe_load(render.traefik(GATEWAY))["services"]

    assert services["shop_api"]["deploy"]["labels"] == {
        "traefik.enable": "true",
        "traefik.http.routers.shop_api-2.rule": (
            "Host(`shop.example.org`) && PathPrefix(`/api/orders`)"
        ),
        "traefik.http.routers.shop_api-2.entrypoints": "web",
        "traefik.http.routers.shop_api-2.service": "shop_api-2",
        "traefik.http.services.shop_api-2.loadbalancer.server.port": "81",
    }
    web = services["shop_web"]["deploy"]["labels"]
    assert web["traefik.http.routers.shop_web-3.rule"] == r"HostRegexp(`^[^.]+\.example\.org$`)"
    assert web["traefik.http.routers.shop_web-3.tls"] == "true"
    assert "traefik.http.routers.shop_web-1.tls" not in web


@pytest.mark.parametrize("path", ["/a;b", "/a{", '/a"', "/a`", "/$a"])
@pytest.mark.parametrize("kind", sorted(render.GATEWAYS))
def test_what_a_gateway_would_read_as_its_language_is_refused(kind: str, path: str) -> None:
    """A declared path is data, never configuration."""
    gateway = _gateway({"host": "a.example.org", "path": path, "service": "web", "port": 80})

    with pytest.raises(render.RenderError, match=r"a\.example\.org/"):
        render.GATEWAYS[kind](gateway)


def test_the_declared_kind_is_rendered_unless_another_is_asked_for(tmp_path: Path) -> None:
    """And a file without a gateway is told so."""
    examples = Path(__file__).parents[3] / "deploy/examples/declared"
    file = str(examples / "service-discovery.yml")
    without = tmp_path / "services.yml"
    without.write_text("version: 1\n")

    def run(*arguments: str) -> typer.testing.Result:
        return typer.testing.CliRunner().invoke(app, ["network", "render", *arguments])

    assert "reverse_proxy shop_web:80" in run("gateway", file).stdout
    assert "proxy_pass $upstream;" in run("gateway", file, "--kind", "nginx").stdout
    assert "internal: true" in run("networks", str(examples / "network-config.yml")).stdout
    missing = run("gateway", str(without))
    assert missing.exit_code == 2
    assert f"{without}: gateway: is missing" in missing.stderr
