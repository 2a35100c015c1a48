"""Does a shell on any node complete the names of the real Swarm?"""

import pytest

from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.swarmscope import agent_container
from tests.lab.wait import at_once

pytestmark = pytest.mark.lab


def _completed(lab: Lab, node: Node, line: str) -> list[str]:
    agent = agent_container(lab, node)
    return lab.docker(node, "exec", agent, "probe", "complete", "--", line).split()


@pytest.mark.parametrize(
    ("line", "some"),
    [
        ("probe fdb --node ", {"node1", "node2", "node3"}),
        ("probe fdb --network shop_", {"shop_app", "shop_data"}),
        ("probe vips --service ", {"shop_web", "web", "shop_gateway"}),
        ("probe icmp shop_cache", {"shop_cache", "shop_cache.1"}),
    ],
)
def test_names_are_known_on_every_node(swarmscope: Lab, line: str, some: set[str]) -> None:
    """On workers, too, whose Engine knows none of them."""
    for words in at_once(lambda node: _completed(swarmscope, node, line), swarmscope.nodes):
        assert some <= set(words)
