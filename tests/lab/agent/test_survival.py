"""Do the agents live on when what they stand on does not, and leave nothing behind?"""

import json
import re
import time
import urllib.error
import urllib.request

import pytest

from tests.lab import swarmscope as shipped
from tests.lab.agent.observe import BALANCED, probes_on, series, value
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.usage import agent_pid, usage
from tests.lab.wait import at_once, wait_until

pytestmark = pytest.mark.lab


def test_a_new_services_first_results_come_within_seconds(swarmscope: Lab) -> None:
    """On every node with a task that shares its network, long before a resync or an interval."""
    lab = swarmscope
    create = ("service", "create", "--detach", "--no-resolve-image", "--name=newcomer")
    placed = ("--network=shop_app", "--replicas=2", "--label=swarmscope.tcp=6379")
    lab.docker(lab.manager, *create, *placed, "redis:7-alpine")
    try:
        wait_until(
            lambda: all(
                any(probe.destination == "newcomer" for probe in probes_on(node))
                for node in lab.nodes
            ),
            20,
            "a first result on every node",
        )
    finally:
        lab.docker(lab.manager, "service", "rm", "newcomer")

    wait_until(
        lambda: (
            not any(
                "newcomer" in {probe.destination, probe.source}
                for node in lab.nodes
                for probe in probes_on(node)
            )
        ),
        60,
        "its series disappear with it",
    )


def test_a_bad_label_is_reported_and_ignored_alone(swarmscope: Lab) -> None:
    """In the log, in a metric and on the page; the service's other probes go on."""
    lab = swarmscope
    update = ("service", "update", "--detach")
    lab.docker(lab.manager, *update, "--label-add=swarmscope.tcp=many", "shop_cache")
    try:
        wait_until(
            lambda: all(
                value(node, "swarmscope_label_errors", service="shop_cache") == 1
                for node in lab.nodes
            ),
            30,
            "every agent complains",
        )
        page = shipped.get(lab.manager, shipped.AGENT_PORT, "/")
        assert "swarmscope.tcp=many" in page
        container = shipped.agent_container(lab, lab.manager)
        log = lab.exec(lab.manager, "sh", "-c", f"docker logs {container} 2>&1")
        assert "shop_cache: label swarmscope.tcp='many' is ignored: 'many' is no port" in log
    finally:
        lab.docker(lab.manager, *update, "--label-add=swarmscope.tcp=6379", "shop_cache")

    wait_until(
        lambda: not any(series(node, "swarmscope_label_errors") for node in lab.nodes),
        30,
        "the complaint goes with its cause",
    )


@pytest.mark.parametrize("token", ["right", "wrong", ""])
def test_reload_and_the_api_take_the_swarms_secret(swarmscope: Lab, token: str) -> None:
    """Whoever has the token may; nobody else."""
    node = swarmscope.nodes[1]
    secret = _token(swarmscope, node) if token == "right" else token
    expected = 200 if token == "right" else 403

    assert _ask(node, "/-/reload", secret, method="POST") == expected
    assert _ask(node, "/api/v1/topology", secret) == expected
    assert _ask(node, "/api/v1/results", secret) == expected


def _token(lab: Lab, node: Node) -> str:
    container = shipped.agent_container(lab, node)
    return lab.docker(node, "exec", container, "cat", "/run/secrets/swarmscope_token").strip()


