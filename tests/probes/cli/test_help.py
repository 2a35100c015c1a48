"""Does every command say on one screen what it is for, and what may have been meant?"""

import pytest
import typer.main
import typer.testing

from probes.cli.main import app

_COMMANDS = typer.main.get_command(app)
assert isinstance(_COMMANDS, typer.core.TyperGroup)
NAMES = sorted(name for name, command in _COMMANDS.commands.items() if not command.hidden)


def _probe(*arguments: str) -> typer.testing.Result:
    return typer.testing.CliRunner().invoke(app, arguments, env={"COLUMNS": "80"})


@pytest.mark.parametrize("command", ["", *NAMES])
def test_help_fits_a_screen(command: str) -> None:
    """Of the smallest size that terminals have by themselves, 80 by 24."""
    done = _probe(*filter(None, [command]), "--help")

    lines = done.output.splitlines()
    assert done.exit_code == 0
    assert len(lines) <= 24, done.output
    assert max(map(len, lines)) <= 80


def test_the_help_of_all_names_every_command() -> None:
    """Under what it is for."""
    words = _probe("--help").output.split()

    assert set(NAMES) <= set(words)


@pytest.mark.parametrize(
    ("typed", "meant"), [("tpc", "tcp"), ("htp", "http"), ("postgre", "postgres"), ("dn", "dns")]
)
def test_a_command_that_nearly_exists_is_suggested(typed: str, meant: str) -> None:
    """As names are."""
    done = _probe(typed, "api:80")

    assert done.exit_code == 2
    assert f"Did you mean '{meant}'" in done.output


def test_an_option_that_nearly_exists_is_suggested() -> None:
    """Options are typed wrongly as often."""
    done = _probe("tcp", "api:80", "--form", "web")

    assert done.exit_code == 2
    assert "--from" in done.output
