"""How is the shipped stack deployed for the scorecard?

As it is, but for what is anybody's own: the dependencies that the agents are to watch, the address
of the pager, and a shop that can be well on this kernel.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import yaml

from tests.lab import images, swarmscope
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.scorecard.pages import PAGE, TICKET, Pager
from tests.lab.scorecard.scenario import Site
from tests.lab.swarmscope_images import ROOT
from tests.lab.wait import wait_until

SHOP = ROOT / "deploy" / "examples" / "shop.yml"
_READY_WITHIN_SECONDS = 120


def deploy(site: Site, pager: Pager, folder: Path) -> None:
    """Deploy the shop, and the stack beside it, from copies of the files under *folder*."""
    lab = site.lab
    images.put(lab.nodes, images.SHOP)
    lab.deploy(_shop(lab, folder), "shop")
    copy = folder / "deploy"
    shutil.copytree(ROOT / "deploy", copy)
    agent = copy / "agent.yml"
    agent.write_text(agent.read_text() + yaml.safe_dump({"targets": site.dependencies.targets()}))
    alertmanager = copy / "alertmanager" / "alertmanager.yml"
    alertmanager.write_text(_with_pager(yaml.safe_load(alertmanager.read_text()), pager.url))
    # Swarm's configs cannot be changed: these are others than those of `make run`.
    os.environ["CONFIG_VERSION"] = f"scorecard-{os.getpid()}"
    swarmscope.deploy(lab, print, copy / "stack.yml")
    port = swarmscope.ALERTMANAGER_PORT
    swarmscope.wait_until_ready(lab.manager, port)
    swarmscope.wait_until_scraped(lab)


def _with_pager(configuration: dict[str, Any], url: str) -> str:
    for receiver in configuration["receivers"]:
        if receiver["name"] in {PAGE, TICKET}:
            receiver["webhook_configs"] = [{"url": url, "send_resolved": True}]
    return yaml.safe_dump(configuration)


def _shop(lab: Lab, folder: Path) -> Path:
    """Give the shop no VIPs and no published port where the kernel cannot balance."""
    if lab.kernel.ipvs:
        return SHOP
    shop = yaml.safe_load(SHOP.read_text())
    for service in shop["services"].values():
        service.pop("ports", None)
        service["deploy"]["endpoint_mode"] = "dnsrr"
    file = folder / "shop.yml"
    file.write_text(yaml.safe_dump(shop))
    return file


def alerts(lab: Lab) -> list[dict[str, str]]:
    """List the labels of the alerts that Alertmanager would notify of now."""
    query = "/api/v2/alerts?active=true&silenced=false&inhibited=false"
    answer = swarmscope.get(lab.manager, swarmscope.ALERTMANAGER_PORT, query)
    return [alert["labels"] for alert in json.loads(answer)]


def pending(lab: Lab) -> list[dict[str, str]]:
    """List the alerts that Prometheus holds back or has, but the dead man's switch."""
    rows = swarmscope.query(lab, 'ALERTS{severity=~"critical|warning"}')
    return [row["metric"] for row in rows]


def wait_until_quiet(lab: Lab, within: float) -> None:
    """Wait until nothing fires and nothing is about to, on a Swarm that is whole."""

    def quiet() -> bool:
        loud = [*lab.complaints(), *pending(lab)]
        loud += [labels for labels in alerts(lab) if labels["severity"] in {"critical", "warning"}]
        if loud:
            raise LabError(f"not quiet: {loud}")
        return True

    wait_until(quiet, within, "nothing fires, and nothing is about to", pause=2)
