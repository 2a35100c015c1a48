"""Are many looks folded so that what is bad is seen first?"""

from probes.mesh.fold import by_node, by_service, grid, verdict_of
from probes.mesh.model import Mesh, MeshLook, NodeMesh, Silent
from probes.model.result import Outcome, Verdict


def look(
    source: str, destination: str, outcome: Outcome = Outcome.OK, seconds: float = 0.001
) -> MeshLook:
    return MeshLook(
        source=source,
        source_node="node1",
        destination=destination,
        destination_node="node2",
        target=f"{destination}.1",
        network="shop_app",
        endpoint="80",
        outcome=outcome,
        detail="" if outcome is Outcome.OK else f"{destination}.1 did not",
        seconds=seconds,
    )


def mesh(*looks: MeshLook, silent: tuple[Silent, ...] = ()) -> Mesh:
    return Mesh(kind="tcp", nodes=(NodeMesh(node="node1", looks=looks),), silent=silent)


def test_a_pair_is_as_bad_as_its_worst_look() -> None:
    """With the share that fails, and the middle of those that work."""
    cells = by_service(
        mesh(
            look("web", "api", seconds=0.001),
            look("web", "api", seconds=0.003),
            look("web", "api", Outcome.REFUSED),
            look("api", "db", seconds=0.002),
        )
    )

    worst, good = cells
    assert (worst.source, worst.destination, worst.outcome) == ("web", "api", Outcome.REFUSED)
    assert (worst.looks, worst.failed, worst.median_seconds) == (3, 1, 0.002)
    assert worst.detail == "api.1 did not"
    assert (good.source, good.outcome, good.failed) == ("api", Outcome.OK, 0)


def test_failures_come_before_what_could_not_be_looked_at_and_slow_before_fast() -> None:
    """Worst first, all the way down."""
    cells = by_service(
        mesh(
            look("a", "fast", seconds=0.001),
            look("a", "slow", seconds=0.9),
            look("a", "gone", Outcome.VANISHED),
            look("a", "dead", Outcome.TIMEOUT),
        )
    )

    assert [cell.destination for cell in cells] == ["dead", "gone", "slow", "fast"]


def test_nodes_are_folded_alike() -> None:
    """By where the looks were taken, and where they led."""
    (cell,) = by_node(mesh(look("web", "api"), look("web", "db")))

    assert (cell.source, cell.destination, cell.looks) == ("node1", "node2", 2)


def test_cells_are_laid_out_by_names() -> None:
    """A pair that shares nothing has none."""
    rows, columns, placed = grid(by_service(mesh(look("web", "api"), look("api", "db"))))

    assert (rows, columns) == (["api", "web"], ["api", "db"])
    assert ("web", "db") not in placed


def test_the_whole_is_judged_by_what_was_seen() -> None:
    """A silent node leaves the question open, and no failure is hidden by it."""
    silent = (Silent(node="node3", why="no route"),)

    assert verdict_of(mesh(look("web", "api"))) is Verdict.WORKED
    assert verdict_of(mesh(look("web", "api"), silent=silent)) is Verdict.UNKNOWN
    failed = mesh(look("web", "api", Outcome.TIMEOUT), silent=silent)
    assert verdict_of(failed) is Verdict.FAILED
    assert verdict_of(mesh()) is Verdict.UNKNOWN
