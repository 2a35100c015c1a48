"""Which words may a command line go on with?"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from typer.core import TyperGroup, TyperOption

from probes.cli.options import Addresses
from probes.cli.unfinished import Parameter, Unfinished, read_line
from probes.looks.nameable import Nameable, load_nameable

_PATH = "/api/v1/names"
#: Somebody waits with a finger on the key.
_WITHIN_SECONDS = 0.2
_SEVERAL = "tasks."


def complete(group: TyperGroup, addresses: Addresses, line: str) -> Iterator[str]:
    """List what the last word of *line* may become; nothing where that cannot be told.

    A word that ends with ":" or "/" is to be gone on with.
    """
    found = read_line(group, line)
    if found is None:
        return
    start = _typed(line).removesuffix(found.word)
    for word in sorted(_words(found, replace(addresses, **found.addresses))):
        if word.startswith(found.word):
            yield f"{start}{word}"


def _typed(line: str) -> str:
    """Give the last word as it stands there, such as "--from=ap"."""
    return "" if not line or line[-1].isspace() else line.rsplit(maxsplit=1)[-1]


def _words(found: Unfinished, addresses: Addresses) -> Iterable[str]:
    if found.says_option:
        return _options(found)
    if found.parameter is None:
        return _commands(found.command) if isinstance(found.command, TyperGroup) else ()
    choices = getattr(found.parameter.type, "choices", ())
    if choices:
        return map(str, choices)
    make = WORDS_OF.get(_key(found.parameter))
    names = _ask(addresses) if make else None
    return make(names, found.word) if make and names else ()


def _commands(group: TyperGroup) -> Iterable[str]:
    return [name for name, command in group.commands.items() if not command.hidden]


def _options(found: Unfinished) -> Iterator[str]:
    for item in found.command.params:
        if isinstance(item, TyperOption) and not item.hidden:
            yield from (*item.opts, *item.secondary_opts)
    yield "--help"


def _key(parameter: Parameter) -> str:
    """Tell parameters apart as their help does: by option and by what stands for the value."""
    option = parameter.opts[0] if isinstance(parameter, TyperOption) else ""
    return f"{option} {parameter.metavar}".strip()


# --- what the Swarm knows ---


def _ask(addresses: Addresses) -> Nameable | None:
    """Ask the agent, which has the names at hand, else a manager's Engine; None for neither."""
    # Commands and options are known without them.
    from probes.cli.agent import ask_agent  # noqa: PLC0415
    from probes.looks.errors import CommandError  # noqa: PLC0415

    try:
        return load_nameable(ask_agent(addresses.agent, _PATH, _WITHIN_SECONDS))
    except (CommandError, ValueError):
        pass
    # Without an agent it takes longer: Docker's library does.
    from probes.cli.around import Around  # noqa: PLC0415
    from probes.looks.naming import nameable  # noqa: PLC0415

    try:
        return nameable(Around(addresses).topology)
    except CommandError:
        return None


# --- what each kind of word may be ---


def _nodes(names: Nameable, _: str) -> Iterable[str]:
    return names.nodes


def _networks(names: Nameable, _: str) -> Iterable[str]:
    return names.networks


def _services(names: Nameable, _: str) -> Iterable[str]:
    return names.services


def _ends(names: Nameable, _: str) -> Iterable[str]:
    return (*names.services, *names.tasks)


def _sources(names: Nameable, _: str) -> Iterable[str]:
    return {"host", "all", *names.services, *names.tasks, *names.nodes, *names.networks}


def _hosts(names: Nameable, word: str) -> Iterable[str]:
    """Offer the many that `tasks.` is before only to who asks for them."""
    if word.startswith(_SEVERAL):
        return [f"{_SEVERAL}{name}" for name in names.services]
    return _ends(names, word)


def _host_and_port(names: Nameable, word: str) -> Iterable[str]:
    host, colon, _ = word.partition(":")
    if colon:
        return [f"{host}:{port}" for port in _ports(names, host)]
    return [f"{name}:" for name in _hosts(names, word)]


def _host_or_port(names: Nameable, word: str) -> Iterable[str]:
    return _host_and_port(names, word) if ":" in word else _ends(names, word)


def _urls(names: Nameable, word: str) -> Iterable[str]:
    scheme, there, rest = word.partition("://")
    if not there:
        return "http://", "https://"
    if ":" in rest:
        return [f"{scheme}://{item}/" for item in _host_and_port(names, rest)]
    return [f"{scheme}://{name}:" for name in _hosts(names, rest)]


def _ports(names: Nameable, host: str) -> Iterable[int]:
    """Tell a service's ports, also for a task of it: a service's name has no dot."""
    service = host.removeprefix(_SEVERAL).partition(".")[0]
    return names.services.get(service, ())


#: A parameter, as `_key` calls it -> what it may be.
WORDS_OF: Mapping[str, Callable[[Nameable, str], Iterable[str]]] = MappingProxyType(
    {
        "NAME": _hosts,
        "HOST": _hosts,
        "HOST:PORT": _host_and_port,
        "HOST:PORT[/DB]": _host_and_port,
        "URL": _urls,
        "SOURCE": _ends,
        "DESTINATION[:PORT]": _host_or_port,
        "--from WHERE": _sources,
        "--from NAME": _services,
        "--node NAME": _nodes,
        "--diff NODE NODE": _nodes,
        "--peer NODE": _nodes,
        "--network NAME": _networks,
        "--service NAME": _services,
    }
)
