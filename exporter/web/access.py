"""Who may see what names the inside of the network, or make the agent act?

`/metrics` and health are open, as exporters' are, and so are the pages for people: what they make
the agents do is bounded, however many look (`exporter.around`, `exporter.desk`). Everything else
takes the token, but on the Unix socket (the file system guards that) and where only this machine
can connect and there is no token. Looks take it there, too: any page in a browser on this machine
could ask for one.
"""

import hmac
from collections.abc import Callable
from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from probes.looks.asking import LOOK_PATH

OPEN_PATHS = frozenset(
    {
        "/",
        "/pair",
        "/pair/explain",
        "/static/page.css",
        "/static/page.js",
        "/metrics",
        "/-/healthy",
        "/-/ready",
    },
)
#: Not even from this machine without a token.
SEALED_PATHS = frozenset({LOOK_PATH})


def guard(token: Callable[[], str]) -> Middleware:
    """Make the middleware; *token* is asked each time, since a reload may change it."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in OPEN_PATHS and not _is_local_socket(request):
            refusal = _refusal(request, token())
            if refusal:
                raise web.HTTPForbidden(text=f"{refusal}\n")
        return await handler(request)

    return middleware


def _is_local_socket(request: web.Request) -> bool:
    """Tell whether the request came over the Unix socket, which has no peer address."""
    return not (request.transport and request.transport.get_extra_info("peername"))


def _refusal(request: web.Request, token: str) -> str:
    if not token:
        if _is_loopback(request.remote) and request.path not in SEALED_PATHS:
            return ""
        return "no token is configured on this agent (token_file), so nobody is let in from outside"
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        return "this needs the header 'Authorization: Bearer TOKEN'"
    if not hmac.compare_digest(given.strip().encode(), token.encode()):
        return "the token is not the one that this agent was given"
    return ""


def _is_loopback(remote: str | None) -> bool:
    return remote is not None and ip_address(remote).is_loopback
