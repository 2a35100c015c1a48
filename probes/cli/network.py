"""How is the declared network held against the Swarm by a person, and made so?"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from rich.text import Text

from probes.cli import show
from probes.cli.around import Around
from probes.cli.options import Addresses
from probes.documents.load import DocumentError, load
from probes.documents.section import Section
from probes.intent.declaration import Declaration
from probes.intent.declared.network_config import NetworkConfig
from probes.intent.declared.service_discovery import ServiceDiscovery
from probes.looks.errors import CannotLookError, CommandError, UsageError
from probes.network import render
from probes.network.document import document
from probes.network.plan import Action, Step, plan
from probes.swarm.errors import EngineError
from probes.wire import DOCUMENT_VERSION

_Shape = TypeVar("_Shape", bound=Section)

_STYLES = {Action.NOTHING: "green", Action.CREATE: "bold yellow", Action.BY_HAND: "bold red"}


def show_plan(addresses: Addresses, file: str, *, json: bool) -> int:
    """Print what differs, and what would be done; 1 where anything does."""
    try:
        steps = _steps(addresses, file)
    except CommandError as exc:
        return show.told(exc)
    if json:
        show.print_json(
            {
                "version": DOCUMENT_VERSION,
                "networks": [
                    {
                        "network": step.network,
                        "action": str(step.action),
                        "why": step.why,
                        "commands": step.commands,
                    }
                    for step in steps
                ],
            }
        )
    else:
        _print(steps)
    return int(any(step.action is not Action.NOTHING for step in steps))


def apply(addresses: Addresses, file: str, *, yes: bool) -> int:
    """Make what is missing, after asking; 1 where something is left to be done by hand."""
    try:
        steps = _steps(addresses, file)
        _print(steps)
        missing = [step.spec for step in steps if step.spec]
        if missing and not yes and not _agreed(len(missing)):
            show.say("nothing was done")
            return 1
        engine = Around(addresses).engine
        for spec in missing:
            engine.create_overlay(spec)
            show.say(f"made {spec.name}")
    except EngineError as exc:
        return show.told(CannotLookError(str(exc)))
    except CommandError as exc:
        return show.told(exc)
    return int(any(step.action is Action.BY_HAND for step in steps))


def write_document(addresses: Addresses, networks: str, services: str) -> int:
    """Print the Swarm's network as Markdown, with what the files declare of it where given."""
    try:
        text = document(Around(addresses).reported_topology, declaration_of(networks, services))
    except CommandError as exc:
        return show.told(exc)
    sys.stdout.write(text)
    return 0


def declaration_of(networks: str, services: str) -> Declaration:
    """Read the files that are named, or raise UsageError with all of a file's problems."""
    return Declaration(
        networks=_read(networks, NetworkConfig) if networks else None,
        services=_read(services, ServiceDiscovery) if services else None,
    )


def _read(file: str, shape: type[_Shape]) -> _Shape:
    try:
        return load(Path(file), shape)
    except DocumentError as exc:
        raise UsageError(str(exc)) from exc


def write_networks(file: str) -> int:
    """Print the `networks:` of a stack's file, as declared."""
    try:
        text = render.networks(_read(file, NetworkConfig))
    except CommandError as exc:
        return show.told(exc)
    sys.stdout.write(text)
    return 0


def write_gateway(kind: str, file: str) -> int:
    """Print a gateway's routes in its own language; "" is the declared kind's."""
    try:
        gateway = _read(file, ServiceDiscovery).gateway
        if gateway is None:
            raise UsageError(f"{file}: gateway: is missing")
        text = render.GATEWAYS[kind or gateway.kind](gateway)
    except render.RenderError as exc:
        return show.told(UsageError(f"{file}: {exc}"))
    except CommandError as exc:
        return show.told(exc)
    sys.stdout.write(text)
    return 0


def _agreed(count: int) -> bool:
    """Ask on a terminal; who cannot be asked has not agreed."""
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on: say --yes to make the networks")
    answer = input(f"make {count} network{'s' if count > 1 else ''}? [y/N] ")
    return answer.strip().lower() in {"y", "yes"}


def _steps(addresses: Addresses, file: str) -> tuple[Step, ...]:
    return plan(_read(file, NetworkConfig), Around(addresses).topology)


def _print(steps: Iterable[Step]) -> None:
    console = show.console_for()
    for step in steps:
        line = Text.assemble((str(step.action), _STYLES[step.action]), f"  {step.network}")
        console.print(line, soft_wrap=True)
        for why in step.why:
            console.print(Text(f"  {why}"), soft_wrap=True)
        for command in step.commands:
            console.print(Text(f"    {command}"), soft_wrap=True)
