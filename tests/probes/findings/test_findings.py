"""Is the catalogue of findings fit for people, labels and shells?"""

import re
import shlex

import pytest

from probes.findings import FINDINGS
from probes.findings.spec import Culprit, FindingSpec, Reach
from probes.model.finding import Evidence, Severity, Subject

HOSTILE = "it's; rm -rf $HOME `x` {node}\n# x"


@pytest.mark.parametrize("spec", FINDINGS.values(), ids=str)
def test_a_row_tells_everything(spec: FindingSpec) -> None:
    """A code for labels, and sentences and a command for people."""
    assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", spec.code)
    assert spec.meaning.endswith(".")
    assert spec.evidence.endswith(".")
    assert spec.remedy
    assert 0 <= spec.hold_seconds <= 600


@pytest.mark.parametrize("spec", FINDINGS.values(), ids=str)
def test_what_came_from_the_network_stays_one_word_of_the_command(spec: FindingSpec) -> None:
    """A name cannot become part of the shell's program."""
    plain = Subject(network="w", service="w", task="w", peer="w", item="w")
    hostile = Subject(network=HOSTILE, service=HOSTILE, task=HOSTILE, peer=HOSTILE, item=HOSTILE)
    values = dict.fromkeys(_own_fields(spec), HOSTILE)
    words = dict.fromkeys(_own_fields(spec), "w")
    row = Evidence(what="a", expected="b", actual="c")

    before = shlex.split(spec.remedy_of(spec.found(plain, row, **words), "w"), comments=True)
    hurt = spec.remedy_of(spec.found(hostile, row, **values), HOSTILE)
    after = shlex.split(hurt, comments=True)

    assert len(after) == len(before)
    assert "\n" not in hurt  # it would end a comment


def _own_fields(spec: FindingSpec) -> set[str]:
    given = {"network", "service", "task", "peer", "item", "node"}
    return set(re.findall(r"{(\w+)}", spec.remedy)) - given


@pytest.mark.parametrize("spec", FINDINGS.values(), ids=str)
def test_what_it_explains_exists_and_does_not_explain_it_in_turn(spec: FindingSpec) -> None:
    """A code that changes its name cannot be forgotten, and no two hide each other."""
    for beginning in spec.explains:
        assert any(code.startswith(beginning) for code in FINDINGS), beginning
    following = [other for other in FINDINGS.values() if other.follows_from(spec)]

    assert spec not in following
    assert not [other.code for other in following if spec.follows_from(other)]


@pytest.mark.parametrize("spec", FINDINGS.values(), ids=str)
def test_whole_nodes_are_ranked_and_blamed(spec: FindingSpec) -> None:
    """Of two that reach one node, it must be known which explains the other."""
    assert (spec.reach is Reach.NODE) == bool(spec.rank)
    if spec.reach in {Reach.NODE, Reach.TRAFFIC, Reach.BALANCED}:
        assert spec.culprit is not Culprit.NONE
        assert spec.severity is Severity.CRITICAL
