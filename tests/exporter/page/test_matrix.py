"""Does the matrix show what fails first, and stay small?"""

from dataclasses import replace

import pytest

from exporter.page.matrix import matrix
from exporter.page.stacks import Name, Stacks
from exporter.page.state import State
from probes.model.topology import Topology
from tests.exporter.page.told import counted, pair, summary, swarm
from tests.swarms import APP, SHOP, service


def test_what_several_nodes_saw_is_added_up() -> None:
    """The worst counts, the slowest is shown, and one reason is enough."""
    bad = pair("shop_web", "shop_api", counted(4, failed=1, seconds=0.002, why="tcp: timeout"))
    good = pair("shop_web", "shop_api", counted(6, seconds=0.001))

    made = matrix(swarm(summary("node1", pairs=(good,)), summary("node2", pairs=(bad,))))

    cell = made.stacks[0].rows[0].cells[0]
    assert cell is not None
    assert cell.state is State.BAD
    assert cell.counted == counted(10, failed=1, seconds=0.002, why="tcp: timeout")
    assert cell.href == "/pair?source=shop_web&destination=shop_api"
    assert (made.pairs, made.failing, made.unknown) == (1, 1, 0)


def test_could_not_look_is_neither_good_nor_bad() -> None:
    """It has a state of its own."""
    unseen = pair("shop_web", "shop_api", counted(2, unknown=1))

    made = matrix(swarm(summary(pairs=(unseen,))))

    assert made.stacks[0].state is State.UNKNOWN
    assert (made.failing, made.unknown) == (0, 1)


def test_the_worst_come_first() -> None:
    """Stacks and, within one, rows; columns of other stacks come last."""
    pairs = (
        pair("shop_api", "shop_web"),
        pair("shop_api", "edge_proxy"),
        pair("shop_web", "shop_api", counted(failed=1)),
        pair("billing_api", "billing_db"),
    )

    made = matrix(swarm(summary(pairs=pairs)))

    assert [table.stack for table in made.stacks] == ["shop", "billing"]
    shop = made.stacks[0]
    assert [row.name.short for row in shop.rows] == ["web", "api"]
    assert [name.full for name in shop.columns] == ["shop_api", "shop_web", "edge_proxy"]
    assert shop.rows[1].cells[0] is None  # nobody probes from api to itself here


def test_many_stacks_are_folded_and_more_are_not_even_written() -> None:
    """But for what is broken, or what somebody asks for."""
    pairs = [
        pair(f"s{stack:02}_a{source}", f"s{stack:02}_b{number}")
        for stack in range(40)
        for source in range(10)
        for number in range(10)
    ]
    pairs[-1] = replace(pairs[-1], counted=counted(failed=1))

    made = matrix(swarm(summary(pairs=tuple(pairs))), "s38")

    by_stack = {table.stack: table for table in made.stacks}
    assert made.stacks[0].stack == "s39"
    assert by_stack["s39"].open
    assert by_stack["s38"].open
    assert by_stack["s38"].left_out == 0
    assert not by_stack["s00"].open
    assert by_stack["s37"].left_out == 100
    assert by_stack["s37"].rows == ()
    assert by_stack["s37"].pairs == 100
    assert by_stack["s37"].href == "/?stack=s37#matrix"
    assert sum(len(row.cells) for table in made.stacks for row in table.rows) <= 1700


def test_when_all_is_broken_the_worst_rows_are_shown() -> None:
    """Whole rows, for as long as there is room; the rest waits to be asked for."""
    pairs = tuple(
        pair(f"s_a{source:02}", f"s_b{number:02}", counted(failed=int(number <= source)))
        for source in range(60)
        for number in range(50)
    )

    (table,) = matrix(swarm(summary(pairs=pairs))).stacks

    assert table.failing > 1000
    assert len(table.rows) == 30
    assert table.left_out == 1500
    (asked,) = matrix(swarm(summary(pairs=pairs)), "s").stacks
    assert asked.left_out == 0


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shop_web", Name("shop", "web", "shop_web")),
        ("redis", Name("", "redis", "redis")),
        ("odd", Name("labelled", "odd", "odd")),
        ("labelled_db", Name("labelled", "db", "labelled_db")),
    ],
)
def test_a_stack_is_the_labels_or_the_names(name: str, expected: Name) -> None:
    """A label says it even where the name does not."""
    odd = replace(service("odd", APP), labels=(("com.docker.stack.namespace", "labelled"),))
    topology = Topology(services=(*SHOP.services, odd))

    assert Stacks(topology).name(name) == expected
