"""Does the page of any agent show a fault while it lasts, explain it, and name who is silent?"""

import re
import urllib.request
from urllib.parse import urlencode

import pytest

from tests.lab.agent.observe import SEEN_WITHIN_SECONDS
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.ports import port_closed
from tests.lab.swarmscope import AGENT_PORT, agent_container, get
from tests.lab.wait import at_once, wait_until

pytestmark = pytest.mark.lab

#: No VIP is between them, so that all is well even where the kernel has no IPVS.
SOURCE, DESTINATION = "shop_api", "shop_cache"
_EXPLAINED_WITHIN_SECONDS = 30


def state_on(node: Node) -> str:
    """Read how the pair is in the matrix that a node's agent shows: "ok", "bad" or "unknown"."""
    page = get(node, AGENT_PORT, "/?stack=shop")
    cell = rf'<td class="(\w+)"><a href="/pair\?source={SOURCE}&amp;destination={DESTINATION}"'
    found = re.search(cell, page)
    if found is None:
        raise LabError(f"the page of {node.name} has no cell from {SOURCE} to {DESTINATION}")
    return found[1]


def wait_for_state(lab: Lab, state: str) -> None:
    """Wait until every agent's page shows the pair so."""

    def shown() -> bool:
        seen = dict(zip(lab.nodes, at_once(state_on, lab.nodes), strict=True))
        if set(seen.values()) != {state}:
            raise LabError(f"{ {node.name: found for node, found in seen.items()} }")
        return True

    wait_until(shown, SEEN_WITHIN_SECONDS, f"every page shows {state}", pause=1)


def explained_on(node: Node) -> str:
    """Press the button on a pair's page."""
    form = urlencode({"source": SOURCE, "destination": DESTINATION}).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    address = f"http://{node.address}:{AGENT_PORT}/pair/explain"
    with opener.open(address, form, timeout=_EXPLAINED_WITHIN_SECONDS) as answer:
        page: bytes = answer.read()
    return page.decode()


def test_every_page_turns_red_at_a_fault_and_back(swarmscope: Lab) -> None:
    """On the node that probes as on those that only ask it; and the pair's page says why."""
    lab = swarmscope
    wait_for_state(lab, "ok")

    with port_closed(lab, f"{DESTINATION}.1", 6379):
        wait_for_state(lab, "bad")
        query = urlencode({"source": SOURCE, "destination": DESTINATION})
        for node in lab.nodes:
            pair = get(node, AGENT_PORT, f"/pair?{query}")
            assert f"{DESTINATION} does not answer {SOURCE} as it should" in pair
            assert "refused" in pair
        assert ' class="state bad"' in explained_on(lab.nodes[-1]).partition('id="walk"')[2]

    wait_for_state(lab, "ok")


def test_a_stopped_agent_is_named_and_the_others_are_shown(swarmscope: Lab) -> None:
    """One that hangs as well as one that is gone: it is given a moment, and no more."""
    lab = swarmscope
    silent = lab.nodes[-1]
    line = f"The agent of {silent.name} did not answer"
    container = agent_container(lab, silent)
    lab.docker(silent, "pause", container)
    try:
        wait_until(lambda: line in get(lab.manager, AGENT_PORT, "/"), 30, "it is named")
        page = get(lab.manager, AGENT_PORT, "/")
        assert f"{len(lab.nodes) - 1} of {len(lab.nodes)} agents answered" in page
    finally:
        lab.docker(silent, "unpause", container)

    wait_until(lambda: line not in get(lab.manager, AGENT_PORT, "/"), 30, "it answers again")
