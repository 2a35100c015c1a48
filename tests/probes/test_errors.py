import errno
import os

import pytest

from probes import errors
from probes.errnos import translated, translated_opening
from probes.errors import LookError
from probes.model.result import Outcome


def test_each_failing_outcome_has_one_error() -> None:
    """So that no way to fail can be forgotten, or told in two ways; the runner sees silence."""
    classes = LookError.__subclasses__()

    failing = set(Outcome) - {Outcome.OK, Outcome.SILENT}
    assert sorted(each.outcome for each in classes) == sorted(failing)
    assert {each.__module__ for each in classes} == {errors.__name__}


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (errno.ECONNREFUSED, Outcome.REFUSED),
        (errno.ECONNRESET, Outcome.RESET),
        (errno.EPIPE, Outcome.RESET),
        (errno.ETIMEDOUT, Outcome.TIMEOUT),
        (errno.EHOSTUNREACH, Outcome.UNREACHABLE),
        (errno.ENETUNREACH, Outcome.UNREACHABLE),
        (errno.EPERM, Outcome.UNREACHABLE),
        (errno.EMFILE, Outcome.COULD_NOT_LOOK),
        (errno.ENOBUFS, Outcome.COULD_NOT_LOOK),
        (errno.EADDRNOTAVAIL, Outcome.COULD_NOT_LOOK),
    ],
)
def test_an_error_while_talking_is_the_networks(number: int, outcome: Outcome) -> None:
    """Unless our own means are at an end."""
    with pytest.raises(LookError) as caught, translated("10.0.1.5:80"):
        raise OSError(number, os.strerror(number))

    assert caught.value.outcome is outcome
    assert str(caught.value).startswith("10.0.1.5:80: ")


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (errno.ENOENT, Outcome.VANISHED),
        (errno.EPERM, Outcome.COULD_NOT_LOOK),
        (errno.EACCES, Outcome.COULD_NOT_LOOK),
        (errno.EMFILE, Outcome.COULD_NOT_LOOK),
        (errno.ENOMEM, Outcome.COULD_NOT_LOOK),
    ],
)
def test_an_error_while_opening_is_never_the_networks(number: int, outcome: Outcome) -> None:
    """The place is gone, or we lack a right or a means."""
    with pytest.raises(LookError) as caught, translated_opening("/run/docker/netns/abc"):
        raise OSError(number, os.strerror(number))

    assert caught.value.outcome is outcome
    assert str(caught.value).startswith("cannot look from /run/docker/netns/abc: ")


def test_a_bug_is_left_alone() -> None:
    """Only the kernel's errors are translated."""
    with pytest.raises(TypeError), translated("10.0.1.5:80"):
        raise TypeError
