"""Does `probe network` say what is missing on the lab's Swarm, make it, and touch nothing else?"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.lab import Lab

pytestmark = [pytest.mark.lab, pytest.mark.faults]

_FILE = """
version: 1
networks:
  shop_app: {}
  declared_edge: {subnet: 10.77.0.0/24, attachable: true, mtu: 1400, labels: {team: a}}
  shop_data: {}
"""


def _probe(lab: Lab, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the checkout's `probe` at the manager's Engine, as an operator there does."""
    main = "from probes.cli.main import main; main()"
    engine = f"unix://{lab.manager.socket}"
    return subprocess.run(
        [sys.executable, "-c", main, "--engine", engine, "network", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_missing_network_is_made_once_and_a_different_one_left_alone(
    shop: Lab, tmp_path: Path
) -> None:
    """What is planned is what is done; and then there is nothing to do but what people must."""
    file = tmp_path / "network-config.yml"
    file.write_text(_FILE)
    try:
        planned = _probe(shop, "plan", str(file), "--json")
        unasked = _probe(shop, "apply", str(file))
        applied = _probe(shop, "apply", str(file), "--yes")
        again = _probe(shop, "plan", str(file), "--json")
        made = json.loads(shop.docker(shop.manager, "network", "inspect", "declared_edge"))[0]
    finally:
        shop.docker(shop.manager, "network", "rm", "declared_edge")

    actions = {item["network"]: item["action"] for item in json.loads(planned.stdout)["networks"]}
    assert actions == {
        "shop_app": "as declared",
        "declared_edge": "create",
        "shop_data": "by hand",  # it is internal, and declared not to be
    }
    assert (planned.returncode, unasked.returncode) == (1, 2)
    assert "say --yes" in unasked.stderr
    assert applied.returncode == 1, applied.stderr
    assert "made declared_edge" in applied.stderr
    assert made["IPAM"]["Config"][0]["Subnet"] == "10.77.0.0/24"
    assert (made["Attachable"], made["Labels"]) == (True, {"team": "a"})
    assert made["Options"]["com.docker.network.driver.mtu"] == "1400"
    actions = {item["network"]: item["action"] for item in json.loads(again.stdout)["networks"]}
    assert actions["declared_edge"] == "as declared"


def test_the_document_has_what_the_engine_tells_of_each_task(shop: Lab) -> None:
    """Every address of every running task of the shop, in the row of its task."""
    done = _probe(shop, "document")

    ids = shop.docker(
        shop.manager,
        "service",
        "ps",
        "shop_api",
        "shop_web",
        "--quiet",
        "--filter",
        "desired-state=running",
        "--no-trunc",
    ).split()
    tasks = json.loads(shop.docker(shop.manager, "inspect", "--type", "task", *ids))
    addresses = [
        address.partition("/")[0]
        for task in tasks
        for attachment in task["NetworksAttachments"]
        for address in attachment["Addresses"]
    ]
    assert done.returncode == 0, done.stderr
    assert len(addresses) >= len(tasks) > 1
    for address in addresses:
        assert f"| {address} |" in done.stdout
