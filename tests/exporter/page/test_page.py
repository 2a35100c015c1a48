"""What does the page say of fleet, findings and mesh, and in one line at its top?"""

from dataclasses import replace

from exporter.page.findings import found
from exporter.page.fleet import fleet
from exporter.page.mesh import mesh
from exporter.page.page import page
from exporter.page.state import State
from exporter.page.summary import dump_summary, load_summary
from exporter.page.swarm import Silent
from exporter.view import Source
from probes.model.topology import NO_TOPOLOGY, Topology
from tests.exporter.page.told import NOW, counted, held, pair, summary, swarm, way
from tests.swarms import NODE2, SHOP, node

ALL = tuple(summary(name) for name in ("node1", "node2", "node3"))


def test_a_healthy_swarm_has_nothing_wrong() -> None:
    """The line at the top says so, and everybody answered."""
    made = page(swarm(*ALL))

    assert made.wrong == ()
    assert made.state is State.OK
    assert made.answered == 3
    assert made.silent == ()


def test_what_is_wrong_is_counted_in_one_line() -> None:
    """Findings, pairs, ways and silent agents; one is not many."""
    broken = pair("shop_web", "shop_api", counted(failed=2, why="tcp: timeout"))
    one = summary(
        "node1", findings=(held(),), pairs=(broken,), ways=(way("node2", counted(failed=1)),)
    )

    made = page(swarm(one, summary("node2"), silent=(Silent(node="node3", why="refused"),)))

    assert made.wrong == (
        "1 finding",
        "1 pair of services fails",
        "1 way between nodes fails",
        "1 agent did not answer",
    )
    assert made.state is State.BAD


def test_an_agent_that_did_not_answer_is_named_first_with_the_reason() -> None:
    """And what the others know is shown all the same."""
    rows = fleet(swarm(*ALL[:2], silent=(Silent(node="node3", why="no answer within 1.5 s"),)))

    assert [row.node for row in rows] == ["node3", "node1", "node2"]
    assert rows[0].agent == "did not answer: no answer within 1.5 s"
    assert rows[0].summary is None
    assert rows[1].topology_age_seconds == 8


def test_an_old_topology_and_a_refused_configuration_are_doubtful() -> None:
    """The agent answers, and yet it is not as it should be."""
    old = summary("node1", topology_read_at=NOW - 600)
    refused = summary("node2", config_error="probes.intervall: no such key")

    rows = {row.node: row for row in fleet(swarm(old, refused, summary("node3")))}

    assert rows["node1"].state is State.DOUBTFUL
    assert rows["node1"].agent == "its topology is old"
    assert "the old one stays: probes.intervall" in rows["node2"].agent
    assert rows["node3"].agent == "answers"


def test_a_node_that_swarm_calls_down_is_bad_though_its_agent_answers() -> None:
    """Swarm moves its tasks away."""
    topology = replace(SHOP, nodes=(replace(NODE2, state="down"),))

    (row,) = fleet(swarm(summary("node2"), topology=topology))

    assert row.state is State.BAD
    assert row.swarm_state == "down, active"


def test_an_agent_without_a_swarm_shows_itself() -> None:
    """One row, and why there is no topology."""
    alone = summary("", source=Source.NONE, topology_error="No such file or directory")

    made = page(swarm(alone, topology=NO_TOPOLOGY))

    assert [row.node for row in made.fleet] == ["this node"]
    assert made.alone == "No such file or directory"


def test_a_finding_that_several_nodes_hold_is_said_once() -> None:
    """Since the first of them saw it, with each node's evidence, and every command once."""
    first = summary("node1", findings=(held(NOW - 60),))
    second = summary("node2", findings=(held(NOW - 90),))

    (row,) = found(swarm(first, second))

    assert row.about == ("network shop_app", "service shop_api", "task shop_api.2")
    assert row.since == NOW - 90
    assert [seen.node for seen in row.seen] == ["node1", "node2"]
    assert row.remedies == ("docker service update --force shop_api",)
    assert row.state is State.BAD


def test_the_mesh_shows_both_layers_side_by_side() -> None:
    """A node that only the overlay does not reach is told from one that nothing reaches."""
    ways = (way("node2"), way("node2", counted(failed=1, why="icmp: timeout"), overlay=True))

    made = mesh(swarm(summary("node1", ways=ways), summary("node2")))

    row = made.rows[0]
    cell = row.cells[1]
    assert cell is not None
    assert cell.underlay is not None
    assert cell.overlay is not None
    assert (cell.underlay.state, cell.overlay.state) == (State.OK, State.BAD)
    assert row.missing == ("node2",)
    assert row.cells[0] is None
    assert made.rows[2].state is State.UNKNOWN  # nobody asked node3's agent


def test_many_nodes_make_no_table_of_all_pairs() -> None:
    """But a row for each, the worst first, which names whom it does not reach."""
    nodes = tuple(node(number) for number in range(1, 31))
    ways = (way("node2", counted(failed=1)), *(way(f"node{number}") for number in range(3, 10)))

    made = mesh(swarm(summary("node9", ways=ways), topology=Topology(nodes=nodes)))

    assert not made.as_table
    assert made.rows[0].node == "node9"
    assert made.rows[0].missing == ("node2",)
    assert (made.rows[0].underlay_ok, made.rows[0].underlay_all) == (7, 8)
    assert all(row.cells == () for row in made.rows)


def test_a_summary_travels_whole() -> None:
    """What one agent writes, another reads."""
    told = summary("node1", findings=(held(),), pairs=(pair("a", "b"),), ways=(way("node2"),))

    assert load_summary(dump_summary(told)) == told
