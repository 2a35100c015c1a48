"""How is a doctor called?

What the command needs is imported when it runs: `probe --help` must not wait for it.
"""
# ruff: noqa: PLC0415 -- see above

from pathlib import Path
from typing import Annotated

import typer

from probes.cli.typed.app import app
from probes.cli.typed.common import Json


@app.command(
    epilog="Example: probe doctor --bundle night.tar.gz. Exit status: 0 healthy, 1 something is "
    "wrong, 2 wrong usage, 3 nothing could be told.",
)
def doctor(
    context: typer.Context,
    *,
    bundle: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write all of it, without secrets, as a .tar.gz."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False,
    json: Json = False,
) -> None:
    """Look at the whole Swarm, step by step, and name the likeliest causes and what to do."""
    from probes.cli import consulting

    raise typer.Exit(consulting.doctor(context.obj, bundle, force=force, json=json))
