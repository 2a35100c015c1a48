"""Does a bundle hold what a colleague needs, and nothing that is secret?"""

import io
import json
import stat
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from probes.cli import bundle as bundling
from probes.doctor.case import Case, Silence
from probes.model.failure import FailureReason
from probes.model.finding import Evidence, Subject
from probes.model.probe import HttpLook, Kind, Probe, ProbeId, Target
from probes.model.result import Outcome, Result
from probes.model.topology import TaskFailure
from probes.model.vantage import HOST
from probes.wire import result_document
from tests.probes.cli.documents import Documents
from tests.probes.cli.test_doctor import INFO, node, probe
from tests.probes.doctor.cases import case, failing, held, told
from tests.swarms import API, APP, SHOP, WEB, WEB_1

#: Every one of these stands somewhere that the command reads, and must not be in the bundle.
PLANTED = {
    "label": "planted-label-value",
    "label of a node": "planted-engine-label",
    "proxy": "planted-proxy-password",
    "task": "planted-task-error",
    "failure": "planted-failure-error",
    "evidence": "planted-evidence-password",
    "url": "planted-url-credential",
    "query": "planted-query-key",
    "body": "planted-expected-body",
    "environment": "planted-environment",
    "bearer": "plantedbearertoken1234567890",
    "join": "SWMTKN-1-plantedjointoken-abc",
    "option": "planted-driver-option",
    "unknown key": "planted-in-a-key-of-tomorrow",
    "configuration": "planted-in-the-agents-token",
}
METRICS = (
    "# TYPE swarmscope_probe_success gauge\n"
    f'swarmscope_probe_success{{endpoint="80/health?key={PLANTED["query"]}"}} 1.0\n'
)


def planted_case() -> Case:
    """Have secrets in all that Swarm and the agents tell."""
    web = replace(
        WEB,
        labels=(
            ("com.docker.stack.namespace", "shop"),
            ("traefik.basicauth.users", PLANTED["label"]),
        ),
    )
    topology = replace(
        SHOP,
        networks=(replace(APP, options=(("driver.opt", PLANTED["option"]),)),),
        services=(web, API),
        tasks=(replace(WEB_1, error=f"exit 1: {PLANTED['task']}"),),
        failures=(
            TaskFailure(
                service_id=WEB.id,
                reason=next(iter(FailureReason)),
                count=1,
                error=PLANTED["failure"],
                first_at=1.0,
                last_at=1.0,
            ),
        ),
    )
    rows = (
        Evidence(
            what="exit",
            expected="0",
            actual=f"1: DB_PASSWORD={PLANTED['evidence']} https://me:{PLANTED['url']}@db/ "
            f"Authorization: Bearer {PLANTED['bearer']} {PLANTED['join']}",
        ),
    )
    looks = (
        failing("node1", "shop_api.1", endpoint=f"80/health?key={PLANTED['query']}"),
        replace(failing("node1", "shop_api.1", detail=PLANTED["body"]), outcome="bad_body"),
    )
    told_here = told(
        "node1",
        findings=(held("service_degraded", Subject(service="shop_web"), *rows),),
        failing=looks,
    )
    gathered = case(told_here, told("node2"), silent=(Silence(node="node3", why="refused"),))
    return replace(gathered, topology=topology)


def planted_results() -> Mapping[str, Any]:
    """Have a look that expects a secret in a page's body, and says so when it fails."""
    look = HttpLook(
        address=WEB_1.addresses[0].address,
        port=80,
        path=f"/?key={PLANTED['query']}",
        host="shop",
        body=PLANTED["body"],
    )
    probe_id = ProbeId(
        probe=Kind.HTTP,
        target=Target.TASK,
        network="shop_app",
        source_service="shop_web",
        source_node="node1",
        destination_service="shop_api",
        endpoint=f"80/?key={PLANTED['query']}",
    )
    looked = Result(
        probe=Probe(id=probe_id, look=look, vantage=HOST, interval_seconds=10, timeout_seconds=2),
        outcome=Outcome.BAD_BODY,
        detail=f"{PLANTED['body']!r} is not in the page",
        started_at=1.0,
        seconds=0.1,
    )
    document = {**result_document(looked), "new": PLANTED["unknown key"]}
    return {"version": 1, "node": "node1", "results": [document], "new": PLANTED["unknown key"]}


PAGES: Documents = {
    "/api/v1/results": (200, planted_results()),
    "/api/v1/doctor/configuration": (
        200,
        {"log_level": "info", "said": f"token={PLANTED['configuration']}"},
    ),
    "/metrics": (200, METRICS.encode()),
}
ENGINE_INFO = {
    **INFO,
    "Labels": [PLANTED["label of a node"]],
    "HttpProxy": f"http://me:{PLANTED['proxy']}@proxy:3128",
}
CONTAINERS: Documents = {
    "/containers/json": (200, [{"Id": "c1"}]),
    "/containers/c1/json": (200, {"Config": {"Env": [f"KEY={PLANTED['environment']}"]}}),
}


def written(folder: Path, *arguments: str) -> dict[str, bytes]:
    """Write a bundle of a Swarm full of secrets, and open it."""
    file = folder / "night.tar.gz"
    with node(folder, planted_case(), ENGINE_INFO, CONTAINERS, PAGES) as options:
        done = probe(*options, "--bundle", str(file), *arguments)
    assert done.exit_code == 1, done.output
    return opened(file.read_bytes())


