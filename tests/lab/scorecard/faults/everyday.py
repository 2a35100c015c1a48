"""What people do to a Swarm every day, and what no one should be paged for."""

import time
from functools import partial

from tests.lab import engine, swarmscope
from tests.lab.audit import services
from tests.lab.commands import run
from tests.lab.lab import Lab
from tests.lab.scorecard.scenario import Scenario, Site
from tests.lab.wait import wait_until

IDLE_SECONDS = 600.0
_DONE_WITHIN_SECONDS = 180.0


def _idle(_: Site) -> None:
    time.sleep(IDLE_SECONDS)


def _update(site: Site) -> None:
    _docker(site.lab, "service", "update", "--force", "--no-resolve-image", "shop_web")


def _scale(site: Site) -> None:
    for replicas in ("5", "1", "2"):
        _docker(site.lab, "service", "scale", f"shop_api={replicas}")


def _drain(site: Site) -> None:
    lab, node = site.lab, site.lab.nodes[-1].name
    _docker(lab, "node", "update", "--availability=drain", node)
    wait_until(lambda: not _running_on(lab, node), _DONE_WITHIN_SECONDS, f"{node} is empty")
    _docker(lab, "node", "update", "--availability=active", node)


def _running_on(lab: Lab, node: str) -> str:
    """List the tasks on a node."""
    options = ("--filter=desired-state=running", "--format={{.Name}}")
    return lab.docker(lab.manager, "node", "ps", node, *options).strip()


def _remove(site: Site) -> None:
    services.create(site.lab, "passing", "--network", "shop_app", "--endpoint-mode", "dnsrr")
    services.wait_for_states(site.lab, "passing", running=1)
    services.remove(site.lab, "passing")


def _redeploy(site: Site) -> None:
    lab = site.lab
    listing = ("stack", "services", "shop", "--format={{.Name}}")
    for service in lab.docker(lab.manager, *listing).split():
        _docker(lab, "service", "update", "--force", "--no-resolve-image", service)


def _restart_engine(site: Site) -> None:
    lab = site.lab
    lab.stop_engine(lab.nodes[1])
    lab.start_engine(lab.nodes[1])
    wait_until(lambda: not lab.complaints(), _DONE_WITHIN_SECONDS, "the node is ready again")


def _change_leader(site: Site) -> None:
    """Have three managers; the first hangs until another leads, and then leads again alone."""
    lab = site.lab
    others = [node.name for node in lab.nodes[1:]]
    _docker(lab, "node", "promote", *others)
    listing = ("node", "ls", "--format={{.ManagerStatus}}")
    wait_until(
        lambda: (
            sorted(lab.docker(lab.manager, *listing).split())
            == ["Leader", "Reachable", "Reachable"]
        ),
        _DONE_WITHIN_SECONDS,
        "there are three managers",
    )
    _hang_until_another_leads(lab)
    for name in others:
        demote = partial(lab.docker, lab.manager, "node", "demote", name)
        wait_until(demote, _DONE_WITHIN_SECONDS, f"{name} is a worker again")


def _hang_until_another_leads(lab: Lab) -> None:
    engine_pid = str(engine.pid(lab.manager))
    other = lab.nodes[1]

    def another_leads() -> bool:
        listing = ("node", "ls", "--format={{.Hostname}} {{.ManagerStatus}}")
        lines = lab.docker(other, *listing).splitlines()
        return any(
            line.endswith(" Leader") and not line.startswith(f"{lab.manager.name} ")
            for line in lines
        )

    run("kill", "-STOP", engine_pid)
    try:
        wait_until(another_leads, _DONE_WITHIN_SECONDS, "another manager leads")
    finally:
        run("kill", "-CONT", engine_pid)
    wait_until(lambda: not lab.complaints(), _DONE_WITHIN_SECONDS, "all nodes are ready")


def _update_agents(site: Site) -> None:
    lab = site.lab
    options = ("--force", "--no-resolve-image", "--update-parallelism=1")
    _docker(lab, "service", "update", *options, f"{swarmscope.STACK_NAME}_agent")


def _docker(lab: Lab, *words: str) -> None:
    lab.docker(lab.manager, *words, timeout=_DONE_WITHIN_SECONDS)


SCENARIOS = (
    Scenario(name="rolling-update", words="a service is updated task by task", work=_update),
    Scenario(name="scaling", words="a service is scaled to 5, to 1 and back", work=_scale),
    Scenario(name="drain", words="a node is drained and made active again", work=_drain),
    Scenario(name="removal", words="a service comes and is removed", work=_remove),
    Scenario(name="redeployment", words="every service of a stack is replaced", work=_redeploy),
    Scenario(
        name="engine-restart",
        words="a worker's Engine is killed and started again",
        work=_restart_engine,
    ),
    Scenario(
        name="leader-change",
        words="three managers elect another leader, and become one again",
        work=_change_leader,
    ),
    Scenario(
        name="agents-updated", words="the agents are replaced one by one", work=_update_agents
    ),
    Scenario(name="idle", words="nothing happens for ten minutes", work=_idle),
)
