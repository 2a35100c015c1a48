"""Which files are made of the alerts, and where are they?"""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from alerts import rules
from alerts.thresholds import Thresholds

#: The checkout.
ROOT = Path(__file__).parent.parent
RULES = PurePosixPath("deploy/prometheus/rules/swarmscope.json")
ALERTMANAGER = PurePosixPath("deploy/alertmanager/alertmanager.yml")


def files(thresholds: Thresholds, receivers: Path | None = None) -> Mapping[PurePosixPath, str]:
    """Write every file that is made by itself."""
    del receivers
    return {RULES: rules.rendered(thresholds)}


def write(made: Mapping[PurePosixPath, str], folder: Path) -> None:
    """Put the files where they belong, below *folder*."""
    for path, text in made.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
