"""Which options do several commands share?"""

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Annotated, Any

import typer

from probes.cli.options import LookOptions
from probes.cli.typed.app import app
from probes.durations import parse_seconds

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
HOST = "address, service, task or any name"


def _look_options(
    *,
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="WHERE",
            help="host (default), api.2, NETWORK, NODE[:api], all.",
            show_default=False,
        ),
    ] = "host",
    timeout: Annotated[str, typer.Option(metavar="TIME", help="How long to wait.")] = "2s",
    count: Annotated[int | None, typer.Option(min=1, help="Look so often.")] = None,
    interval: Annotated[
        str,
        typer.Option(metavar="TIME", help="From one look to the next."),
    ] = "1s",
    until_fail: Annotated[bool, typer.Option("--until-fail", help="Stop at a failure.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on, and show how it goes.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing.")] = False,
    json: Json = False,
) -> LookOptions:
    """Read what every look is told; a usage error when it makes no sense."""
    if json and (watch or quiet):
        other = "--watch" if watch else "--quiet"
        why = f"it prints one document in the end, so not with {other}"
        raise typer.BadParameter(why, param_hint="--json")
    if watch and quiet:
        raise typer.BadParameter("it shows, and --quiet does not", param_hint="--watch")
    endless = watch or until_fail
    return LookOptions(
        source=source,
        timeout_seconds=_seconds(timeout, "--timeout"),
        count=count if count or endless else 1,
        interval_seconds=_seconds(interval, "--interval"),
        until_fail=until_fail,
        watch=watch,
        quiet=quiet,
        json=json,
    )


def _seconds(text: str, option: str) -> float:
    try:
        return parse_seconds(text)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint=option) from exc


def look_command(
    *, epilog: str, timeout: str = "2s"
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a command of a function: instead of its `options` it takes what all looks are told.

    What is the look's own comes first in its help. *timeout* is what it waits for unless told.
    """
    shared = dict(signature(_look_options).parameters)
    shared["timeout"] = shared["timeout"].replace(default=timeout)

    def register(look: Callable[..., None]) -> Callable[..., None]:
        own = {name: item for name, item in signature(look).parameters.items() if name != "options"}

        def command(**typed: Any) -> None:  # noqa: ANN401 -- as the signature below says
            told = {name: typed.pop(name) for name in shared}
            look(options=_look_options(**told), **typed)

        both = [item.replace(kind=Parameter.KEYWORD_ONLY) for item in (own | shared).values()]
        command.__name__, command.__doc__ = look.__name__, look.__doc__
        command.__module__ = look.__module__
        command.__annotations__ = {item.name: item.annotation for item in both}
        vars(command)["__signature__"] = signature(look).replace(parameters=both)
        app.command(epilog=epilog)(command)
        return look

    return register
