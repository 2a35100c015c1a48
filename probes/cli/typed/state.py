"""How is what exists asked for?

What the commands need is imported when they run: `probe --help` must not wait for it.
"""
# ruff: noqa: PLC0415 -- see above

from typing import Annotated

import typer

from probes.cli.typed.app import app
from probes.cli.typed.common import Json

_Node = Annotated[str, typer.Option(metavar="NAME", help="Another node's, not this one's.")]
_Diff = Annotated[
    tuple[str, str] | None,
    typer.Option(metavar="NODE NODE", help="Show what two nodes do not have alike."),
]
_Network = Annotated[str, typer.Option(metavar="NAME", help="Of this network alone.")]
_Service = Annotated[str, typer.Option(metavar="NAME", help="Of this service alone.")]


def _show(
    context: typer.Context,
    kind: str,
    node: str,
    *,
    network: str = "",
    service: str = "",
    diff: tuple[str, str] | None = None,
    json: bool,
) -> typer.Exit:
    from probes.cli import state

    if diff:
        return typer.Exit(state.diff(context.obj, kind, diff, json=json))
    return typer.Exit(state.table(context.obj, kind, node, network, service, json=json))


@app.command(epilog="Example: probe services")
def services(context: typer.Context, *, json: Json = False) -> None:
    """List the services, what they can be called, and the tasks to look from."""
    from probes.cli import commands

    raise typer.Exit(commands.services(context.obj, json=json))


@app.command(epilog="Example: probe networks")
def networks(
    context: typer.Context,
    *,
    node: _Node = "",
    network: _Network = "",
    diff: _Diff = None,
    json: Json = False,
) -> None:
    """List networks: VNI, subnet, addresses left, MTU, and which are on this node."""
    raise _show(context, "networks", node, network=network, diff=diff, json=json)


@app.command(epilog="Example: probe nodes")
def nodes(
    context: typer.Context,
    *,
    node: _Node = "",
    json: Json = False,
) -> None:
    """List nodes: role, state, address, engine, tasks, and whether the agent is heard."""
    raise _show(context, "nodes", node, json=json)


@app.command(epilog="Example: probe vips --service api")
def vips(
    context: typer.Context,
    *,
    node: _Node = "",
    network: _Network = "",
    service: _Service = "",
    diff: _Diff = None,
    json: Json = False,
) -> None:
    """List virtual IPs, and how many of their tasks this node's balancers have."""
    raise _show(context, "vips", node, network=network, service=service, diff=diff, json=json)


@app.command(epilog="Example: probe fdb --network shop_app --diff node1 node2")
def fdb(
    context: typer.Context,
    *,
    node: _Node = "",
    network: _Network = "",
    service: _Service = "",
    diff: _Diff = None,
    json: Json = False,
) -> None:
    """List where the overlays here send frames, for whom, and what is missing."""
    raise _show(context, "fdb", node, network=network, service=service, diff=diff, json=json)


@app.command(epilog="Example: probe neigh --service shop_api")
def neigh(
    context: typer.Context,
    *,
    node: _Node = "",
    network: _Network = "",
    service: _Service = "",
    diff: _Diff = None,
    json: Json = False,
) -> None:
    """List the overlays' neighbours here, whose they are, and what is missing."""
    raise _show(context, "neigh", node, network=network, service=service, diff=diff, json=json)


@app.command(epilog="Example: probe ipvs --service shop_web")
def ipvs(
    context: typer.Context,
    *,
    node: _Node = "",
    network: _Network = "",
    service: _Service = "",
    diff: _Diff = None,
    json: Json = False,
) -> None:
    """List the destinations of the load balancers and published ports here."""
    raise _show(context, "ipvs", node, network=network, service=service, diff=diff, json=json)


@app.command(epilog="Example: probe links --network shop_app")
def links(
    context: typer.Context,
    *,
    node: _Node = "",
    network: _Network = "",
    diff: _Diff = None,
    json: Json = False,
) -> None:
    """List network devices: whose they are, MTU, state, traffic and drops."""
    raise _show(context, "links", node, network=network, diff=diff, json=json)


@app.command("dns-view", epilog="Example: probe dns-view --from shop_web")
def dns_view(
    context: typer.Context,
    *,
    node: _Node = "",
    source: Annotated[
        str,
        typer.Option("--from", "--service", metavar="NAME", help="For this service alone."),
    ] = "",
    diff: _Diff = None,
    json: Json = False,
) -> None:
    """List what each name resolves to for this node's tasks, and should."""
    raise _show(context, "dns-view", node, service=source, diff=diff, json=json)
