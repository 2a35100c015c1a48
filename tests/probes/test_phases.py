import pytest

from probes.model.result import Phase
from probes.phases import Phases


def _clock(*readings: float) -> Phases:
    remaining = iter(readings)
    return Phases(clock=lambda: next(remaining))


def test_a_step_is_timed_also_when_it_fails() -> None:
    """How long it took to fail is what one wants to know."""
    phases = _clock(10.0, 10.5)

    with pytest.raises(ValueError, match="broken"), phases.timed("connect"):
        raise ValueError("broken")

    assert phases.recorded() == (Phase(name="connect", seconds=0.5),)
    assert phases.current == "connect"


def test_time_of_one_name_adds_up() -> None:
    """In the order in which the steps first began."""
    phases = _clock(0.0, 1.0, 1.0, 3.0, 3.0, 6.0)
    for name in ("connect", "transfer", "connect"):
        with phases.timed(name):
            pass

    assert phases.recorded() == (
        Phase(name="connect", seconds=4.0),
        Phase(name="transfer", seconds=2.0),
    )
