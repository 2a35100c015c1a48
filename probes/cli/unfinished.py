"""What is being typed at the end of an unfinished command line?

The commands themselves say which words belong to what: nothing is listed a second time.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

Parameter = TyperArgument | TyperOption
Command = TyperCommand | TyperGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """The word that the line ends with, and what stands before it."""

    word: str
    #: The command that the word belongs to.
    command: Command
    #: What the word is the value of; None where the name of a command or an option is due.
    parameter: Parameter | None
    #: What was said before the command, such as "agent" -> a socket.
    addresses: Mapping[str, str] = field(default_factory=dict)

    @property
    def says_option(self) -> bool:
        """Whether the word is to be the name of an option."""
        return self.word.startswith("-") and not isinstance(self.parameter, TyperOption)


def read_line(group: TyperGroup, line: str) -> Unfinished | None:
    """Read a line whose first word is `probe`; None where nobody can say what comes next."""
    try:
        words = shlex.split(line)
    except ValueError:
        return None  # within quotes
    if not line or line[-1].isspace():
        words.append("")
    if len(words) < 2:  # noqa: PLR2004 -- `probe` and what follows
        return None
    return _Reader(group).read(words[1:])


class _Reader:
    """Goes through the words; one for each line."""

    def __init__(self, group: TyperGroup) -> None:
        self._group = group
        self._command: Command = group
        self._due: list[TyperOption] = []
        self._arguments: list[TyperArgument] = []
        self._addresses: dict[str, str] = {}

    def read(self, words: list[str]) -> Unfinished | None:
        for word in words[:-1]:
            if not self._pass(word):
                return None
        word = words[-1]
        option, given, value = self._option(word)
        if not self._due and given and option:
            return self._unfinished(value, option)
        if self._due:
            return self._unfinished(word, self._due[0])
        return self._unfinished(word, self._arguments[0] if self._arguments else None)

    def _unfinished(self, word: str, parameter: Parameter | None) -> Unfinished:
        return Unfinished(
            word=word,
            command=self._command,
            parameter=parameter,
            addresses=self._addresses,
        )

    def _pass(self, word: str) -> bool:
        """Take a whole word; False when it is none that the command knows."""
        if self._due:
            self._keep(self._due.pop(0), word)
            return True
        option, given, value = self._option(word)
        if option:
            takes = 0 if option.is_flag else option.nargs
            self._due = [option] * (takes - bool(given))
            if given:
                self._keep(option, value)
            return True
        if word.startswith("-"):
            return False
        if self._command is self._group:
            return self._enter(word)
        if not self._arguments:
            return False
        self._arguments.pop(0)
        return True

    def _enter(self, name: str) -> bool:
        found = self._group.commands.get(name)
        if not isinstance(found, TyperCommand):
            return False
        self._command = found
        self._arguments = [item for item in found.params if isinstance(item, TyperArgument)]
        return True

    def _option(self, word: str) -> tuple[TyperOption | None, str, str]:
        """Find the option that a word names, and what it gives it by "="."""
        name, given, value = word.partition("=")
        for item in self._command.params:
            if isinstance(item, TyperOption) and name in (*item.opts, *item.secondary_opts):
                return item, given, value
        return None, given, value

    def _keep(self, option: TyperOption, value: str) -> None:
        if self._command is self._group and option.name:
            self._addresses[option.name] = value
