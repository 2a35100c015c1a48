"""Does the help of every command fit a small terminal, with an example that can be typed?"""

import pytest
import typer.main
import typer.testing

from probes.cli.main import app

_COLUMNS, _LINES = 80, 24
COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def _help(*command: str) -> str:
    environment = {"COLUMNS": str(_COLUMNS), "TERMINAL_WIDTH": str(_COLUMNS)}
    done = typer.testing.CliRunner().invoke(app, [*command, "--help"], env=environment)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_and_has_an_example(command: str) -> None:
    """Nobody scrolls at night."""
    lines = _help(command).splitlines()

    assert len(lines) < _LINES  # the prompt takes one
    assert max(map(len, lines)) <= _COLUMNS
    assert any(line.strip().startswith(f"Example: probe {command}") for line in lines)
