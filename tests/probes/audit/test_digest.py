"""Do nodes that believe the same have the same digest, and others not?"""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from probes.audit.digest import digest_of
from probes.model.gossip import GossipService, GossipTask, NetworkView
from probes.model.topology import ViewDigest
from probes.swarm.gossip import parse_network_view
from tests.probes.swarm.test_gossip import recorded, tasks_of

TASK = GossipTask(
    name="shop_web.1",
    address=IPv4Address("10.0.1.11"),
    vtep=IPv4Address("198.18.0.11"),
)
OTHER = replace(TASK, name="shop_web.2", address=IPv4Address("10.0.1.12"))
WEB = GossipService(name="shop_web", vip=IPv4Address("10.0.1.10"), mark=256, tasks=(TASK, OTHER))
VIEW = NetworkView(
    network_id="app",
    peers=(IPv4Address("198.18.0.12"), IPv4Address("198.18.0.11")),
    services=(WEB,),
)


def _of(engine: str, node: str) -> ViewDigest:
    document = recorded(engine, f"network-verbose-{node}")
    view = parse_network_view(document, tasks_of(engine), 1.0)
    assert view is not None
    return digest_of(view)


def test_what_is_each_nodes_own_does_not_count() -> None:
    """Marks, balancers, plain containers, order and time differ between nodes that agree."""
    own = replace(
        VIEW,
        peers=VIEW.peers[::-1],
        services=(replace(WEB, mark=300, tasks=(OTHER, TASK)),),
        balancer=IPv4Address("10.0.1.99"),
        containers=(IPv4Address("10.0.1.98"),),
        read_at=9.0,
    )

    assert digest_of(own) == digest_of(VIEW)
    assert digest_of(VIEW).endpoints == 2
    assert digest_of(VIEW).peers == VIEW.peers[::-1]
    assert len(digest_of(VIEW).digest) == 16


@pytest.mark.parametrize(
    "changed",
    [
        replace(WEB, name="shop_new"),
        replace(WEB, vip=IPv4Address("10.0.1.13")),
        replace(WEB, tasks=(TASK,)),
        replace(WEB, tasks=(TASK, replace(OTHER, address=IPv4Address("10.0.1.14")))),
        replace(WEB, tasks=(TASK, replace(OTHER, vtep=IPv4Address("198.18.0.13")))),
        replace(WEB, tasks=(TASK, replace(OTHER, vtep=None))),
    ],
)
def test_what_all_nodes_should_know_counts(changed: GossipService) -> None:
    """Names, VIPs, addresses and VTEPs."""
    assert digest_of(replace(VIEW, services=(changed,))).digest != digest_of(VIEW).digest


def test_real_nodes_agree_once_gossip_has_converged() -> None:
    """Half a minute after the shop was deployed they do; within the first second they did not."""
    assert _of("20.10", "manager") == _of("20.10", "worker")
    early = _of("26.1", "manager"), _of("26.1", "worker")
    assert early[0].digest != early[1].digest
    assert [digest.endpoints for digest in early] == [6, 7]
