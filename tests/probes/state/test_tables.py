"""Do tables say what is there, whose it is, and what is wrong with it?"""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from probes.model.probe import DnsLook, Kind, Probe, ProbeId, Target
from probes.model.reading import CouldNotLook, NodeReading
from probes.model.result import Answer, Observation, Outcome, Result
from probes.model.vantage import Vantage, VantageKind
from probes.state.table import Difference, Row, Table, differences
from probes.state.tables import TABLES
from tests.probes.audit import balancing
from tests.probes.audit.situations import NOW, situation
from tests.probes.audit.test_fdb import HEALTHY, REMOTE_ADDRESS, SWARM, row, seen
from tests.swarms import APP, on


def _rows(table: Table) -> list[tuple[tuple[str, ...], str]]:
    return [(item.cells, item.wrong) for item in table.rows]


def test_forwarding_entries_are_named_and_judged() -> None:
    """Whose, and on which node; nothing is wrong with them."""
    table = TABLES["fdb"](seen(HEALTHY))

    assert (table.kind, table.node) == ("fdb", "node1")
    assert _rows(table) == [
        (
            (
                "shop_app",
                "a load balancer on node2",
                "10.0.1.9",
                "02:42:0a:00:01:09",
                "198.18.0.12",
                "node2",
                "written",
            ),
            "",
        ),
        (
            (
                "shop_app",
                "shop_web.2",
                "10.0.1.4",
                "02:42:0a:00:01:04",
                "198.18.0.12",
                "node2",
                "written",
            ),
            "",
        ),
    ]


def test_what_is_missing_has_a_row_of_its_own() -> None:
    """In both tables, each by its own finding."""
    broken = replace(HEALTHY, fdb=HEALTHY.fdb[1:], neighbours=HEALTHY.neighbours[1:])

    fdb, neigh = (TABLES[kind](seen(broken)) for kind in ("fdb", "neigh"))

    assert ("shop_app", "shop_web.2", "10.0.1.4", "none", "", "", "") in {
        item.cells for item in fdb.rows if item.wrong == "fdb_missing"
    }
    assert ("shop_app", "shop_web.2", "10.0.1.4", "none", "", "") in {
        item.cells for item in neigh.rows if item.wrong == "neighbour_missing"
    }


def test_what_leads_astray_is_called_so() -> None:
    """Another node, and one that is none."""
    astray = replace(HEALTHY, fdb=(row(REMOTE_ADDRESS, 3), row(on(APP, 77).address, 9)))

    table = TABLES["fdb"](seen(astray))

    found = {item.cells[1]: (item.cells[5], item.wrong) for item in table.rows}
    assert found["shop_web.2"] == ("node3", "fdb_wrong_vtep")
    assert found["nobody"] == ("no node", "fdb_unknown_vtep")


def test_networks_and_nodes_are_listed_with_their_use() -> None:
    """Addresses are counted as the audit counts them."""
    table = TABLES["networks"](seen(HEALTHY))
    (network,) = table.rows
    cells = dict(zip(table.columns, network.cells, strict=True))
    assert cells["driver"] == "overlay"
    assert (cells["network"], cells["vni"], cells["subnet"]) == ("shop_app", "4097", "10.0.1.0/24")
    assert int(cells["used"]) + int(cells["free"]) == 254

    nodes = TABLES["nodes"](seen(HEALTHY))
    assert [(item.cells[0], item.cells[1], item.cells[-1]) for item in nodes.rows] == [
        ("node1", "manager", "heard"),
        ("node2", "worker", "heard"),
        ("node3", "worker", "silent"),
    ]


def test_load_balancers_show_each_destination_and_its_task() -> None:
    """With the findings of its service."""
    whole = TABLES["ipvs"](balancing.seen(balancing.HEALTHY))
    lost = TABLES["ipvs"](balancing.seen(balancing.with_backends(balancing.HEALTHY)))

    assert [(item.cells[1], item.cells[2], item.cells[6]) for item in whole.rows] == [
        ("shop_web", f"shop_web.{slot}", "1") for slot in (1, 2, 3)
    ]
    assert {item.wrong for item in whole.rows} == {""}
    assert lost.rows == ()

    vips = TABLES["vips"](balancing.seen(balancing.HEALTHY))
    assert _rows(vips) == [(("shop_web", "shop_app", "10.0.1.2", "3", "3 of 3"), "")]


