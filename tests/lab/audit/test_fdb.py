"""Is every fault of the forwarding entries found, on the node that has it?"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from probes.audit.fdb import mac_of
from tests.lab.audit.forwarding import NETWORK, STRANGER, Place, find_place
from tests.lab.audit.looking import LabAuditor

pytestmark = pytest.mark.lab


@pytest.fixture
def place(auditor: LabAuditor) -> Iterator[Place]:
    """Where the faults are made; whatever a test leaves is mended."""
    place = find_place(auditor)
    yield place
    place.put_back()


@pytest.mark.parametrize(
    ("code", "inject"),
    [
        ("fdb_missing", Place.lose),
        ("fdb_learned_only", Place.learn),
        ("fdb_wrong_vtep", lambda place: place.misdirect(place.third)),
        ("neighbour_missing", Place.forget),
    ],
)
def test_what_should_lead_to_a_remote_task_is_missed(
    auditor: LabAuditor,
    place: Place,
    code: str,
    inject: Callable[[Place], None],
) -> None:
    """Its row lost, learned only, or pointing at another node; its neighbour lost."""
    finding = auditor.shows(
        place.here,
        code,
        inject=lambda: inject(place),
        remove=place.put_back,
        network=NETWORK,
        task=place.remote.name,
        service=place.remote.service,
        peer=place.peer,
        item=str(place.remote.address),
    )

    assert place.mac in finding.evidence[0].expected


def test_a_node_to_which_nothing_leads_is_told_once(auditor: LabAuditor, place: Place) -> None:
    """And not each of its tasks."""
    situation = auditor.situation(place.here)
    (network,) = (item for item in situation.topology.networks if item.name == NETWORK)
    there = [
        replace(place, remote=item)
        for item in situation.endpoints[network.id].values()
        if item.certain and item.node_id == place.remote.node_id
    ]

    def lose_all() -> None:
        for each in there:
            each.lose()
            each.forget()

    def put_all_back() -> None:
        for each in there:
            each.put_back()

    finding = auditor.shows(
        place.here,
        "fdb_peer_missing",
        inject=lose_all,
        remove=put_all_back,
        network=NETWORK,
        peer=place.peer,
        item=str(place.vtep),
    )

    assert all(each.remote.name in finding.evidence[0].expected for each in there)


def test_a_row_for_nobody_is_stale(auditor: LabAuditor, place: Place) -> None:
    """An entry that leads to a node where nobody has the address."""
    auditor.shows(
        place.here,
        "fdb_stale",
        inject=lambda: place.add_row(place.vtep),
        remove=lambda: place.remove_row(place.vtep),
        network=NETWORK,
        peer=place.peer,
        item=str(place.free),
    )


def test_a_vtep_that_is_no_nodes_is_told(auditor: LabAuditor, place: Place) -> None:
    """An entry that leads out of the Swarm."""
    auditor.shows(
        place.here,
        "fdb_unknown_vtep",
        inject=lambda: place.add_row(STRANGER),
        remove=lambda: place.remove_row(STRANGER),
        network=NETWORK,
        item=str(STRANGER),
    )


def test_an_own_task_behind_vxlan_is_told(auditor: LabAuditor, place: Place) -> None:
    """A row that sends a local task's frames out of the node."""
    row = (mac_of(place.own.address), "dev", "vxlan0", "dst", str(place.vtep))
    auditor.shows(
        place.here,
        "fdb_self_reference",
        inject=lambda: place.fdb("add", *row, "self", "permanent"),
        remove=lambda: place.fdb("del", *row),
        network=NETWORK,
        task=place.own.name,
        item=str(place.own.address),
    )


def test_a_moved_task_behind_its_old_port_is_told(auditor: LabAuditor, place: Place) -> None:
    """The bridge learned it there, and forgets it after 300 s."""
    auditor.shows(
        place.here,
        "fdb_wrong_port",
        inject=place.trap,
        remove=place.free_port,
        network=NETWORK,
        task=place.remote.name,
        peer=place.peer,
    )
