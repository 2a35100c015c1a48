"""One fault, one page?

python -m tests.lab.scorecard [SCENARIO ...]    plays all, or those; writes docs/scorecard.md
python -m tests.lab.scorecard --list            names them
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.lab import requirements, swarmscope
from tests.lab.errors import LabError
from tests.lab.guest.mailbox import INSIDE
from tests.lab.lab import Lab, Shape
from tests.lab.locked import locked
from tests.lab.scorecard import card, elsewhere, stage
from tests.lab.scorecard.dependencies import Dependencies
from tests.lab.scorecard.faults import NOT_MADE, SCENARIOS, UNEXPLAINED
from tests.lab.scorecard.pages import Pager
from tests.lab.scorecard.play import play
from tests.lab.scorecard.scenario import Scenario, Site, playable
from tests.lab.swarmscope_images import ROOT

PAGE, DOCUMENT = ROOT / "docs" / "scorecard.md", ROOT / "docs" / "scorecard.json"


def run(lab: Lab, scenarios: Sequence[Scenario]) -> None:
    """Play what this kernel can show, and then in a second kernel what only that one can."""
    here = list(playable(scenarios, lab))
    if here:
        _play_here(lab, here)
    others = [item for item in scenarios if item not in here and not item.lacks]
    if others and INSIDE not in os.environ:
        elsewhere.play_in_guest(others, write)


def _play_here(lab: Lab, scenarios: Sequence[Scenario]) -> None:
    """Play scenarios on a fresh lab, and write the card after each."""
    lab.down()
    lab.up(Shape())
    with TemporaryDirectory() as folder, Pager() as pager, Dependencies() as dependencies:
        site = Site(lab=lab, dependencies=dependencies)
        with stage.staged(site, pager, Path(folder)):
            for scenario in scenarios:
                _play(scenario, site, pager)
    lab.down()


def _play(scenario: Scenario, site: Site, pager: Pager) -> None:
    _say(f"{scenario.name}: {scenario.words}")
    try:
        row = play(scenario, site, pager)
    except LabError as error:
        _say(f"  not played to its end: {error}")
    else:
        _say(f"  {_in_short(row)}")
        if not row.right:
            _say(_what_agents_find(site.lab))
        if not elsewhere.hand_over(row):
            write(row)


def write(row: card.Row) -> None:
    """Put a row into the card, in the place of an earlier one of the same scenario."""
    rows = card.load(DOCUMENT) | {row.name: row}
    ordered = [rows[scenario.name] for scenario in SCENARIOS if scenario.name in rows]
    missing = {item.name: item.words for item in SCENARIOS if item.name not in rows} | NOT_MADE
    DOCUMENT.write_text(card.rendered(ordered))
    PAGE.write_text(card.page(ordered, missing, UNEXPLAINED))


def _what_agents_find(lab: Lab) -> str:
    """Keep what speaks for a page or against it, for whoever reads why a row is wrong."""
    audit = "probe audit --all || true"  # status 1 says that there are findings
    try:
        agent = swarmscope.agent_container(lab, lab.manager)
        return lab.docker(lab.manager, "exec", agent, "sh", "-c", audit)
    except LabError as error:
        return f"  what the agents find is not known: {error}"


def _in_short(row: card.Row) -> str:
    told = "; ".join(f"{item.receiver} after {item.seconds} s: {item.alerts}" for item in row.told)
    verdict = "right" if row.right else "WRONG"
    return f"{verdict}: {told or 'nothing came'}; resolved in {row.seconds_to_resolve} s"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Do what the command line says; 1 with the reason where that was not possible."""
    wanted = sys.argv[1:]
    names = {scenario.name: scenario for scenario in SCENARIOS}
    if wanted == ["--list"]:
        for scenario in SCENARIOS:
            _say(f"{scenario.name:<20}{scenario.words}")
        return 0
    unknown = [name for name in wanted if name not in names]
    if unknown:
        sys.stderr.write(f"no scenario {', '.join(unknown)}\n{__doc__}")
        return 2
    lab = Lab(say=_say)
    try:
        requirements.check()
        with locked(lab.layout.lock, "make scorecard"):
            run(lab, [names[name] for name in wanted] or SCENARIOS)
    except LabError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
