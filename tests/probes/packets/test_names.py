"""Are captured addresses joined with names, and names with addresses?"""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from probes.looks.errors import UsageError
from probes.model.topology import NO_TOPOLOGY, NetworkAddress, NodeReport
from probes.packets.conversations import Conversation, Judgement
from probes.packets.names import Names
from probes.packets.wanted import Captured, Ending, Sealed
from tests.swarms import APP, NODE1, NODE2, SHOP, WEB, on, service, task, with_task

VTEP1, VTEP2, VTEP3 = (IPv4Address(f"198.18.0.1{number}") for number in (1, 2, 3))
STRANGER = IPv4Address("198.18.0.99")
#: Node 2 was joined with --data-path-addr.
DATA_PATH = IPv4Address("172.31.0.2")
REPORTED = replace(
    SHOP,
    reports=(
        NodeReport(node_id="n1", vtep=VTEP1, balancers=(on(APP, 5),)),
        NodeReport(node_id="n2", vtep=DATA_PATH),
        NodeReport(node_id="n3", vtep=VTEP3),
    ),
)


def talk(**fields: object) -> Conversation:
    """From shop_web.1 on node 1 to shop_api.2 on node 2, answered."""
    made = Conversation(
        vni=4097,
        protocol="tcp",
        source=IPv4Address("10.0.1.11"),
        source_port=40000,
        destination=IPv4Address("10.0.1.22"),
        destination_port=80,
        source_vtep=VTEP1,
        destination_vtep=VTEP2,
        packets_there=3,
        packets_back=2,
        bytes_there=300,
        bytes_back=200,
        repeated=0,
        resets=0,
        complaints=0,
        first_at=1.0,
        last_at=2.0,
        judgement=Judgement.BOTH_WAYS,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def captured(*talks: Conversation, **fields: object) -> Captured:
    made = Captured(
        packets=5,
        undecoded=0,
        pieces=0,
        dropped=0,
        sealed=(),
        conversations=talks,
        left_out=0,
        written=0,
        seconds=10.0,
        ended_by=Ending.TIME,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def test_tasks_and_balancers_are_named_by_their_network_too() -> None:
    """The same address on another network is another's, or nobody's."""
    names = Names(REPORTED)

    assert names.end(4097, IPv4Address("10.0.1.22")) == "shop_api.2"
    assert names.end(4098, IPv4Address("10.0.1.22")) == "10.0.1.22"
    assert names.end(4097, IPv4Address("10.0.1.5")) == "a load balancer on node1"
    assert (names.network(4097), names.network(9)) == ("shop_app", "vni 9")


def test_a_node_is_known_by_its_data_path_address() -> None:
    """And by the other, since who reported may have been wrong a moment ago."""
    names = Names(REPORTED)

    assert {names.node(vtep) for vtep in (DATA_PATH, VTEP2)} == {"node2"}
    assert names.vtep_of("node2") == DATA_PATH
    assert names.node(STRANGER) == str(STRANGER)


def test_a_vtep_of_nobody_is_bad_where_every_node_told_its_own() -> None:
    """Otherwise it may be one that we have not heard of: it is named, and nobody is blamed."""
    strange = talk(destination_vtep=STRANGER)
    esp = Sealed(sender=VTEP1, receiver=IPv4Address("198.18.0.98"), packets=3)
    found = captured(strange, sealed=(esp,))

    for names, certain in ((Names(REPORTED), True), (Names(SHOP), False)):
        assert names.strangers(found) == [IPv4Address("198.18.0.98"), STRANGER]
        assert names.complete is certain
        assert names.is_bad(strange) is certain
        assert not names.is_bad(talk())
    assert Names(NO_TOPOLOGY).strangers(found) == []


@pytest.mark.parametrize(("name", "last_bytes"), [("shop_api", (21, 22)), ("shop_api.2", (22,))])
def test_a_service_is_where_its_tasks_are(name: str, last_bytes: tuple[int, ...]) -> None:
    """On every overlay: a VIP never leaves its node."""
    wanted = {IPv4Address(f"10.0.{net}.{last}") for net in (1, 2) for last in last_bytes}

    assert {*Names(SHOP).addresses_of(name)} == wanted


def test_who_has_no_address_can_have_no_packets() -> None:
    """It is said at once, not after ten seconds of nothing."""
    ended = with_task(SHOP, task(WEB, 1, NODE1, 11, state="failed", desired="shutdown"))

    with pytest.raises(UsageError, match="no task of shop_web runs on an overlay"):
        Names(ended).addresses_of("shop_web")


def test_more_than_the_filter_takes_is_refused() -> None:
    """One task of it is not too much."""
    big = service("shop_big", APP)
    several = tuple(
        replace(
            task(big, slot, NODE2, 1),
            id=f"t{slot}",
            addresses=(NetworkAddress(network_id=APP.id, address=IPv4Address("10.9.0.0") + slot),),
        )
        for slot in range(1, 502)
    )
    names = Names(replace(SHOP, services=(*SHOP.services, big), tasks=several))

    with pytest.raises(UsageError, match="shop_big has 501 addresses, too many"):
        names.addresses_of("shop_big")
    assert names.addresses_of("shop_big.7") == (IPv4Address("10.9.0.7"),)


def test_what_is_not_there_is_said_with_what_is() -> None:
    """The nearest, or all."""
    names = Names(SHOP)

    assert names.vnis_of("shop_app") == (4097,)
    with pytest.raises(UsageError, match="no overlay 'shop_ap'; did you mean shop_app"):
        names.vnis_of("shop_ap")
    with pytest.raises(UsageError, match="no node 'x', only node1, node2, node3"):
        names.vtep_of("x")
    with pytest.raises(UsageError, match="shop_api"):
        names.addresses_of("shop_apii")
