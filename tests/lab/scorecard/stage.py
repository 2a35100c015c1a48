"""How is the shipped stack deployed for the scorecard?

As it is, but for what is anybody's own: the dependencies that the agents are to watch, the address
of the pager, and a shop that can be well on this kernel.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from alerts.rules import rendered
from alerts.thresholds import Thresholds
from tests.lab import images, swarmscope
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.scorecard.pages import PAGE, TICKET, Pager
from tests.lab.scorecard.scenario import Site
from tests.lab.swarmscope_images import ROOT
from tests.lab.wait import wait_until

SHOP = ROOT / "deploy" / "examples" / "shop.yml"
#: What the stack file calls its configs by.
_VERSION = "CONFIG_VERSION"


@contextmanager
def staged(
    site: Site, pager: Pager, folder: Path, thresholds: Thresholds | None = None
) -> Iterator[None]:
    """Have the shop, and the stack beside it, from copies of the files in *folder*.

    With *thresholds* the rules are others than those that are shipped. What was deployed before is
    deployed again.
    """
    lab = site.lab
    before = lab.docker(lab.manager, "stack", "ls", "--format={{.Name}}").split()
    version = os.environ.get(_VERSION)
    for name in (swarmscope.STACK_NAME, "shop"):
        if name in before:
            lab.remove(name)
    # Swarm's configs cannot be changed: these are others than those of `make run`.
    os.environ[_VERSION] = f"scorecard-{os.getpid()}"
    try:
        _deploy(site, pager, folder, thresholds)
        yield
    finally:
        for name in (swarmscope.STACK_NAME, "shop"):
            lab.remove(name)
        os.environ.pop(_VERSION)
        if version is not None:
            os.environ[_VERSION] = version
        if "shop" in before:
            lab.deploy(SHOP, "shop")
        if swarmscope.STACK_NAME in before:
            swarmscope.deploy(lab, print)
            swarmscope.wait_until_scraped(lab)


def _deploy(site: Site, pager: Pager, folder: Path, thresholds: Thresholds | None) -> None:
    lab = site.lab
    images.put(lab.nodes, images.SHOP)
    lab.deploy(_shop(lab, folder), "shop")
    copy = folder / "deploy"
    shutil.copytree(ROOT / "deploy", copy)
    agent = copy / "agent.yml"
    agent.write_text(agent.read_text() + yaml.safe_dump({"targets": site.dependencies.targets()}))
    alertmanager = copy / "alertmanager" / "alertmanager.yml"
    alertmanager.write_text(_with_pager(yaml.safe_load(alertmanager.read_text()), pager.url))
    if thresholds is not None:
        rules = copy / "prometheus" / "rules" / "swarmscope.json"
        rules.write_text(rendered(thresholds))
    swarmscope.deploy(lab, print, copy / "stack.yml")
    swarmscope.wait_until_ready(lab.manager, swarmscope.ALERTMANAGER_PORT)
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
    """List the pages and tickets that Prometheus holds back or has."""
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
