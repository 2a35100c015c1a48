"""Is an Engine asked about its networks seldom enough, and soon enough after a change?"""

from dataclasses import replace

import pytest

from exporter.gossip import Timetable
from probes.model.topology import Network, Topology
from tests.swarms import API_1, APP, DATA, NODE2, NODE3, SHOP, WEB, task, with_task

MINUTE = 60
INGRESS = Network(id="ingress00000", name="ingress", driver="overlay", ingress=True)


def _times(
    timetable: Timetable,
    seconds: range,
    network: Network = APP,
) -> list[int]:
    """Ask as an agent does, once a second, and list when it was the network's turn."""
    asked = []
    for now in seconds:
        for network_id in timetable.due(now):
            timetable.asked(network_id, now)
            if network_id == network.id:
                asked.append(now)
    return asked


def _following(topology: Topology = SHOP, node_id: str = "n1") -> Timetable:
    timetable = Timetable()
    timetable.follow(topology, node_id, 0)
    return timetable


def test_a_new_network_is_asked_about_at_once_and_when_gossip_has_settled() -> None:
    """Within five seconds, once more after twenty, and then no oftener than once a minute."""
    first, settled, *later = _times(_following(), range(600))

    assert first <= 5
    assert 20 <= settled <= 25
    gaps = [after - before for before, after in zip([settled, *later], later, strict=False)]
    assert len(later) >= 7
    assert all(MINUTE <= gap <= MINUTE + 15 for gap in gaps)


def test_a_change_of_its_tasks_is_followed_up_once() -> None:
    """When it has settled; a view from before then may be half old."""
    timetable = _following()
    *_, last = _times(timetable, range(100))
    timetable.follow(with_task(SHOP, task(WEB, 2, NODE2, 12)), "n1", 100)

    assert _times(timetable, range(100, 120)) == []
    follow_up, next_regular = _times(timetable, range(120, 200))
    assert follow_up == max(120, last + 20)
    assert next_regular >= follow_up + MINUTE


def test_a_network_that_never_rests_is_asked_about_once_a_minute() -> None:
    """Tasks that come and go all the time don't make it oftener."""
    timetable = _following()
    *_, last = _times(timetable, range(100))
    asked = []
    for now in range(100, 400):
        if now % 10 == 0:
            timetable.follow(with_task(SHOP, task(WEB, 2, NODE2, now % 200)), "n1", now)
        asked += _times(timetable, range(now, now + 1))

    times = [last, *asked]
    assert len(asked) in {4, 5}
    assert all(after - before >= MINUTE for before, after in zip(times, asked, strict=False))


def test_never_twice_within_twenty_seconds() -> None:
    """Not even when a change settles right after its turn."""
    timetable = _following()
    turn = _times(timetable, range(200))[-1]
    timetable.follow(with_task(SHOP, task(WEB, 2, NODE2, 12)), "n1", turn - 19)

    assert _times(timetable, range(turn + 1, turn + 60))[0] == turn + 20


def test_after_the_engine_was_away_every_network_is_asked_about() -> None:
    """Its tables were built anew, though the Swarm's tasks may be the same."""
    timetable = _following()
    _times(timetable, range(100))
    timetable.doubt(100)

    assert _times(timetable, range(100, 122))


@pytest.mark.parametrize(
    ("node_id", "expected"),
    [
        ("n1", {APP.id, DATA.id, INGRESS.id}),
        ("n3", {DATA.id, INGRESS.id}),
        ("n9", {INGRESS.id}),
    ],
)
def test_only_where_this_node_takes_part(node_id: str, expected: set[str]) -> None:
    """With a running task of its own; every node takes part in the ingress."""
    topology = replace(SHOP, networks=(*SHOP.networks, INGRESS))

    assert set(_following(topology, node_id).networks) == expected


def test_an_attachable_network_may_have_a_persons_container() -> None:
    """Swarm doesn't tell of it, so the Engine is asked; any other driver has no gossip."""
    attachable = replace(APP, id="open", attachable=True)
    bridge = replace(attachable, id="bridge", driver="macvlan")
    topology = replace(SHOP, networks=(attachable, bridge))

    assert set(_following(topology, NODE3.id).networks) == {"open"}


def test_what_this_node_has_left_is_forgotten() -> None:
    """When its last task there has ended; coming back, it is asked about as if new."""
    timetable = _following(node_id="n2")
    _times(timetable, range(100))
    ended = tuple(item for item in SHOP.tasks if item.node_id != "n2")
    timetable.follow(replace(SHOP, tasks=ended), "n2", 100)
    assert not timetable.networks

    timetable.follow(SHOP, "n2", 110)

    assert _times(timetable, range(110, 116))


def test_networks_have_turns_of_their_own() -> None:
    """Fifty networks are spread over seconds, not asked about all at once."""
    networks = tuple(replace(APP, id=f"net{number}", attachable=True) for number in range(50))
    timetable = _following(Topology(networks=networks, tasks=(API_1,)))
    counts = []
    for now in range(200):
        due = timetable.due(now)
        counts.append(len(due))
        for network_id in due:
            timetable.asked(network_id, now)

    assert sum(counts[:6]) == 50
    assert max(counts[60:]) <= 10
