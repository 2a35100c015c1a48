"""Which commands has `probe`? In the order of its help."""

from probes.cli.typed import doctoring, judging, looking, state
from probes.cli.typed.app import app

__all__ = ["app", "doctoring", "judging", "looking", "main", "state"]


def main() -> None:
    """Run the command that was typed."""
    app()
