"""What does an agent tell the others of its node?"""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from exporter.report import node_report
from probes.audit.digest import digest_of
from probes.model.gossip import GossipService, GossipTask, NetworkView
from probes.model.topology import ExposedPorts, NetworkAddress, NodeReport, PeerAssociation
from tests.swarms import API, API_1, API_2, APP, SHOP, WEB_1, local, on

VTEP = IPv4Address("198.18.5.11")
OTHER_VTEP = IPv4Address("198.18.5.12")
SEEN = NodeReport(node_id="n1")


def _endpoint(address: IPv4Address, vtep: IPv4Address | None = VTEP) -> GossipTask:
    return GossipTask(name="one", address=address, vtep=vtep)


def _view(*endpoints: GossipTask) -> NetworkView:
    services = (GossipService(name="shop_api", vip=None, mark=256, tasks=endpoints),)
    return NetworkView(network_id=APP.id, peers=(VTEP,), services=services)


def test_what_the_node_alone_can_see() -> None:
    """Its balancers' and plain containers' addresses, a digest of each view, images' ports."""
    view = replace(
        _view(_endpoint(API_1.addresses[0].address)),
        balancer=IPv4Address("10.0.1.99"),
        containers=(IPv4Address("10.0.1.98"),),
    )
    tasks = (replace(local(API_1), exposed=(80,)), replace(local(API_2), exposed=(81, 80)))

    report = node_report(SEEN, tasks, (view,), SHOP)

    assert report == NodeReport(
        node_id="n1",
        exposed=(ExposedPorts(service_id=API.id, ports=(80, 81)),),
        vtep=VTEP,
        balancers=(on(APP, 99),),
        containers=(on(APP, 98),),
        views=(digest_of(view),),
    )


def test_the_vtep_is_that_of_an_endpoint_of_this_node() -> None:
    """Of a task, a plain container or the balancer; another node's says nothing of ours."""
    foreign = _endpoint(API_2.addresses[0].address, OTHER_VTEP)
    unknown = _endpoint(WEB_1.addresses[0].address, None)
    own = _endpoint(API_1.addresses[0].address)
    balancer = _endpoint(IPv4Address("10.0.1.99"))
    tasks = (local(WEB_1), local(API_1))

    assert node_report(SEEN, tasks, (_view(foreign, unknown, own),), SHOP).vtep == VTEP
    assert node_report(SEEN, tasks, (_view(foreign, unknown),), SHOP).vtep is None
    with_balancer = replace(_view(foreign, balancer), balancer=balancer.address)
    assert node_report(SEEN, (), (with_balancer,), SHOP).vtep == VTEP
    with_container = replace(_view(foreign, balancer), containers=(balancer.address,))
    assert node_report(SEEN, (), (with_container,), SHOP).vtep == VTEP


def test_an_address_is_ours_on_its_own_network_only() -> None:
    """Overlays of one subnet on different networks are told apart."""
    elsewhere = replace(_view(_endpoint(API_1.addresses[0].address)), network_id="other")

    assert node_report(SEEN, (local(API_1),), (elsewhere,), SHOP).vtep is None


def test_what_the_audit_saw_goes_along() -> None:
    """And nothing of what the Engine tells is taken from it."""
    seen = NodeReport(
        node_id="n1",
        balancers=(NetworkAddress(network_id="x", address=VTEP),),
        outbound=(PeerAssociation(peer=OTHER_VTEP, spi=1),),
        inbound=(PeerAssociation(peer=OTHER_VTEP, spi=2),),
        local_subnets=(IPv4Network("198.18.0.0/24"),),
        unresolved=("shop_web",),
        dead_ports=(8080,),
    )

    assert node_report(seen, (), (), SHOP) == replace(seen, balancers=())
