"""The stack gives the agent what it needs, under the names that it expects, and nothing more."""

import re
import subprocess
import tomllib
from pathlib import Path, PurePath
from typing import Any

import pytest
import yaml

from exporter.settings import Settings
from probes.documents.load import load
from probes.documents.units import DEFAULT_PORT
from tests import needs

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
STACK: dict[str, Any] = yaml.safe_load((DEPLOY / "stack.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
AGENT = SERVICES["agent"]
DEFAULTS = Settings()

#: What `docker stack deploy` passes over with a warning, or without one (docker/cli
#: cli/compose/types, UnsupportedProperties and DeprecatedProperties).
IGNORED_BY_SWARM = {
    "build",
    "cgroup_parent",
    "container_name",
    "cpu_quota",
    "depends_on",
    "devices",
    "expose",
    "external_links",
    "ipc",
    "links",
    "mac_address",
    "mem_limit",
    "network_mode",
    "pid",
    "privileged",
    "restart",
    "security_opt",
    "shm_size",
    "userns_mode",
}


def mounts(service: str, kind: str) -> dict[str, dict[str, Any]]:
    volumes = SERVICES[service]["volumes"]
    return {volume["target"]: volume for volume in volumes if volume["type"] == kind}


def test_the_agent_runs_on_every_node_with_three_capabilities() -> None:
    """Least rights: no more than entering a namespace, reading netlink, and echo take."""
    assert AGENT["deploy"]["mode"] == "global"
    assert AGENT["cap_drop"] == ["ALL"]
    assert AGENT["cap_add"] == ["SYS_ADMIN", "NET_ADMIN", "NET_RAW"]
    assert AGENT["read_only"] is True
    assert "user" not in AGENT


def test_the_agent_is_on_the_node_s_own_network() -> None:
    """The external network `host` is Swarm's way to say `--network host`."""
    assert AGENT["networks"] == ["host"]
    assert STACK["networks"]["host"] == {"external": True, "name": "host"}


def test_the_agent_sees_new_namespaces_and_pins_none() -> None:
    """Only rslave does both; the folder is where the settings look for it."""
    assert mounts("agent", "bind")[DEFAULTS.netns_folder] == {
        "type": "bind",
        "source": DEFAULTS.netns_folder,
        "target": DEFAULTS.netns_folder,
        "read_only": True,
        "bind": {"propagation": "rslave"},
    }


def test_the_agent_finds_the_engine_and_its_own_socket() -> None:
    """The Engine's socket is where the settings look for it; ours is on the only writable place."""
    engine = DEFAULTS.engine.removeprefix("unix://")

    assert mounts("agent", "bind")[engine]["source"] == engine
    assert list(mounts("agent", "tmpfs")) == [str(Path(DEFAULTS.socket).parent)]


def test_the_agent_finds_its_configuration_and_its_token() -> None:
    """The command, the config's target, and the token's file name each other."""
    (config,) = AGENT["configs"]
    (secret,) = AGENT["secrets"]

    settings = load(DEPLOY / STACK["configs"][config["source"]]["file"], Settings)

    assert AGENT["command"] == ["--config", config["target"]]
    assert settings.token_file == f"/run/secrets/{secret['source']}"


def test_the_agent_learns_the_name_of_its_own_service() -> None:
    """Swarm fills the template in; the name depends on the stack's."""
    assert AGENT["environment"] == {"SWARMSCOPE_SERVICE": "{{.Service.Name}}"}


def test_everyone_says_how_to_start_again_and_how_much_to_take() -> None:
    """A service without these is a service that somebody has to watch."""
    for service in SERVICES.values():
        assert service["deploy"]["restart_policy"]["condition"] == "any"
        assert service["deploy"]["update_config"]["order"] == "stop-first"
        assert "memory" in service["deploy"]["resources"]["limits"]


def test_a_monitor_does_not_depend_on_what_it_watches() -> None:
    """No port is published on the routing mesh, and no name is a virtual IP."""
    others = [service for name, service in SERVICES.items() if name != "agent"]

    assert {port["mode"] for service in others for port in service["ports"]} == {"host"}
    assert {service["deploy"]["endpoint_mode"] for service in others} == {"dnsrr"}
    assert all("cap_drop" in service for service in others)


def test_nothing_is_asked_for_that_swarm_passes_over() -> None:
    """A right or a limit that is silently ignored would be a false promise."""
    assert not [key for service in SERVICES.values() for key in service if key in IGNORED_BY_SWARM]


@pytest.mark.parametrize("kind", ["configs", "secrets", "networks", "volumes"])
def test_everything_used_is_declared_and_everything_declared_is_used(kind: str) -> None:
    """The lists at the file's end say neither too little nor too much."""
    entries = [entry for service in SERVICES.values() for entry in service.get(kind, [])]
    if kind == "volumes":
        entries = [entry for entry in entries if entry["type"] == "volume"]
    used = {entry if isinstance(entry, str) else entry["source"] for entry in entries}

    assert used == set(STACK[kind])


def test_an_edited_file_can_be_deployed() -> None:
    """Swarm's configs cannot be changed: each name has a version that the operator can raise."""
    for name, config in STACK["configs"].items():
        assert config["name"] == f"swarmscope_{name}_${{CONFIG_VERSION:-1}}"
        assert (DEPLOY / config["file"]).is_file()


def test_images_are_pinned_and_can_be_replaced() -> None:
    """Every image has a variable of its own and a released version; the agent's is this one's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    images = {name: service["image"] for name, service in SERVICES.items()}

    assert images["agent"] == f"${{SWARMSCOPE_IMAGE:-swarmscope:{project['version']}}}"
    for image in images.values():
        assert re.fullmatch(r"\$\{[A-Z]+_IMAGE:-[a-z/]+:v?\d+\.\d+\.\d+\}", image)


def test_prometheus_looks_where_agents_and_alertmanager_listen() -> None:
    """The ports stand in a file of their own and must follow the code's and the stack's."""
    settings = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    jobs = {job["job_name"]: job for job in settings["scrape_configs"]}
    (published,) = SERVICES["alertmanager"]["ports"]

    assert _ports_looked_at(jobs["swarmscope"]) == {f"$1:{DEFAULT_PORT}"}
    assert _ports_looked_at(jobs["alertmanager"]) == {f"$1:{published['published']}"}
    (receiving,) = settings["alerting"]["alertmanagers"]
    assert receiving["relabel_configs"] == jobs["alertmanager"]["relabel_configs"]


def _ports_looked_at(job: dict[str, Any]) -> set[str]:
    rules = job["relabel_configs"]
    return {rule["replacement"] for rule in rules if rule.get("target_label") == "__address__"}


def test_the_image_checks_the_socket_that_the_agent_serves() -> None:
    """Path and port stand in the Dockerfile and must follow the code's."""
    text = (DEPLOY / "Dockerfile").read_text()

    assert f'"{DEFAULTS.socket}"]' in text
    assert f"EXPOSE {DEFAULT_PORT}\n" in text


def test_prometheus_finds_its_rules_where_it_looks_for_them() -> None:
    """The stack puts the rule file there; and Swarm takes no config above 500 kB."""
    settings = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    targets = {item["source"]: item["target"] for item in SERVICES["prometheus"]["configs"]}
    file = DEPLOY / STACK["configs"]["prometheus_rules"]["file"]

    assert PurePath(targets["prometheus_rules"]).match(settings["rule_files"][0])
    assert file.stat().st_size < 500_000


@needs.command("promtool", "prometheus")
def test_prometheus_takes_its_configuration() -> None:
    """Prometheus' own check finds nothing."""
    check("promtool", "check", "config", DEPLOY / "prometheus" / "prometheus.yml")


@needs.command("amtool", "prometheus-alertmanager")
def test_alertmanager_takes_its_configuration() -> None:
    """Alertmanager's own check finds nothing."""
    check("amtool", "check-config", DEPLOY / "alertmanager" / "alertmanager.yml")


def check(*command: str | Path) -> None:
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
