"""What can be typed before every command of `probe`?"""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from probes.cli.options import Addresses

#: What the commands of a module under `typed` are for; in a help of a line each, they would fill
#: more than a screen.
_PURPOSES = {
    "looking": "Look",
    "serving": "Ask servers",
    "ways": "Find the way",
    "meshing": "Find the way",
    "capturing": "Find the way",
    "state": "See state",
    "judging": "Judge",
    "doctoring": "Judge",
    "network": "Declare",
    "completing": "Shells",
}


class _Commands(TyperGroup):
    """The commands, told by what they are for."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 -- typer's own
        """Write one line for each purpose, in the order of the commands."""
        rows: dict[str, list[str]] = {}
        for name in self.list_commands(ctx):
            if self.commands[name].hidden:
                continue
            callback = self.commands[name].callback
            module = callback.__module__.rpartition(".")[2] if callback else name
            rows.setdefault(_PURPOSES.get(module, module), []).append(name)
        with formatter.section("Commands, each with a --help of its own"):
            formatter.write_dl([(purpose, " ".join(names)) for purpose, names in rows.items()])


app = typer.Typer(
    name="probe",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(
    epilog="--from api.2, NODE, NODE:api and NETWORK look from there; --from all from every node, "
    "by a task on a network of the target's, or its host.\n\n"
    "Exit status: 0 worked, 1 the network said no, 2 usage, 3 could not look.",
)
def every_command(
    context: typer.Context,
    *,
    engine: Annotated[
        str,
        typer.Option(
            envvar="DOCKER_HOST", metavar="URL", help="The Docker Engine.", show_default=False
        ),
    ] = "unix:///var/run/docker.sock",
    netns_folder: Annotated[
        str,
        typer.Option(
            metavar="DIR", help="Where Docker keeps network namespaces.", show_default=False
        ),
    ] = "/var/run/docker/netns",
    agent: Annotated[
        str,
        typer.Option(
            metavar="SOCKET", help="The agent, which asks other nodes.", show_default=False
        ),
    ] = "/run/swarmscope/agent.sock",
) -> None:
    """Look at the service network from this node: once, now, as the agent does."""
    context.obj = Addresses(engine=engine, netns_folder=netns_folder, agent=agent)
