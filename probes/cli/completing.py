"""What may the word be that somebody is typing? From the commands, and from the live topology."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from probes.cli.agent import ask_agent
from probes.cli.around import Around
from probes.cli.options import Addresses
from probes.looks.errors import CommandError

_TOPOLOGY_PATH = "/api/v1/topology"
#: Nobody waits longer for a word.
_WITHIN_SECONDS = 2.0
#: Options that take a name, and of what.
_NAMED: Mapping[str, tuple[str, ...]] = {
    "--from": ("places", "services", "tasks", "nodes", "networks"),
    "--node": ("nodes",),
    "--peer": ("nodes",),
    "--diff": ("nodes",),
    "--network": ("networks",),
    "--service": ("services",),
}
#: Commands whose words name something of the Swarm's; the words of all others are their own.
_AIMED = frozenset({"HOST", "HOST:PORT", "HOST:PORT[/DB]", "NAME", "SOURCE", "DESTINATION[:PORT]"})

SCRIPTS: Mapping[str, str] = {
    "bash": """\
_probe_complete() {
  local IFS=$'\\n'
  COMPREPLY=($(probe complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _probe_complete probe
""",
    "zsh": """\
#compdef probe
_probe_complete() {
  local -a found
  found=("${(@f)$(probe complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a found
}
compdef _probe_complete probe
""",
    "fish": """\
function __probe_complete
  set -l words (commandline -opc) (commandline -ct)
  probe complete -- $words[2..-1] 2>/dev/null
end
complete -c probe -f -a '(__probe_complete)'
""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What can be named; each sorted."""

    services: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    places: tuple[str, ...] = field(default=("all", "host"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """One command, as it can be typed."""

    name: str
    options: tuple[str, ...]
    #: Of them, those that no value follows.
    flags: frozenset[str]
    #: Metavars of its words.
    words: tuple[str, ...]


def candidates(words: Sequence[str], commands: Sequence[Typed], names: Names) -> list[str]:
    """List what the last of *words*, which may be empty, can become."""
    *before, current = words or [""]
    command = next((item for item in commands if item.name in before), None)
    return sorted(
        {
            item
            for item in _all(before, current, command, commands, names)
            if item.startswith(current)
        }
    )


def _all(
    before: Sequence[str],
    current: str,
    command: Typed | None,
    commands: Sequence[Typed],
    names: Names,
) -> Iterable[str]:
    option = before[-1] if before else ""
    if len(before) > 1 and before[-2] == "--diff":
        option = "--diff"
    if option in _NAMED:
        return [name for kind in _NAMED[option] for name in getattr(names, kind)]
    if command is None:
        return [] if current.startswith("-") else [item.name for item in commands]
    if current.startswith("-"):
        return command.options
    if option in command.options and option not in command.flags:
        return []  # the value of an option that is no name
    if _AIMED & {*command.words}:
        return (*names.services, *names.tasks)
    return []


def names_around(addresses: Addresses) -> Names:
    """Ask the agent, else the Engine, what there is; nothing where neither answers."""
    try:
        body = ask_agent(addresses.agent, _TOPOLOGY_PATH, _WITHIN_SECONDS)
        return _names(json.loads(body))
    except (CommandError, ValueError, KeyError, TypeError):
        return _names_of_engine(addresses)


def _names_of_engine(addresses: Addresses) -> Names:
    try:
        topology = Around(addresses).topology
    except CommandError:
        return Names()
    from probes.wire import dump_topology  # noqa: PLC0415 -- only where no agent answers

    return _names(json.loads(dump_topology(topology)))


def _names(topology: Mapping[str, Any]) -> Names:
    """Read the document of `/api/v1/topology`, without what makes a model of it: that is slow."""
    nodes = {item["id"]: item["name"] for item in topology["nodes"]}
    services = {item["id"]: item for item in topology["services"]}
    called = {key: sorted({item["name"], _short(item)}) for key, item in services.items()}
    tasks = {
        f"{name}.{item.get('slot') or nodes.get(item['node_id'], item['node_id'])}"
        for item in topology["tasks"]
        if item["state"] == item["desired_state"] == "running"
        for name in called.get(item["service_id"], ())
    }
    return Names(
        services=tuple(sorted({name for both in called.values() for name in both})),
        tasks=tuple(sorted(tasks)),
        nodes=tuple(sorted(nodes.values())),
        networks=tuple(sorted(item["name"] for item in topology["networks"])),
    )


def _short(service: Mapping[str, Any]) -> str:
    stack = dict(service.get("labels", ())).get("com.docker.stack.namespace", "")
    name: str = service["name"]
    return name.removeprefix(f"{stack}_")
