"""Are the tasks of this node looked from, where there is no agent?

On the wire the task is shop_web.1 of this node, the peer is shop_api.2 of another.
"""

from dataclasses import dataclass, replace

import pytest

from probes.cli.mesh_here import look_from_here
from probes.looks.errors import CannotLookError
from probes.model.local import LocalTask
from probes.model.result import Outcome
from probes.model.topology import NetworkAddress, Topology
from tests.probes.wire import PEER_ADDRESS, TASK_ADDRESS, Wire
from tests.swarms import API, API_2, APP, SHOP, WEB_1, labelled, local, with_service, with_task


@dataclass(frozen=True)
class Here:
    topology: Topology
    local: tuple[LocalTask, ...]


def _here(wire: Wire, port: int) -> Here:
    topology = with_service(SHOP, labelled(API, tcp=str(port)))
    for task, address in ((WEB_1, TASK_ADDRESS), (API_2, PEER_ADDRESS)):
        placed = (NetworkAddress(network_id=APP.id, address=address),)
        topology = with_task(topology, replace(task, addresses=placed))
    return Here(topology=topology, local=(replace(local(WEB_1), netns=wire.task.netns),))


@pytest.mark.netns
def test_this_nodes_tasks_look_at_all_that_they_share_a_network_with(wire: Wire) -> None:
    """For real, from their own namespaces; another network has nothing to look at."""
    with wire.listen() as listening:
        here = _here(wire, listening.getsockname()[1])
        echoes = look_from_here(here, "icmp", "")
        connections = look_from_here(here, "tcp", "shop_app")
    refused = look_from_here(here, "tcp", "shop_app")

    assert echoes.node == "node1"
    ends = {(look.source, look.target): look.outcome for look in echoes.looks}
    assert ends["shop_web", "shop_api.2"] is Outcome.OK
    (worked,) = [look for look in connections.looks if look.target == "shop_api.2"]
    (failed,) = [look for look in refused.looks if look.target == "shop_api.2"]
    assert (worked.outcome, failed.outcome) == (Outcome.OK, Outcome.REFUSED)
    assert look_from_here(here, "tcp", "shop_data").looks == ()


def test_a_node_without_tasks_is_nowhere_to_look_from() -> None:
    """It is no empty mesh."""
    with pytest.raises(CannotLookError, match="no task runs on this node"):
        look_from_here(Here(topology=SHOP, local=()), "icmp", "")
