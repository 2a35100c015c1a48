"""How are the dashboards built, checked and looked at? `python -m dashboards --help`."""

import argparse
import sys
from pathlib import Path

from dashboards import build, checks
from dashboards.uids import Uid


def main(arguments: list[str] | None = None) -> int:
    """Do what was asked; 0 is well, 1 is not, 2 is wrong usage."""
    options = _parser().parse_args(arguments)
    if options.command == "build":
        build.write(build.files(), options.out)
        return 0
    if options.command == "preview":
        return _preview(options.url, options.dashboard, options.out)
    problems = checks.problems(options.out)
    for problem in problems:
        print(problem, file=sys.stderr)  # noqa: T201 -- a command's answer
    return 1 if problems else 0


def _preview(url: str, dashboard: str | None, folder: Path) -> int:
    # It takes a second to load, which nobody else should wait for.
    from dashboards.preview import sheet  # noqa: PLC0415
    from dashboards.preview.prometheus import PrometheusError  # noqa: PLC0415

    chosen = [Uid(f"swarmscope-{dashboard}")] if dashboard else list(Uid)
    try:
        for file in sheet.write(url, chosen, folder):
            print(file)  # noqa: T201 -- a command's answer
    except PrometheusError as exc:
        print(exc, file=sys.stderr)  # noqa: T201 -- a command's answer
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dashboards", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("build", "write the files that the stack gives to Grafana, and docs/dashboards.md"),
        ("check", "compare them with what would be written, and hold them against the rules"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument(
            "--out",
            type=Path,
            default=build.ROOT,
            metavar="DIR",
            help="where deploy/ and docs/ are (this checkout)",
        )
    preview = commands.add_parser(
        "preview", help="draw dashboards from a Prometheus that scrapes agents, as PNG files"
    )
    preview.add_argument("url", help="of Prometheus, such as http://node1:9090")
    preview.add_argument(
        "--out", type=Path, default=Path("build/dashboards"), metavar="DIR", help="(%(default)s)"
    )
    preview.add_argument(
        "--dashboard",
        choices=[uid.removeprefix("swarmscope-") for uid in Uid],
        help="one alone",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
