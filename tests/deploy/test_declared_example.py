"""Can the example of a declaration be used as it stands?"""

from pathlib import Path

import yaml

from exporter.declared import read_declaration
from exporter.settings import Settings
from probes.documents.load import load

DEPLOY = Path(__file__).parents[2] / "deploy"
EXAMPLE = DEPLOY / "examples" / "declared"
STACK = yaml.safe_load((EXAMPLE / "stack.yml").read_text())


def test_the_files_are_where_the_agents_look_for_them() -> None:
    """The configuration names just what the stack mounts."""
    settings = load(EXAMPLE / "agent.yml", Settings)

    mounted = {item["source"]: item["target"] for item in STACK["services"]["agent"]["configs"]}
    assert mounted == {
        "network_config": settings.network_config,
        "service_discovery": settings.service_discovery,
    }
    here = {
        "network_config": str(EXAMPLE / "network-config.yml"),
        "service_discovery": str(EXAMPLE / "service-discovery.yml"),
    }
    declaration = read_declaration(settings.model_copy(update=here))
    assert declaration.networks is not None
    assert declaration.services is not None


def test_it_differs_from_the_shipped_configuration_by_the_declaration() -> None:
    """Whoever uses it loses nothing of the stack's own."""
    shipped, example = load(DEPLOY / "agent.yml", Settings), load(EXAMPLE / "agent.yml", Settings)

    without = {"network_config": "", "service_discovery": ""}
    assert example.model_copy(update=without) == shipped


def test_its_files_are_found_from_the_stack_that_it_goes_on_top_of() -> None:
    """Docker reads paths from the folder of the first file, and knows configs by their names."""
    shipped = yaml.safe_load((DEPLOY / "stack.yml").read_text())["configs"]
    configs = STACK["configs"]

    assert {(DEPLOY / config["file"]).parent for config in configs.values()} == {EXAMPLE}
    assert all((DEPLOY / config["file"]).is_file() for config in configs.values())
    assert not {c["name"] for c in configs.values()} & {c["name"] for c in shipped.values()}
