"""How is a capture asked for?

What the commands need is imported when they run: `probe --help` must not wait for it.
"""
# ruff: noqa: PLC0415 -- see above

from typing import Annotated

import typer

from probes.cli.typed.app import app
from probes.cli.typed.common import Json


@app.command(epilog="Example: probe capture --service api --seconds 5 --write api.pcap")
def capture(
    context: typer.Context,
    *,
    network: Annotated[str, typer.Option(metavar="NAME", help="Of this overlay alone.")] = "",
    service: Annotated[str, typer.Option(metavar="NAME", help="From or to it alone.")] = "",
    peer: Annotated[str, typer.Option(metavar="NODE", help="From or to it alone.")] = "",
    count: Annotated[int, typer.Option(help="So many packets at most.")] = 10_000,
    seconds: Annotated[float, typer.Option(help="For so long, up to 300.")] = 10.0,
    write: Annotated[str, typer.Option(metavar="FILE", help="Keep the frames (pcap).")] = "",
    interface: Annotated[str, typer.Option(help="Not the one with the node's address.")] = "",
    port: Annotated[int, typer.Option(help="The Swarm's data path port.")] = 4789,
    json: Json = False,
) -> None:
    """Show who talks to whom over the overlays, between the nodes; who gets no answer first."""
    from probes.cli import capture as capturing
    from probes.packets.wanted import Wanted

    wanted = Wanted(interface=interface, seconds=seconds, packets=count, port=port, file=write)
    raise typer.Exit(
        capturing.capture(
            context.obj, wanted, network=network, service=service, peer=peer, json=json
        )
    )
