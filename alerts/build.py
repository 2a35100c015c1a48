"""Which files are made of the alerts, and where are they?"""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from alerts import alertmanager, receivers, rules, runbooks
from alerts.thresholds import Thresholds

#: The checkout.
ROOT = Path(__file__).parent.parent
RULES = PurePosixPath("deploy/prometheus/rules/swarmscope.json")
ALERTMANAGER = PurePosixPath("deploy/alertmanager/alertmanager.yml")


def files(
    thresholds: Thresholds, told: Path | None = None, folder: Path = ROOT
) -> Mapping[PurePosixPath, str]:
    """Write every file; *told* is the user's of receivers, *folder* has what people wrote."""
    named = receivers.load(told) if told else {}
    return {
        RULES: rules.rendered(thresholds),
        ALERTMANAGER: alertmanager.rendered(thresholds, named),
        **runbooks.pages(thresholds, folder),
    }


def write(made: Mapping[PurePosixPath, str], folder: Path) -> None:
    """Put the files where they belong, below *folder*."""
    for path, text in made.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
