"""Are conversations sorted, and those without an answer told from those with one?"""

from dataclasses import replace
from ipaddress import IPv4Address

from probes.packets.conversations import Conversations, InnerPacket, Judgement, lacks_answer

SYN, SYN_ACK, ACK, RST = 0x02, 0x12, 0x10, 0x14
WEB, API = IPv4Address("10.0.1.3"), IPv4Address("10.0.1.4")
NODE1, NODE2 = IPv4Address("198.18.0.11"), IPv4Address("198.18.0.12")

THERE = InnerPacket(
    at=1.0,
    sender=NODE1,
    receiver=NODE2,
    vni=4097,
    source=WEB,
    destination=API,
    protocol="tcp",
    source_port=40000,
    destination_port=80,
    size_bytes=60,
    flags=SYN,
    sequence=100,
)


#: Long after the last of them.
LATER = 60.0


def back(packet: InnerPacket, **fields: int) -> InnerPacket:
    """Turn a packet around."""
    turned = replace(
        packet,
        at=packet.at + 0.001,
        sender=packet.receiver,
        receiver=packet.sender,
        source=packet.destination,
        destination=packet.source,
        source_port=packet.destination_port,
        destination_port=packet.source_port,
    )
    return replace(turned, **fields)  # type: ignore[arg-type]


def sorted_out(*packets: InnerPacket, at_most: int = 100) -> Conversations:
    table = Conversations(at_most)
    for packet in packets:
        table.add(packet)
    return table


def test_both_directions_are_one_conversation() -> None:
    """From who asked, whoever was seen first."""
    answer = back(THERE, flags=SYN_ACK, sequence=900)
    for packets in ((THERE, answer), (answer, THERE)):
        (found,) = sorted_out(*packets).found(LATER)

        assert (found.source, found.source_port) == (WEB, 40000)
        assert (found.destination, found.destination_port) == (API, 80)
        assert (found.source_vtep, found.destination_vtep) == (NODE1, NODE2)
        assert (found.packets_there, found.packets_back) == (1, 1)
        assert found.judgement is Judgement.BOTH_WAYS


def test_a_server_is_known_by_its_port_where_the_beginning_was_missed() -> None:
    """Whoever of the two spoke first since."""
    data = replace(THERE, flags=ACK)
    for packets in ((data, back(data)), (back(data), data)):
        (found,) = sorted_out(*packets).found(LATER)

        assert (found.source, found.destination_port) == (WEB, 80)
        assert (found.packets_there, found.packets_back) == (1, 1)


def test_a_connection_that_nobody_answers_is_told_with_its_repetitions() -> None:
    """TCP asks again, with the same sequence number."""
    (found,) = sorted_out(THERE, replace(THERE, at=2.0), replace(THERE, at=4.0)).found(LATER)

    assert (found.judgement, found.repeated) == (Judgement.UNANSWERED, 2)
    assert lacks_answer(found)


def test_who_asked_just_now_may_still_get_an_answer() -> None:
    """A capture ends somewhere."""
    table = sorted_out(THERE)

    assert table.found(THERE.at + 0.1)[0].judgement is Judgement.UNKNOWN
    assert table.found(THERE.at + 1.0)[0].judgement is Judgement.UNANSWERED


def test_a_refusal_is_an_answer() -> None:
    """The port is closed, and the way there is well."""
    (found,) = sorted_out(THERE, back(THERE, flags=RST, sequence=0)).found(LATER)

    assert (found.judgement, found.resets) == (Judgement.REFUSED, 1)
    assert not lacks_answer(found)


def test_an_error_is_an_answer_too_and_no_conversation_of_its_own() -> None:
    """Whoever says it, and whether or not the packet that it is about was seen."""
    port_closed = replace(back(THERE), protocol="udp", flags=0, complaint=True)
    asked = replace(THERE, protocol="udp", flags=0)
    for packets in ((asked, port_closed), (port_closed,)):
        (found,) = sorted_out(*packets).found(LATER)

        assert (found.source, found.source_port, found.destination_port) == (WEB, 40000, 80)
        assert (found.packets_there, found.packets_back) == (len(packets) - 1, 0)
        assert (found.judgement, found.complaints) == (Judgement.REFUSED, 1)


def test_later_pieces_are_counted_and_make_no_conversation() -> None:
    """They have no ports, so they would look as if nobody answered them."""
    table = sorted_out(*[replace(THERE, protocol="udp", piece=True)] * 9)

    assert (table.found(LATER), table.pieces) == ([], 9)


def test_udp_may_be_meant_to_have_no_answer() -> None:
    """It is marked, and nobody is blamed."""
    (found,) = sorted_out(*[replace(THERE, protocol="udp", flags=0)] * 4).found(LATER)

    assert found.judgement is Judgement.ONE_WAY
    assert not lacks_answer(found)


def test_packets_one_way_are_told_once_they_are_enough() -> None:
    """Of UDP, and of connections that began before."""
    data = replace(THERE, flags=ACK, payload_bytes=20)
    few = [replace(data, sequence=number) for number in range(3)]
    many = [replace(data, sequence=number) for number in range(4)]

    assert sorted_out(*few).found(LATER)[0].judgement is Judgement.UNKNOWN
    assert sorted_out(*many).found(LATER)[0].judgement is Judgement.ONE_WAY


def test_networks_are_kept_apart() -> None:
    """Two overlays may have the same addresses."""
    assert len(sorted_out(THERE, replace(THERE, vni=4098)).found(LATER)) == 2


def test_conversations_are_bounded_and_the_rest_is_counted() -> None:
    """Memory does not grow with what strangers send."""
    packets = [replace(THERE, source_port=port) for port in range(1, 11)]

    table = sorted_out(*packets, at_most=4)

    assert (len(table.found(LATER)), table.left_out) == (4, 6)


def test_the_one_sided_come_first_then_who_says_most() -> None:
    """However little they say."""
    talk = replace(THERE, source_port=1, size_bytes=9000)
    quiet = replace(THERE, source_port=2)
    lost = replace(THERE, source_port=3)
    table = sorted_out(talk, back(talk, flags=SYN_ACK), quiet, back(quiet, flags=SYN_ACK), lost)

    assert [item.source_port for item in table.found(LATER)] == [3, 1, 2]
