"""How are the alerts built and checked? `python -m alerts build`, `python -m alerts check`."""

import argparse
import sys
from pathlib import Path

from alerts import build, checks
from alerts.receivers import ReceiversError
from alerts.thresholds import Thresholds, ThresholdsError, load


def main(arguments: list[str] | None = None) -> int:
    """Do what was asked; 0 is well, 1 is not, 2 is wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        thresholds = load(options.thresholds) if options.thresholds else Thresholds()
        files = build.files(thresholds, options.receivers, options.out)
    except (ThresholdsError, ReceiversError) as exc:
        print(exc, file=sys.stderr)  # noqa: T201 -- a command's answer
        return 2
    if options.command == "build":
        build.write(files, options.out)
        return 0
    problems = checks.problems(files, options.out)
    for problem in problems:
        print(problem, file=sys.stderr)  # noqa: T201 -- a command's answer
    return 1 if problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m alerts", description=__doc__)
    parser.add_argument(
        "command",
        choices=("build", "check"),
        help="write the files, or compare them with what would be written, and have Prometheus' "
        "and Alertmanager's own tools check them",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=build.ROOT,
        metavar="DIR",
        help="where deploy/ and docs/ are (this checkout)",
    )
    parser.add_argument(
        "--thresholds", type=Path, metavar="FILE", help="YAML with other thresholds"
    )
    parser.add_argument("--receivers", type=Path, metavar="FILE", help="YAML with who is told how")
    return parser


if __name__ == "__main__":
    sys.exit(main())
