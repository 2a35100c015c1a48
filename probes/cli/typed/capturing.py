"""How is a capture asked for?

What the commands need is imported when they run: `probe --help` must not wait for it.
"""
# ruff: noqa: PLC0415 -- see above

from typing import Annotated

import typer

from probes.cli.typed.app import app
from probes.cli.typed.common import Json


@app.command(
    epilog=(
        "Exit status: 0 all were answered, 1 TCP or ICMP had no answer or a VTEP is no node, "
        "2 wrong usage, 3 could not look.  Example: probe capture --service api --seconds 5"
    ),
)
def capture(
    context: typer.Context,
    *,
    network: Annotated[str, typer.Option(metavar="NAME", help="Of this overlay alone.")] = "",
    service: Annotated[
        str, typer.Option(metavar="NAME", help="From or to its tasks, or one task (api.2).")
    ] = "",
    peer: Annotated[str, typer.Option(metavar="NODE", help="From or to this node alone.")] = "",
    count: Annotated[int, typer.Option(help="So many packets at most.")] = 10_000,
    seconds: Annotated[float, typer.Option(help="For so long, up to 300.")] = 10.0,
    write: Annotated[
        str, typer.Option(metavar="FILE", help="Keep the packets, with what they carry (pcap).")
    ] = "",
    interface: Annotated[str, typer.Option(help="If not the one with the node's VTEP.")] = "",
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="If not the Swarm's data path port."),
    ] = None,
    json: Json = False,
) -> None:
    """Show who talks to whom over the overlays, between the nodes; who gets no answer first."""
    from probes.cli import capture as capturing
    from probes.packets.wanted import Wanted

    choice = capturing.Choice(network=network, service=service, peer=peer, interface=interface)
    wanted = Wanted(interface=interface, seconds=seconds, packets=count, file=write)
    raise typer.Exit(capturing.capture(context.obj, choice, wanted, port, json=json))
