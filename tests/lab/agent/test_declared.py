"""Is what the shop's example declares held against the lab's Swarm, and each violation found?"""

from collections.abc import Iterator

import pytest

from tests.lab import swarmscope as shipped
from tests.lab.agent.observe import series, value
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.swarmscope import STACK_NAME
from tests.lab.swarmscope_images import ROOT, STACK
from tests.lab.wait import at_once, wait_until

pytestmark = [pytest.mark.lab, pytest.mark.faults]

EXAMPLE = ROOT / "deploy" / "examples" / "declared" / "stack.yml"
#: Of the declaration's family; a kernel without IPVS has findings of its own.
_FAMILY = ("policy_", "declared_")
#: A finding's two rounds, its hold, and the change itself.
_WITHIN_SECONDS = 120.0


@pytest.fixture(scope="module")
def declared(swarmscope: Lab) -> Iterator[Lab]:
    """Put the example on top of the stack for these tests; what it declares is so."""
    try:
        swarmscope.deploy(STACK, STACK_NAME, over=(EXAMPLE,))
        at_once(shipped.wait_until_ready, swarmscope.nodes)
        wait_until(lambda: _tried(swarmscope), _WITHIN_SECONDS, "forbidden flows are tried")
        _wait_for(swarmscope)
        yield swarmscope
    finally:
        swarmscope.deploy(STACK, STACK_NAME)
        at_once(shipped.wait_until_ready, swarmscope.nodes)


def _tried(lab: Lab) -> bool:
    """Tell whether some agent has tried what must not be, and was kept out by the networks."""
    name = "swarmscope_forbidden_connections"
    kept = at_once(lambda node: value(node, name, outcome="unreachable"), lab.nodes)
    if not sum(kept):
        raise LabError(f"kept out: {kept}")
    return True


def _found(lab: Lab) -> set[tuple[str, str]]:
    """List the family's findings, of all nodes: their codes, and what they are about."""
    told = at_once(lambda node: series(node, "swarmscope_findings"), lab.nodes)
    return {
        (item["code"], item["service"] or item["network"])
        for found in told
        for item in found
        if item["code"].startswith(_FAMILY) and item.value
    }


def _wait_for(lab: Lab, *expected: tuple[str, str]) -> None:
    """Wait until just these are found."""

    def exactly() -> bool:
        found = _found(lab)
        if found != {*expected}:
            raise LabError(f"found: {sorted(found)}")
        return True

    wait_until(exactly, _WITHIN_SECONDS, f"found is {sorted(expected)}", pause=1)


def _update(lab: Lab, service: str, *options: str) -> None:
    base = ("service", "update", "--detach", "--no-resolve-image")
    lab.docker(lab.manager, *base, *options, service)


def test_a_service_that_joins_a_forbidden_network_is_found_out(declared: Lab) -> None:
    """By connections that come about from its own tasks; and it clears."""
    lab = declared
    _update(lab, "shop_web", "--network-add", "shop_data")
    try:
        _wait_for(lab, ("policy_violated", "shop_cache"), ("policy_violated", "shop_orders-db"))
    finally:
        _update(lab, "shop_web", "--network-rm", "shop_data")
    _wait_for(lab)


def test_too_few_tasks_are_found_though_swarm_wants_no_more(declared: Lab) -> None:
    """Somebody scaled it down: Swarm is content, the declaration is not."""
    lab = declared
    lab.docker(lab.manager, "service", "scale", "--detach", "shop_web=1")
    try:
        _wait_for(lab, ("declared_too_few", "shop_web"))
    finally:
        lab.docker(lab.manager, "service", "scale", "--detach", "shop_web=3")
    _wait_for(lab)


def test_a_service_that_is_addressed_in_another_way_is_found(declared: Lab) -> None:
    """Its clients were declared to spread their requests themselves."""
    lab = declared
    _update(lab, "shop_cache", "--endpoint-mode", "vip")
    try:
        _wait_for(lab, ("declared_service_differs", "shop_cache"))
    finally:
        _update(lab, "shop_cache", "--endpoint-mode", "dnsrr")
    _wait_for(lab)
