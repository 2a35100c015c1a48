"""How are looks at the way to somewhere typed?

What the commands need is imported when they run: `probe --help` must not wait for it.
"""
# ruff: noqa: PLC0415 -- see above

from typing import Annotated

import typer

from probes.cli.typed.app import app
from probes.cli.typed.common import HOST, From, Json, Timeout, look_options

_Target = Annotated[str, typer.Argument(metavar="HOST", help=f"HOST is {HOST}.")]


@app.command(epilog="Example: probe mtu api.2 --from web")
def mtu(
    context: typer.Context,
    target: _Target,
    *,
    source: From = "host",
    timeout: Timeout = "30s",
    json: Json = False,
) -> None:
    """Find the largest packet that passes whole, and who or what stops larger ones."""
    from probes.cli import looks
    from probes.looks.wants import SweepWant

    options = look_options(source, timeout, json=json)
    raise typer.Exit(looks.look(context.obj, options, SweepWant(target=target)))


@app.command(epilog="Example: probe route api.2 --from web")
def route(
    context: typer.Context,
    target: _Target,
    *,
    source: From = "host",
    timeout: Timeout = "2s",
    json: Json = False,
) -> None:
    """Ask which way the kernel would send, and where the overlay's tables lead."""
    from probes.cli import looks
    from probes.looks.wants import RouteWant

    options = look_options(source, timeout, json=json)
    raise typer.Exit(looks.look(context.obj, options, RouteWant(target=target)))


@app.command(epilog="Example: probe trace api.2 --from web")
def trace(
    context: typer.Context,
    target: _Target,
    *,
    source: From = "host",
    timeout: Timeout = "30s",
    json: Json = False,
) -> None:
    """Show the way hop by hop; for a task, between the nodes beneath it, too."""
    from probes.cli import looks
    from probes.looks.wants import TraceWant

    options = look_options(source, timeout, json=json)
    raise typer.Exit(looks.look(context.obj, options, TraceWant(target=target)))
