"""Do the examples say what they seem to say?"""

from ipaddress import IPv4Network
from pathlib import Path

import pytest
import yaml

from probes.documents.load import load
from probes.intent.declared.network_config import NetworkConfig
from probes.intent.declared.service_discovery import ServiceDiscovery

DEPLOY = Path(__file__).parents[4] / "deploy"
FOLDERS = ("examples/declared", "caprover")


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_examples_files_agree(folder: str) -> None:
    """Each segment is of declared services: a name misspelt in one file would be found here."""
    networks = load(DEPLOY / folder / "network-config.yml", NetworkConfig)
    services = load(DEPLOY / folder / "service-discovery.yml", ServiceDiscovery)

    members = {name for segment in networks.segments.values() for name in segment.services}
    assert members == {*services.services}
    assert services.gateway is not None
    assert services.gateway.service in services.services


def test_the_shops_declaration_is_of_the_shop() -> None:
    """Its services and networks are those of shop.yml, as Swarm names them."""
    shop = yaml.safe_load((DEPLOY / "examples" / "shop.yml").read_text())
    networks = load(DEPLOY / "examples" / "declared" / "network-config.yml", NetworkConfig)
    services = load(DEPLOY / "examples" / "declared" / "service-discovery.yml", ServiceDiscovery)

    assert {*services.services} == {f"shop_{name}" for name in shop["services"]}
    assert {*networks.networks} == {f"shop_{name}" for name in shop["networks"]}
    for name, network in networks.networks.items():
        declared = shop["networks"][name.removeprefix("shop_")]
        assert network.internal is declared.get("internal", False)


def test_what_is_said_is_read(tmp_path: Path) -> None:
    """Short forms are those of the long ones, shares are shares, and defaults are what they say."""
    path = tmp_path / "network-config.yml"
    path.write_text(
        "version: 1\nnetworks: {app: {subnet: 10.20.0.0/24, mtu: 1400, labels: {team: a}}}\n"
        "segments: {a: {services: api}, b: {networks: [app]}}\n"
        "policy: {default: deny, allow: [{from: a, to: b, ports: 80}]}\n",
    )
    networks = load(path, NetworkConfig)
    assert networks.networks["app"].subnet == IPv4Network("10.20.0.0/24")
    assert networks.networks["app"].labels == {"team": "a"}
    assert networks.segments["a"].services == ("api",)
    (flow,) = networks.policy.allow
    assert (flow.source, flow.destination, flow.ports) == ("a", "b", (80,))

    path.write_text(
        "version: 1\nservices:\n  api:\n    ports: [80, {port: 443, protocol: https}]\n"
        "    slo: {success: 99.9%, latency: 250ms, within: 95%}\n",
    )
    api = load(path, ServiceDiscovery).services["api"]
    assert [(item.port, item.protocol) for item in api.ports] == [(80, "tcp"), (443, "https")]
    assert api.slo is not None
    assert api.slo.success == pytest.approx(0.999)
    assert api.slo.latency_seconds == pytest.approx(0.25)
    assert api.slo.within == pytest.approx(0.95)
    assert api.min_healthy == 1
