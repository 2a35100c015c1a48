"""How is it asked what is wrong?

What the commands need is imported when they run: `probe --help` must not wait for it.
"""
# ruff: noqa: PLC0415 -- see above

from typing import Annotated

import typer

from probes.cli.typed.app import app
from probes.cli.typed.common import Json


@app.command(epilog="Example: probe audit --all (exit status: 0 nothing found, 1 findings)")
def audit(
    context: typer.Context,
    *,
    node: Annotated[
        str,
        typer.Option(metavar="NAME", help="Another node's findings, not this one's."),
    ] = "",
    everywhere: Annotated[bool, typer.Option("--all", help="Every node's findings.")] = False,
    json: Json = False,
) -> None:
    """Show where kernel, DNS and gossip disagree with what the Swarm says, and what to do."""
    from probes.cli import commands

    raise typer.Exit(commands.audit(context.obj, node, everywhere=everywhere, json=json))


@app.command(epilog="Example: probe explain web api:80")
def explain(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="A service or a task, on any node."),
    ],
    destination: Annotated[
        str,
        typer.Argument(metavar="DESTINATION[:PORT]", help="A service (its VIP) or a task."),
    ],
    *,
    json: Json = False,
) -> None:
    """Walk the way as a packet would, hop by hop, and stop at the broken one."""
    from probes.cli import commands

    raise typer.Exit(commands.explain(context.obj, source, destination, json=json))
