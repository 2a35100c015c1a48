"""From where does the command take a look: from here, or by the agents from elsewhere?"""

import asyncio

from probes.cli.agent import ask_agent
from probes.cli.around import Around
from probes.cli.options import Addresses, LookOptions
from probes.looks.asking import (
    LOOK_PATH,
    Answer,
    Asked,
    answers_within,
)
from probes.looks.errors import CannotLookError, ElsewhereError
from probes.looks.looker import Looker
from probes.looks.sources import is_for_agents
from probes.looks.wants import Want

#: This node's agent waits for another one's as long as that takes; this is on top of it.
_ROOM_SECONDS = 2.0


class Taking:
    """Takes one look after the other, all at the same and from the same."""

    def __init__(self, addresses: Addresses, options: LookOptions, want: Want) -> None:
        self._addresses = addresses
        self._options = options
        self._want = want
        self._take = want.read()
        self._around = Around(addresses)

    def look_around_anew(self) -> None:
        """Read the Swarm anew for the next look: what failed may have moved."""
        self._around = Around(self._addresses)

    def look(self) -> tuple[Answer, ...]:
        """Look once from every place; raises CommandError where nobody can."""
        source = self._options.source
        if is_for_agents(source):
            return self._ask()
        try:
            looker = Looker(self._around, source, self._options.timeout_seconds)
        except ElsewhereError as exc:
            return self._ask(f"{exc}, and ")
        return (Answer(node="", report=asyncio.run(self._take(looker))),)

    def _ask(self, why: str = "") -> tuple[Answer, ...]:
        """Have this node's agent find who looks."""
        # Documents take a while to load, and a look from here needs none.
        from probes.looks.wire import dump_asked, load_answers  # noqa: PLC0415

        timeout_seconds = self._options.timeout_seconds
        asked = Asked(
            want=self._want,
            source=self._options.source,
            timeout_seconds=timeout_seconds,
        )
        within = answers_within(timeout_seconds) + _ROOM_SECONDS
        agent = self._addresses.agent
        try:
            return load_answers(ask_agent(agent, LOOK_PATH, within, dump_asked(asked)))
        except CannotLookError as exc:
            raise CannotLookError(f"{why}{exc}") from exc
        except ValueError as exc:
            raise CannotLookError(f"the agent at {agent} told no result: {exc}") from exc
