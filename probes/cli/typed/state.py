"""How is what exists asked for?

What the commands need is imported when they run: `probe --help` must not wait for it.
"""
# ruff: noqa: PLC0415 -- see above

import typer

from probes.cli.typed.app import app
from probes.cli.typed.common import Json


@app.command(epilog="Example: probe services")
def services(context: typer.Context, *, json: Json = False) -> None:
    """List the services, what they can be called, and the tasks to look from."""
    from probes.cli import commands

    raise typer.Exit(commands.services(context.obj, json=json))
