"""How does a shell ask what may come next?

What the command needs is imported when it runs: `probe --help` must not wait for it.
"""
# ruff: noqa: PLC0415 -- see above

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
def completion(
    context: typer.Context,
    shell: Annotated[_Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
    line: Annotated[
        str | None,
        typer.Argument(metavar="[LINE]", help="Print what this line may go on with.", hidden=True),
    ] = None,
) -> None:
    """Print what makes a shell complete names from the live Swarm: have it read that."""
    from probes.cli.completion import complete
    from probes.cli.shells import SCRIPTS

    group = context.find_root().command
    if line is None:
        typer.echo(SCRIPTS[shell], nl=False)
    elif isinstance(group, TyperGroup):
        for word in complete(group, context.obj, line):
            typer.echo(word)
