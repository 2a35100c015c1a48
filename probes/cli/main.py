"""Which commands has `probe`? In the order of its help."""

from probes.cli.typed.app import app  # isort: split

# The order is the help's.
# isort: off
from probes.cli.typed import looking, serving, ways
from probes.cli.typed import meshing, capturing
from probes.cli.typed import state
from probes.cli.typed import judging, doctoring
from probes.cli.typed import declaring
from probes.cli.typed import completing

# isort: on

__all__ = [
    "app",
    "capturing",
    "completing",
    "declaring",
    "doctoring",
    "judging",
    "looking",
    "main",
    "meshing",
    "serving",
    "state",
    "ways",
]


def main() -> None:
    """Run the command that was typed."""
    app()