def opened(body: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as tar:
        members = tar.getmembers()
        assert {member.mode for member in members} == {0o600}
        files = {member.name: tar.extractfile(member) for member in members}
        return {
            name.removeprefix("swarmscope-bundle/"): file.read()
            for name, file in files.items()
            if file
        }


def test_it_holds_all_that_is_known(tmp_path: Path) -> None:
    """And says in its MANIFEST what is in it, and what is not, and why."""
    files = written(tmp_path)

    assert set(files) == {
        "MANIFEST",
        "diagnosis.json",
        "engine.json",
        "topology.json",
        "nodes/node1.json",
        "nodes/node2.json",
        "results.json",
        "configuration.json",
        "metrics.txt",
        "reading.json",
    }
    manifest = files["MANIFEST"].decode()
    for name, body in files.items():
        assert name == "MANIFEST" or f"  {name} ({len(body)} bytes): " in manifest
    assert "nodes/node3: refused" in manifest
    assert "readings of other nodes: their agents hand out none" in manifest
    topology = json.loads(files["topology.json"])
    assert [item["name"] for item in topology["services"]] == ["shop_web", "shop_api"]
    assert topology["services"][0]["stack"] == "shop"
    assert topology["services"][0]["other_labels"] == 1
    assert json.loads(files["diagnosis.json"])["causes"]
    finding = json.loads(files["nodes/node1.json"])["findings"][0]
    assert finding["finding"]["code"] == "service_degraded"
    assert "DB_PASSWORD=[left out]" in finding["finding"]["evidence"][0]["actual"]
    assert json.loads(files["engine.json"])["version"] == "26.1.5"
    assert b'endpoint="80/health?[left out]"} 1.0' in files["metrics.txt"]


def test_no_secret_is_in_it(tmp_path: Path) -> None:
    """Whatever was planted anywhere: in labels, environments, URLs, errors, keys yet unknown."""
    files = written(tmp_path)

    for name, body in files.items():
        for where, secret in PLANTED.items():
            assert secret.encode() not in body, f"{where} in {name}"


def test_only_its_owner_can_read_it_and_nothing_else_is_left(tmp_path: Path) -> None:
    """It names the inside of the network."""
    written(tmp_path)

    file = tmp_path / "night.tar.gz"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [item.name for item in tmp_path.iterdir() if "night" in item.name] == [file.name]


def test_a_file_that_is_there_is_not_overwritten_unless_told_so(tmp_path: Path) -> None:
    """It may be last night's."""
    file = tmp_path / "night.tar.gz"
    file.write_bytes(b"last night")
    with node(tmp_path, planted_case(), ENGINE_INFO, CONTAINERS, PAGES) as options:
        refused = probe(*options, "--bundle", str(file))
        kept = file.read_bytes()
        done = probe(*options, "--bundle", str(file), "--force")

    assert (refused.exit_code, kept) == (2, b"last night")
    assert "is there already: name another, or write --force" in refused.output
    assert "engine" not in refused.output
    assert done.exit_code == 1
    assert "MANIFEST" in opened(file.read_bytes())


def test_it_can_go_to_standard_output(tmp_path: Path) -> None:
    """An agent's container has no place to write to; what people read goes the other way."""
    start = "from probes.cli.main import main; main()"
    with node(tmp_path, planted_case(), ENGINE_INFO, CONTAINERS, PAGES) as options:
        done = subprocess.run(
            [sys.executable, "-c", start, *options, "--bundle", "-"],
            capture_output=True,
            check=False,
            timeout=30,
        )

    assert done.returncode == 1, done.stderr
    assert "MANIFEST" in opened(done.stdout)
    assert b"Not well: " in done.stderr
    assert b"Written to standard output: 10 files." in done.stderr


def test_without_an_agent_it_holds_what_there_is(tmp_path: Path) -> None:
    """And why there is no more."""
    file = tmp_path / "night.tar.gz"
    with node(tmp_path, None, info=None) as options:
        done = probe(*options, "--bundle", str(file))

    files = opened(file.read_bytes())
    assert done.exit_code == 3
    assert set(files) == {"MANIFEST", "diagnosis.json", "reading.json"}
    assert b"  metrics.txt: the agent at " in files["MANIFEST"]


def test_its_size_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too large is left out, and named."""
    monkeypatch.setattr(bundling, "MOST_FILE_BYTES", 2000)

    files = written(tmp_path)

    assert "topology.json" not in files
    assert all(len(body) <= 2000 for name, body in files.items() if name != "MANIFEST")
    assert b"  topology.json: " in files["MANIFEST"]
    assert b"are more than there is room for" in files["MANIFEST"]


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    """As in an agent's container, whose files are read-only; it says what to write instead."""
    with node(tmp_path, planted_case(), ENGINE_INFO, CONTAINERS, PAGES) as options:
        done = probe(*options, "--bundle", "/proc/self/fdinfo/night.tar.gz")

    assert done.exit_code == 3
    assert "cannot be written" in done.output
    assert "`--bundle -` writes to standard output" in done.output


def test_a_hostile_name_of_a_node_stays_a_files_name(tmp_path: Path) -> None:
    """Nothing is written outside of the folder when somebody unpacks it."""
    file = tmp_path / "night.tar.gz"
    with node(tmp_path, case(told("../../etc/passwd")), pages=PAGES) as options:
        probe(*options, "--bundle", str(file))

    assert "nodes/.._.._etc_passwd.json" in opened(file.read_bytes())
