"""Is nothing found where nothing is wrong: while the Swarm rests, and while people work on it?"""

import os
import time
from collections.abc import Callable

import pytest

from tests.lab import swarmscope as shipped
from tests.lab.agent.observe import value
from tests.lab.agent.watching import Held, held_on, watching
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.wait import at_once, wait_until

pytestmark = pytest.mark.lab

#: For a developer who waits; the whole time is for everybody else.
QUIET_SECONDS = float(os.environ.get("SWARM_LAB_QUIET_SECONDS", "600"))
#: After a change: the grace, a new view of gossip, and the longest hold of a finding.
SETTLED_WITHIN_SECONDS = 240.0
#: How long every change is watched after it is done: the grace, two rounds and the usual hold.
_WATCHED_SECONDS = 65.0


@pytest.fixture(scope="module")
def known(swarmscope: Lab) -> set[Held]:
    """What is true of this kernel all the time; other tests' faults have gone by then."""
    lacks = () if swarmscope.kernel.ipvs else ("host_no_ipvs",)

    def only_the_kernel() -> list[set[Held]]:
        held = {item for found in at_once(held_on, swarmscope.nodes) for item in found}
        others = {item for item in held if item.code not in lacks}
        if others or len({item.node for item in held}) != len(lacks) * len(swarmscope.nodes):
            raise LabError(f"held: {held}")
        return [held]

    why = "nothing is held but what the kernel lacks"
    return wait_until(only_the_kernel, SETTLED_WITHIN_SECONDS, why, pause=2)[0]


def _quiet_for(lab: Lab, seconds: float) -> None:
    """Let so much time pass, and every agent audit until its end."""
    end = time.time() + seconds

    def audited() -> bool:
        at = [value(node, "swarmscope_audit_timestamp_seconds") for node in lab.nodes]
        return min(at) >= end

    wait_until(audited, seconds + 120, "every agent audits until then", pause=2)


def test_a_healthy_swarm_is_silent(swarmscope: Lab, known: set[Held]) -> None:
    """For ten minutes."""
    with watching(swarmscope) as watch:
        _quiet_for(swarmscope, QUIET_SECONDS)

    assert set(watch.held) - known == set()
    assert min(watch.looks.values()) > QUIET_SECONDS / 10


def _update(lab: Lab) -> None:
    """Replace every task of a service, one after the other."""
    lab.docker(lab.manager, "service", "update", "--force", "--no-resolve-image", "shop_web")


def _scale(lab: Lab) -> None:
    for replicas in ("5", "1", "2"):
        lab.docker(lab.manager, "service", "scale", f"shop_api={replicas}")


def _drain(lab: Lab) -> None:
    """Empty a node and give it back."""
    node = lab.nodes[-1].name
    lab.docker(lab.manager, "node", "update", "--availability=drain", node)
    wait_until(lambda: not _running_on(lab, node), 60, f"{node} is empty")
    lab.docker(lab.manager, "node", "update", "--availability=active", node)


def _running_on(lab: Lab, node: str) -> str:
    """List the tasks on a node but those of global services, which a drain ends as well."""
    options = ("--filter=desired-state=running", "--format={{.Name}}")
    return lab.docker(lab.manager, "node", "ps", node, *options).strip()


def _remake(lab: Lab) -> None:
    """Remove a service and its network, and create both again."""
    for _ in range(2):
        lab.docker(lab.manager, "network", "create", "--driver=overlay", "passing")
        create = ("service", "create", "--no-resolve-image", "--name=passing", "--replicas=3")
        lab.docker(lab.manager, *create, "--network=passing", "redis:7-alpine")
        lab.docker(lab.manager, "service", "rm", "passing")
        wait_until(lambda: _is_gone(lab, "passing"), 60, "the network is gone")


def _is_gone(lab: Lab, network: str) -> bool:
    """Remove a network that may still be in use, and see that no node has it any more."""
    lab.docker(lab.manager, "network", "rm", network, check=False)
    name = f"--filter=name=^{network}$"
    return not any(lab.docker(node, "network", "ls", "--quiet", name) for node in lab.nodes)


def _everyday(lab: Lab) -> None:
    """Update, scale, remove and create at the same time; then empty a node."""
    at_once(lambda work: work(lab), (_update, _scale, _remake))
    _drain(lab)


def _restart_worker(lab: Lab) -> None:
    lab.stop_engine(lab.nodes[1])
    lab.start_engine(lab.nodes[1])


def _restart_manager(lab: Lab) -> None:
    lab.stop_engine(lab.manager)
    lab.start_engine(lab.manager)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_everyday, id="everyday"),
        # The scorecard plays them as well, with pages.
        pytest.param(_restart_worker, id="restart_worker", marks=pytest.mark.faults),
        pytest.param(_restart_manager, id="restart_manager", marks=pytest.mark.faults),
    ],
)
def test_work_on_the_swarm_is_no_fault(
    swarmscope: Lab,
    known: set[Held],
    change: Callable[[Lab], None],
) -> None:
    """Neither while it goes on nor afterwards does any finding outlive its hold."""
    lab = swarmscope
    with watching(lab) as watch:
        change(lab)
        wait_until(lambda: not lab.complaints(), 120, "every node is ready again")
        at_once(shipped.wait_until_ready, lab.nodes)
        _quiet_for(lab, _WATCHED_SECONDS)

    assert {item: watch.held[item] for item in set(watch.held) - known} == {}
