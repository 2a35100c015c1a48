"""How are looks at the way to somewhere typed?

What the commands need is imported when they run: `probe --help` must not wait for it.
"""
# ruff: noqa: PLC0415 -- see above

from typing import Annotated

import typer

from probes.cli.options import LookOptions
from probes.cli.typed.common import HOST, look_command

_Target = Annotated[str, typer.Argument(metavar="HOST", help=f"HOST: {HOST}.")]


@look_command(epilog="Example: probe mtu api.2 --from web", timeout="30s")
def mtu(
    context: typer.Context,
    options: LookOptions,
    target: _Target,
) -> None:
    """Find the largest packet that passes whole, and who or what stops larger ones."""
    from probes.cli import looks
    from probes.looks.wants import SweepWant

    raise typer.Exit(looks.look(context.obj, options, SweepWant(target=target)))


@look_command(epilog="Example: probe route api.2 --from web")
def route(
    context: typer.Context,
    options: LookOptions,
    target: _Target,
) -> None:
    """Ask which way the kernel would send, and where the overlay's tables lead."""
    from probes.cli import looks
    from probes.looks.wants import RouteWant

    raise typer.Exit(looks.look(context.obj, options, RouteWant(target=target)))


@look_command(epilog="Example: probe trace api.2 --from web", timeout="30s")
def trace(
    context: typer.Context,
    options: LookOptions,
    target: _Target,
) -> None:
    """Show the way hop by hop; for a task, between the nodes beneath it, too."""
    from probes.cli import looks
    from probes.looks.wants import TraceWant

    raise typer.Exit(looks.look(context.obj, options, TraceWant(target=target)))
