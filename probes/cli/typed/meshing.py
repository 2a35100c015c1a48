"""How is it asked who reaches whom?

What the commands need is imported when they run: `probe --help` must not wait for it.
"""
# ruff: noqa: PLC0415 -- see above

from enum import StrEnum
from typing import Annotated

import typer

from probes.cli.typed.app import app
from probes.cli.typed.common import Json


class _Kind(StrEnum):
    TCP = "tcp"
    ICMP = "icmp"
    DNS = "dns"
    NODES = "nodes"


@app.command(epilog="Example: probe mesh --network shop_app --kind icmp")
def mesh(
    context: typer.Context,
    *,
    network: Annotated[str, typer.Option(metavar="NAME", help="On this network alone.")] = "",
    kind: Annotated[
        _Kind, typer.Option(help="What to try; nodes is between the nodes themselves.")
    ] = _Kind.TCP,
    json: Json = False,
) -> None:
    """Have everyone look at everyone, now, from every node; the worst first."""
    from probes.cli import mesh as meshing

    raise typer.Exit(meshing.mesh(context.obj, kind.value, network, json=json))
