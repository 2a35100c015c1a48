"""What can be typed before every command of `probe`?"""

from typing import Annotated

import typer

from probes.cli.options import Addresses

app = typer.Typer(
    name="probe",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


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