@pytest.mark.parametrize("kind", ["ipvs", "vips"])
def test_a_kernel_without_ipvs_is_said_to_be_one(kind: str) -> None:
    """Nothing is claimed of what could not be read."""
    without = situation(balancing.SWARM, reading=NodeReading(ipvs=False))

    assert "no IPVS" in TABLES[kind](without).note


def test_names_are_shown_with_what_they_should_give() -> None:
    """By who asked, and from when the answer is."""
    look = DnsLook(name="tasks.shop_web", server=IPv4Address("127.0.0.11"))
    probe_id = ProbeId(
        probe=Kind.DNS,
        target=Target.NAME,
        network="shop_app",
        source_service="shop_api",
        source_node="node1",
        destination_service="shop_web",
        endpoint="tasks.shop_web",
    )
    probe = Probe(
        id=probe_id,
        look=look,
        vantage=Vantage(kind=VantageKind.TASK, name="shop_api.1"),
        interval_seconds=10,
        timeout_seconds=2,
    )
    answer = Answer(
        addresses=(IPv4Address("10.0.1.3"), IPv4Address("10.0.1.99")),
        missing=(IPv4Address("10.0.1.4"),),
        unexpected=(IPv4Address("10.0.1.99"),),
    )
    result = Result(
        probe=probe,
        outcome=Outcome.WRONG_ANSWER,
        detail="",
        started_at=NOW - 7,
        seconds=0.1,
        observed=Observation(answer=answer),
    )

    table = TABLES["dns-view"](situation(SWARM, results=(result,)))

    assert _rows(table) == [
        (
            (
                "shop_api",
                "tasks.shop_web",
                "10.0.1.3, 10.0.1.99",
                "10.0.1.4",
                "10.0.1.99",
                "wrong_answer",
                "7 s",
            ),
            "wrong_answer",
        ),
    ]


def test_devices_are_shown_with_the_task_at_their_other_end() -> None:
    """Numbers as the kernel counts them."""
    table = TABLES["links"](balancing.seen(balancing.HEALTHY))

    assert {item.cells[0] for item in table.rows} == {"lb"}
    assert {item.cells[5] for item in table.rows} == {"1450"}


@pytest.mark.parametrize("kind", TABLES)
def test_nothing_read_is_an_empty_table(kind: str) -> None:
    """And no crash, whatever could not be looked at."""
    failed = NodeReading(failures=(CouldNotLook(where="overlay shop_app", why="no permission"),))

    table = TABLES[kind](situation(SWARM, reading=failed))

    assert table.kind == kind
    assert all(len(item.cells) == len(table.columns) for item in table.rows)


def _table(node: str, *rows: tuple[str, ...]) -> Table:
    return Table(
        kind="fdb",
        node=node,
        columns=("network", "whose", "vtep", "packets"),
        rows=tuple(Row(cells=cells) for cells in rows),
        key=2,
        own=frozenset({"packets"}),
    )


def test_rows_are_chosen_by_network_and_by_service() -> None:
    """A service by its full name or within its stack, and each of its tasks."""
    table = _table(
        "node1",
        ("shop_app", "shop_web.1", "a", "1"),
        ("shop_app", "shop_web-admin.1", "a", "1"),
        ("shop_data", "shop_web.2", "a", "1"),
    )

    assert [item.cells[1] for item in table.where(service="shop_web").rows] == [
        "shop_web.1",
        "shop_web.2",
    ]
    assert table.where(service="web").rows == table.where(service="shop_web").rows
    assert [item.cells[1] for item in table.where(network="shop_data").rows] == ["shop_web.2"]
    assert table.where(service="db").rows == ()


def test_two_nodes_are_compared_by_meaning() -> None:
    """What only one has, what both have otherwise; not what each counts for itself."""
    here = _table(
        "node1",
        ("shop_app", "shop_web.1", "198.18.0.12", "1"),
        ("shop_app", "shop_web.2", "198.18.0.12", "2"),
        ("shop_app", "shop_web.3", "198.18.0.13", "3"),
    )
    there = _table(
        "node2",
        ("shop_app", "shop_web.1", "198.18.0.12", "9"),
        ("shop_app", "shop_web.2", "198.18.0.13", "9"),
    )

    assert list(differences(here, there)) == [
        Difference(
            about=("shop_app", "shop_web.2"), column="vtep", here="198.18.0.12", there="198.18.0.13"
        ),
        Difference(about=("shop_app", "shop_web.3"), column="", here="present", there=""),
    ]
