"""How is a look asked for over HTTP? By this node's `probe`, and by other nodes' agents."""

from http import HTTPStatus
from typing import Protocol

from aiohttp import web

from probes.looks.asking import LOOK_PATH, Answer, Asked
from probes.looks.errors import CommandError, UsageError
from probes.looks.wire import dump_answers, load_asked


class Looking(Protocol):
    """What takes looks; `exporter.looks.Looks` does."""

    async def look(self, asked: Asked) -> tuple[Answer, ...]: ...


class Agent(Protocol):
    """Whoever serves the page."""

    @property
    def looks(self) -> Looking: ...


def routes(agent: Agent) -> list[web.RouteDef]:
    """List the pages."""

    async def look(request: web.Request) -> web.Response:
        """Take the look that the body asks for, here or on the nodes that it means."""
        try:
            answers = await agent.looks.look(load_asked(await request.read()))
        except UsageError as exc:
            return _told(exc, HTTPStatus.BAD_REQUEST)
        except CommandError as exc:
            return _told(exc, HTTPStatus.SERVICE_UNAVAILABLE)
        except ValueError as exc:
            return _told(exc, HTTPStatus.BAD_REQUEST)
        return web.Response(body=dump_answers(answers), content_type="application/json")

    return [web.post(LOOK_PATH, look)]


def _told(exc: Exception, status: HTTPStatus) -> web.Response:
    return web.Response(status=status, text=f"{exc}\n")
