"""How does a shell ask what may be typed next?"""
# ruff: noqa: PLC0415 -- what the commands need is imported when they run

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from probes.cli.typed.app import app

if TYPE_CHECKING:
    from probes.cli.completing import Typed


class _Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command(epilog='Example: eval "$(probe completion bash)"')
def completion(shell: Annotated[_Shell, typer.Argument(help="Whose script.")]) -> None:
    """Print the script by which a shell completes commands, and names of the live Swarm."""
    from probes.cli.completing import SCRIPTS

    typer.echo(SCRIPTS[shell.value], nl=False)


@app.command(hidden=True)
def complete(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(help="What was typed, after probe.")] = None,
) -> None:
    """List what the last word may become; the shells' scripts call it."""
    from probes.cli.completing import candidates, names_around

    commands = _commands(context)
    for item in candidates(words or [], commands, names_around(context.obj)):
        typer.echo(item)


def _commands(context: typer.Context) -> "list[Typed]":
    from probes.cli.completing import Typed

    group = context.parent.command if context.parent else context.command
    found = []
    for name, command in getattr(group, "commands", {}).items():
        if command.hidden:
            continue
        options = [item for item in command.params if item.param_type_name == "option"]
        words = [item for item in command.params if item.param_type_name == "argument"]
        found.append(
            Typed(
                name=name,
                options=tuple(
                    text for item in options for text in (*item.opts, *item.secondary_opts)
                ),
                flags=frozenset(text for item in options if item.is_flag for text in item.opts),
                words=tuple(str(item.metavar or "") for item in words),
            )
        )
    return found