def _ask(node: Node, path: str, token: str, *, method: str = "GET") -> int:
    request = urllib.request.Request(
        f"http://{node.address}:{shipped.AGENT_PORT}{path}",
        headers={"Authorization": f"Bearer {token}"} if token else {},
        method=method,
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as refused:
        return refused.code


#: The event loop's, the kernel reader's, and four for calls that block (exporter/__main__.py).
MOST_THREADS = 6


def _held(lab: Lab, node: Node) -> int:
    """Count the descriptors that an agent holds all the time, for longer than an interval.

    A probe that waits for an answer holds a socket, and one that starts holds a namespace for some
    microseconds.
    """
    pid = agent_pid(lab, node)
    ends_at = time.monotonic() + 12
    samples = [usage(pid)]
    while time.monotonic() < ends_at:
        samples.append(usage(pid))
    assert min(used.foreign_namespaces for used in samples) == 0
    assert max(used.threads for used in samples) <= MOST_THREADS
    return min(used.descriptors for used in samples)


def _orphans(lab: Lab, node: Node) -> set[str]:
    """List the containers' namespaces on a node that no running container has."""
    files = lab.exec(node, "ls", "/var/run/docker/netns").split()
    running = lab.docker(node, "ps", "--quiet").split()
    key = "--format={{.NetworkSettings.SandboxKey}}"
    keys = lab.docker(node, "inspect", key, *running).split()
    return {name for name in files if re.fullmatch("[0-9a-f]{12}", name)} - {
        key.rpartition("/")[2] for key in keys
    }


def test_fifty_service_updates_leave_nothing_behind(swarmscope: Lab) -> None:
    """No namespace outlives its container, no descriptor is left, threads are bounded."""
    lab = swarmscope
    services = ("shop_web", "shop_api", "shop_cache", "shop_gateway", "shop_orders-db")
    _settle(lab)
    before = at_once(lambda node: _held(lab, node), lab.nodes)

    for _ in range(10):
        at_once(lambda service: _update(lab, service), services)
        wait_until(lambda: _updated(lab, services), 120, "all five services are updated")

    _settle(lab)

    def as_before() -> bool:
        after = at_once(lambda node: _held(lab, node), lab.nodes)
        if any(now > was for was, now in zip(before, after, strict=True)):
            raise LabError(f"descriptors: {before} became {after}")
        return True

    wait_until(as_before, 60, "the agents hold no more than before")
    wait_until(
        lambda: not any(at_once(lambda node: _orphans(lab, node), lab.nodes)),
        60,
        "every container's namespace went with its container",
    )


def _update(lab: Lab, service: str) -> None:
    options = ("--force", "--detach", "--no-resolve-image", "--update-parallelism=0")
    lab.docker(lab.manager, "service", "update", *options, service)


def _updated(lab: Lab, services: tuple[str, ...]) -> bool:
    inspected = json.loads(lab.docker(lab.manager, "service", "inspect", *services))
    return all(one.get("UpdateStatus", {}).get("State") == "completed" for one in inspected)


def _settle(lab: Lab) -> None:
    """Wait until no probe but those that need IPVS fails, so that nothing is under way."""

    def quiet() -> bool:
        return not any(
            seen.value == 0 and seen["target"] not in BALANCED
            for node in lab.nodes
            for seen in series(node, "swarmscope_probe_success")
        )

    wait_until(quiet, 60, "nothing fails but what needs IPVS")


def test_workers_survive_the_managers_death_with_the_last_topology(swarmscope: Lab) -> None:
    """They go on probing what they know; the age of it shows, and what failed is counted."""
    lab = swarmscope
    workers = lab.nodes[1:]
    lab.stop_engine(lab.manager)
    try:
        read_at = {
            node.name: value(node, "swarmscope_topology_timestamp_seconds") for node in workers
        }
        for node in workers:
            _goes_on_without_a_manager(node)
            assert value(node, "swarmscope_topology_timestamp_seconds") <= read_at[node.name] + 60
    finally:
        lab.start_engine(lab.manager)

    at_once(shipped.wait_until_ready, lab.nodes)
    wait_until(
        lambda: all(
            value(node, "swarmscope_topology_timestamp_seconds") > read_at[node.name]
            for node in workers
        ),
        90,
        "the workers have a new reading",
    )


def _goes_on_without_a_manager(node: Node) -> None:
    errors, runs = _errors(node), value(node, "swarmscope_probe_runs_total")
    wait_until(lambda: _errors(node) > errors, 60, "what failed is counted")
    wait_until(
        lambda: value(node, "swarmscope_probe_runs_total") > runs + 20,
        60,
        "it goes on probing",
    )
    assert value(node, "swarmscope_topology_source", source="agent") == 1
    assert value(node, "swarmscope_topology_objects", object="services") >= 6
    assert shipped.get(node, shipped.AGENT_PORT, "/-/ready") == "ready\n"
    page = shipped.get(node, shipped.AGENT_PORT, "/")
    assert re.search(r"topology: agent on 198\.18\.0\.11", page)


def _errors(node: Node) -> float:
    return value(node, "swarmscope_topology_errors_total", source="agent")


def test_a_stopped_agent_leaves_within_its_grace(swarmscope: Lab) -> None:
    """SIGTERM is enough: it ends with 0, and Swarm starts the next one."""
    lab, node = swarmscope, swarmscope.nodes[2]
    container = shipped.agent_container(lab, node)

    lab.docker(node, "kill", "--signal=TERM", container)

    def ended() -> dict[str, object]:
        inspected = json.loads(lab.docker(node, "inspect", container))
        state: dict[str, object] = inspected[0]["State"]
        return state if not state["Running"] else {}

    state = wait_until(ended, 5, "the agent ends")
    assert state["ExitCode"] == 0
    wait_until(
        lambda: shipped.agent_container(lab, node) not in {"", container},
        60,
        "Swarm starts the next one",
    )
    shipped.wait_until_ready(node)
