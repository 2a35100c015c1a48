"""Which function looks how? One file per protocol, called as its kind."""

from collections.abc import Awaitable, Callable
from functools import cache
from importlib import import_module
from typing import Any

from probes.model.probe import KIND_OF, Kind, Look
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases

#: Each takes its own type of look, tries once, and raises LookError when that fails.
LookFunction = Callable[[Any, Net, Phases], Awaitable[Observation]]


def function_for(look: Look) -> LookFunction:
    """Find who takes a look; its file, and the libraries that it needs, are loaded with the first.

    A command that connects must not wait for HTTP/2.
    """
    return _loaded(KIND_OF[type(look)])


@cache
def _loaded(kind: Kind) -> LookFunction:
    function: LookFunction = import_module(f"{__name__}.{kind}").look
    return function
