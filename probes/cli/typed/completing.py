"""How does a shell ask what may be typed next?"""
# ruff: noqa: PLC0415 -- what the commands need is imported when they run

from enum import StrEnum
from typing import Annotated

import typer
from typer.core import TyperGroup

from probes.cli.typed.app import app


class _Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command(epilog='Example: eval "$(probe completion bash)"')
def completion(shell: Annotated[_Shell, typer.Argument(help="Whose script.")]) -> None:
    """Print the script by which a shell completes commands, and names of the live Swarm."""
    from probes.cli.shells import SCRIPTS

    typer.echo(SCRIPTS[shell.value], nl=False)


@app.command("complete", hidden=True)
def complete_line(
    context: typer.Context,
    line: Annotated[str, typer.Argument(help="What was typed, from probe on.")],
) -> None:
    """List what the last word may become; the shells' scripts call it."""
    from probes.cli.completing import complete

    group = context.find_root().command
    if isinstance(group, TyperGroup):
        for word in complete(group, context.obj, line):
            typer.echo(word)
