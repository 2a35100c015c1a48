"""Does a finding break a hop only where it explains that nothing passes?"""

import pytest

from probes.audit.round import Round, Unanswered
from probes.explain.hops import Judge
from probes.findings import balancer, fdb, overlay
from probes.model.finding import Evidence, Finding, Subject
from probes.model.path import Hop, Mark
from tests.probes.explain.ways import judge

PLACE = "overlay shop_app on node1"
ROW = Evidence(what="fdb", expected="a row", actual="none")


def finding(spec: object = fdb.MISSING, network: str = "shop_app", item: str = "") -> Finding:
    subject = Subject(network=network, service="shop_api", task="shop_api.2", item=item)
    return spec.found(subject, ROW)  # type: ignore[attr-defined, no-any-return]


def hop(by: Judge, *, works: bool | None, codes: tuple[str, ...] = ("fdb_", "overlay_")) -> Hop:
    def concerns(item: Finding) -> bool:
        return item.subject.network == "shop_app"

    return by.hop("forwarding entry", PLACE, "a row", codes, concerns, works=works)


@pytest.mark.parametrize(
    ("found", "works", "mark"),
    [
        ([], False, Mark.OK),
        ([finding()], False, Mark.BROKEN),
        ([finding()], None, Mark.BROKEN),
        ([finding()], True, Mark.DOUBTFUL),
        ([finding(fdb.LEARNED_ONLY)], False, Mark.DOUBTFUL),
        ([finding(network="shop_data")], False, Mark.OK),
        ([finding(balancer.MARK_MISSING)], False, Mark.OK),
        ([finding(overlay.FOREIGN_VXLAN)], False, Mark.OK),
    ],
)
def test_the_mark_follows_severity_and_what_passed(
    found: list[Finding],
    works: bool | None,  # noqa: FBT001 -- a row of the table
    mark: Mark,
) -> None:
    """Critical breaks unless packets pass; a warning is odd; what is another's is nothing."""
    assert hop(judge(found), works=works).mark is mark


def test_the_worst_finding_is_told_with_its_names() -> None:
    """Evidence, sentence and command are the finding's."""
    told = hop(judge([finding(fdb.LEARNED_ONLY), finding(item="10.0.1.22")]), works=False)

    assert told.code == "fdb_missing"
    assert told.saw == "fdb: expected a row, found none"
    assert told.why.startswith("On node1 (shop_api.2, network shop_app, 10.0.1.22): Frames for")
    assert told.remedy == "docker service update --force shop_api"


@pytest.mark.parametrize(
    ("where", "works", "mark"),
    [
        ("overlay shop_app, fdb", False, Mark.UNKNOWN),
        ("overlay shop_app, fdb", True, Mark.OK),
        ("overlay shop_data, fdb", False, Mark.OK),
        ("topology", False, Mark.UNKNOWN),
    ],
)
def test_what_could_not_be_looked_at_is_not_well(
    where: str,
    works: bool,  # noqa: FBT001 -- a row of the table
    mark: Mark,
) -> None:
    """Unless it works, or was at another network."""
    unanswered = (Unanswered(check="fdb", where=where, why="too many rows"),)
    told = hop(Judge(found=Round(unanswered=unanswered), node="node1"), works=works)

    assert told.mark is mark
    assert ("too many rows" in told.saw) is (mark is Mark.UNKNOWN)


def test_a_code_is_not_another_that_begins_like_it() -> None:
    """Only what ends with an underscore stands for a family."""
    found = overlay.MTU_UNEVEN.found(
        Subject(network="shop_app", item="vxlan0"), ROW, netns="/netns/1-app", mtu="1450"
    )

    assert hop(judge([found]), works=False, codes=("overlay_mtu",)).mark is Mark.OK
    assert hop(judge([found]), works=False, codes=("overlay_mtu_uneven",)).mark is Mark.DOUBTFUL
