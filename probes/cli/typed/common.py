"""Which options do several commands share?"""

from typing import Annotated

import typer

from probes.cli.options import LookOptions
from probes.durations import parse_seconds

From = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="WHERE",
        help="host, or a service, task or container on this node: api, shop_api, api.2.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Timeout = Annotated[str, typer.Option(metavar="DURATION", help="How long to wait.")]
HOST = "an address, a service (its VIP), a task (api.2) or a name that the resolver knows"


def look_options(source: str, timeout: str, *, json: bool) -> LookOptions:
    """Read what every look is told; a usage error when it makes no sense."""
    try:
        seconds = parse_seconds(timeout)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--timeout") from exc
    return LookOptions(source=source, timeout_seconds=seconds, json=json)
