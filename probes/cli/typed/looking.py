"""How are the looks typed?

What the commands need is imported when they run: `probe --help` must not wait for it.
"""
# ruff: noqa: PLC0415 -- see above

from typing import Annotated

import typer

from probes.cli.options import LookOptions
from probes.cli.typed.common import HOST, look_command


@look_command(epilog="Example: probe dns tasks.api --from web")
def dns(
    context: typer.Context,
    options: LookOptions,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name, sent as it is.")],
    *,
    server: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS[:PORT]",
            help="The resolver to ask, if not the one that programs there ask.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Ask for a name's addresses; a service's must be those that the Swarm says."""
    from probes.cli import looks
    from probes.looks.wants import DnsWant

    raise typer.Exit(looks.look(context.obj, options, DnsWant(name=name, server=server)))


@look_command(epilog="Example: probe tcp orders-db:5432 --from api")
def tcp(
    context: typer.Context,
    options: LookOptions,
    target: Annotated[str, typer.Argument(metavar="HOST:PORT", help=f"HOST: {HOST}.")],
) -> None:
    """Open one TCP connection, and close it again."""
    from probes.cli import looks
    from probes.looks.wants import TcpWant

    raise typer.Exit(looks.look(context.obj, options, TcpWant(target=target)))


@look_command(epilog="Example: probe icmp api.2 --from web")
def icmp(
    context: typer.Context,
    options: LookOptions,
    target: Annotated[str, typer.Argument(metavar="HOST", help=f"HOST: {HOST}.")],
) -> None:
    """Send one echo request."""
    from probes.cli import looks
    from probes.looks.wants import IcmpWant

    raise typer.Exit(looks.look(context.obj, options, IcmpWant(target=target)))


@look_command(epilog="Example: probe http http://api:8080/healthz --from web --status 200")
def http(
    context: typer.Context,
    options: LookOptions,
    target: Annotated[str, typer.Argument(metavar="URL", help=f"Its host: {HOST}.")],
    *,
    status: Annotated[
        list[int] | None,
        typer.Option(help="Expect this, not 200 to 299; may be repeated."),
    ] = None,
    body: Annotated[str, typer.Option(help="Expect this text in the body.")] = "",
    verify: Annotated[bool, typer.Option(help="Verify the certificate.")] = True,
    redirects: Annotated[
        int,
        typer.Option(min=0, max=10, help="Follow so many on one host.", show_default=False),
    ] = 0,
) -> None:
    """Send one GET, and hold the answer against what is expected."""
    from probes.cli import looks
    from probes.looks.wants import HttpWant

    raise typer.Exit(
        looks.look(
            context.obj,
            options,
            HttpWant(
                target=target,
                statuses=frozenset(status or ()),
                body=body,
                verify=verify,
                redirects=redirects,
            ),
        ),
    )
