"""Can the example of the blackbox endpoint be used as it stands?"""

import subprocess
from pathlib import Path

import yaml

from exporter.blackbox.modules import load_modules
from exporter.settings import Settings
from probes.documents.load import load
from tests.needs import command

DEPLOY = Path(__file__).parents[2] / "deploy"
EXAMPLE = DEPLOY / "examples" / "blackbox"


def test_the_agents_configuration_and_its_modules_can_be_loaded() -> None:
    """And are where the stack puts them."""
    settings = load(EXAMPLE / "agent.yml", Settings)
    modules = load_modules(EXAMPLE / "modules.yml")

    stack = yaml.safe_load((EXAMPLE / "stack.yml").read_text())
    [mounted] = stack["services"]["agent"]["configs"]
    assert mounted["target"] == settings.blackbox.modules_file
    probers = {module.options.prober for module in modules.values()}
    assert probers == {"http", "tcp", "dns", "icmp", "grpc"}


def test_it_differs_from_the_shipped_configuration_by_one_section() -> None:
    """Whoever uses it loses nothing of the stack's own."""
    shipped, example = load(DEPLOY / "agent.yml", Settings), load(EXAMPLE / "agent.yml", Settings)

    assert example.model_copy(update={"blackbox": shipped.blackbox}) == shipped


def test_its_files_are_found_from_the_stack_that_it_goes_on_top_of() -> None:
    """Docker reads paths from the folder of the first file, and knows configs by their names."""
    shipped = yaml.safe_load((DEPLOY / "stack.yml").read_text())["configs"]
    configs = yaml.safe_load((EXAMPLE / "stack.yml").read_text())["configs"]

    assert {(DEPLOY / config["file"]).parent for config in configs.values()} == {EXAMPLE}
    assert all((DEPLOY / config["file"]).is_file() for config in configs.values())
    assert not {c["name"] for c in configs.values()} & {c["name"] for c in shipped.values()}


@command("promtool", "prometheus")
def test_the_jobs_are_prometheus_own_format(tmp_path: Path) -> None:
    """Promtool takes them; the file with the token is the operator's to provide."""
    token = tmp_path / "token"
    token.write_text("secret")
    jobs = (EXAMPLE / "prometheus.yml").read_text()
    (tmp_path / "prometheus.yml").write_text(
        jobs.replace("/run/secrets/swarmscope_token", str(token)),
    )

    subprocess.run(
        ["promtool", "check", "config", tmp_path / "prometheus.yml"],
        check=True,
        capture_output=True,
    )
