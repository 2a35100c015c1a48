"""How is the declared network typed about?

What the commands need is imported when they run: `probe --help` must not wait for it.
"""
# ruff: noqa: PLC0415 -- see above

from enum import StrEnum
from typing import Annotated

import typer

from probes.cli.typed.app import app
from probes.cli.typed.common import Json

_File = Annotated[str, typer.Argument(metavar="FILE", help="network-config.yml.")]
_Networks = Annotated[str, typer.Option(metavar="FILE", help="network-config.yml.")]
_Services = Annotated[str, typer.Option(metavar="FILE", help="service-discovery.yml.")]

network = typer.Typer(
    name="network",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Hold the declaration against the Swarm and stacks' files, and make what is missing.",
    epilog="Example: probe network plan network-config.yml",
)
app.add_typer(network)


@network.command(epilog="Example: probe network plan network-config.yml")
def plan(context: typer.Context, file: _File, *, json: Json = False) -> None:
    """Show what differs from the file, and what would be done about it."""
    from probes.cli import network as declared

    raise typer.Exit(declared.show_plan(context.obj, file, json=json))


@network.command(epilog="Example: probe network apply network-config.yml --yes")
def apply(
    context: typer.Context,
    file: _File,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Make the networks that are missing; nothing that exists is changed or removed."""
    from probes.cli import network as declared

    raise typer.Exit(declared.apply(context.obj, file, yes=yes))


@network.command(epilog="Example: probe network check shop=shop.yml --networks network-config.yml")
def check(
    files: Annotated[
        list[str], typer.Argument(metavar="[STACK=]FILE...", help="Stacks' files and names.")
    ],
    networks: _Networks = "",
    services: _Services = "",
    taken: Annotated[
        list[str], typer.Option(metavar="SUBNET", help="A subnet of hosts or sites; may repeat.")
    ] = [],  # noqa: B006 -- typer makes a new one of it
    nodes: Annotated[int, typer.Option(min=1, max=10_000, help="Nodes of the Swarm.")] = 1,
    *,
    json: Json = False,
) -> None:
    """Find what of a stack's file will not do, before it is deployed."""
    from probes.cli import network_check

    raise typer.Exit(
        network_check.check_files(
            files, networks=networks, services=services, taken=taken, nodes=nodes, json=json
        )
    )


@network.command(
    epilog="Example: probe network document --networks network-config.yml > network.md"
)
def document(context: typer.Context, networks: _Networks = "", services: _Services = "") -> None:
    """Write the Swarm's networks, endpoints and flows as Markdown with diagrams."""
    from probes.cli import network as declared

    raise typer.Exit(declared.write_document(context.obj, networks, services))


_render = typer.Typer(
    name="render",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Write the declaration as stacks and gateways need it.",
    epilog="Example: probe network render gateway service-discovery.yml",
)
network.add_typer(_render)


@_render.command("networks", epilog="Example: probe network render networks network-config.yml")
def render_networks(file: _File) -> None:
    """Write the networks of a stack's file."""
    from probes.cli import network as declared

    raise typer.Exit(declared.write_networks(file))


class _Kind(StrEnum):
    """Whose language routes are written in."""

    TRAEFIK = "traefik"
    CADDY = "caddy"
    NGINX = "nginx"


@_render.command("gateway", epilog="Example: probe network render gateway service-discovery.yml")
def render_gateway(
    file: Annotated[str, typer.Argument(metavar="FILE", help="service-discovery.yml.")],
    kind: Annotated[_Kind | None, typer.Option(help="Not the declared gateway's.")] = None,
) -> None:
    """Write the gateway's routes: Traefik's labels, a Caddyfile, or nginx's servers."""
    from probes.cli import network as declared

    raise typer.Exit(declared.write_gateway(kind or "", file))
