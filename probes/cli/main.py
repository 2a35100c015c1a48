"""How is `probe` typed? Its commands and their options.

What the commands need is imported when they run: `probe --help` must not wait for it.
"""
# ruff: noqa: PLC0415 -- see above

from typing import Annotated

import typer

from probes.cli.options import Addresses, LookOptions
from probes.durations import parse_seconds

app = typer.Typer(
    name="probe",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command that was typed."""
    app()


@app.callback(
    epilog="Exit status: 0 it worked, 1 the network said no, 2 wrong usage, 3 could not look.",
)
def every_command(
    context: typer.Context,
    *,
    engine: Annotated[
        str,
        typer.Option(envvar="DOCKER_HOST", metavar="URL", help="The Docker Engine."),
    ] = "unix:///var/run/docker.sock",
    netns_folder: Annotated[
        str,
        typer.Option(metavar="DIR", help="Where Docker keeps network namespaces."),
    ] = "/var/run/docker/netns",
    agent: Annotated[
        str,
        typer.Option(metavar="SOCKET", help="The agent, which tells a worker the topology."),
    ] = "/run/swarmscope/agent.sock",
) -> None:
    """Look at the service network from this node: once, now, as the agent does."""
    context.obj = Addresses(engine=engine, netns_folder=netns_folder, agent=agent)


_From = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="WHERE",
        help="host, or a service, task or container on this node: api, shop_api, api.2.",
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Timeout = Annotated[str, typer.Option(metavar="DURATION", help="How long to wait.")]
_HOST = "an address, a service (its VIP), a task (api.2) or a name that the resolver knows"


@app.command(epilog="Example: probe dns tasks.api --from web")
def dns(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name, sent as it is.")],
    *,
    source: _From = "host",
    server: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS[:PORT]",
            help="The resolver to ask, if not the one that programs there ask.",
            show_default=False,
        ),
    ] = "",
    timeout: _Timeout = "2s",
    json: _Json = False,
) -> None:
    """Ask for a name's addresses; a service's must be those that the Swarm says."""
    from probes.cli import commands

    options = _options(source, timeout, json=json)
    raise typer.Exit(commands.look(context.obj, options, lambda: commands.dns(name, server)))


@app.command(epilog="Example: probe tcp orders-db:5432 --from api")
def tcp(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="HOST:PORT", help=f"HOST is {_HOST}.")],
    *,
    source: _From = "host",
    timeout: _Timeout = "2s",
    json: _Json = False,
) -> None:
    """Open one TCP connection, and close it again."""
    from probes.cli import commands

    options = _options(source, timeout, json=json)
    raise typer.Exit(commands.look(context.obj, options, lambda: commands.tcp(target)))


@app.command(epilog="Example: probe icmp api.2 --from web")
def icmp(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="HOST", help=f"HOST is {_HOST}.")],
    *,
    source: _From = "host",
    timeout: _Timeout = "2s",
    json: _Json = False,
) -> None:
    """Send one echo request."""
    from probes.cli import commands

    options = _options(source, timeout, json=json)
    raise typer.Exit(commands.look(context.obj, options, lambda: commands.icmp(target)))


@app.command(epilog="Example: probe http http://api:8080/healthz --from web --status 200")
def http(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="URL", help=f"Its host is {_HOST}.")],
    *,
    source: _From = "host",
    status: Annotated[
        list[int] | None,
        typer.Option(help="Expect this status; may be repeated. Without it: 200 to 299."),
    ] = None,
    body: Annotated[str, typer.Option(help="Expect this text in the body.")] = "",
    verify: Annotated[bool, typer.Option(help="Verify the certificate.")] = True,
    redirects: Annotated[
        int,
        typer.Option(min=0, max=10, help="Follow so many redirects on the same host."),
    ] = 0,
    timeout: _Timeout = "2s",
    json: _Json = False,
) -> None:
    """Send one GET, and hold the answer against what is expected."""
    from probes.cli import commands

    options = _options(source, timeout, json=json)
    raise typer.Exit(
        commands.look(
            context.obj,
            options,
            lambda: commands.http(
                target,
                statuses=frozenset(status or ()),
                body=body,
                verify=verify,
                redirects=redirects,
            ),
        ),
    )


@app.command(epilog="Example: probe services")
def services(context: typer.Context, *, json: _Json = False) -> None:
    """List the services, what they can be called, and the tasks to look from."""
    from probes.cli import commands

    raise typer.Exit(commands.services(context.obj, json=json))


@app.command(epilog="Exit status: 0 nothing found, 1 findings, 2 wrong usage, 3 could not look.")
def audit(
    context: typer.Context,
    *,
    node: Annotated[
        str,
        typer.Option(metavar="NAME", help="Another node's findings, not this one's."),
    ] = "",
    everywhere: Annotated[bool, typer.Option("--all", help="Every node's findings.")] = False,
    json: _Json = False,
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
    json: _Json = False,
) -> None:
    """Walk the way as a packet would, hop by hop, and stop at the broken one."""
    from probes.cli import commands

    raise typer.Exit(commands.explain(context.obj, source, destination, json=json))


def _options(source: str, timeout: str, *, json: bool) -> LookOptions:
    try:
        seconds = parse_seconds(timeout)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--timeout") from exc
    return LookOptions(source=source, timeout_seconds=seconds, json=json)
