"""Which commands has `probe`? In the order of its help."""

from probes.cli.typed.app import app  # isort: split

from probes.cli.typed import looking, serving, ways, meshing, capturing, state, judging  # isort: skip

__all__ = ["app", "capturing", "judging", "looking", "main", "meshing", "serving", "state", "ways"]


def main() -> None:
    """Run the command that was typed."""
    app()
