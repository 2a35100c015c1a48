"""Which files do the pages need? Our own two; nothing is loaded from elsewhere."""

from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files

from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """A file of the package; its address changes with its content, so it may be kept for long."""

    path: str
    url: str
    content_type: str
    body: bytes


def _read(name: str, content_type: str) -> StaticFile:
    body = files("exporter.web").joinpath("static", name).read_bytes()
    path = f"/static/{name}"
    digest = blake2b(body, digest_size=6).hexdigest()
    return StaticFile(path=path, url=f"{path}?v={digest}", content_type=content_type, body=body)


STYLE = _read("page.css", "text/css")
SCRIPT = _read("page.js", "text/javascript")


def route(file: StaticFile) -> web.RouteDef:
    """Serve one of them."""

    async def serve(_: web.Request) -> web.Response:
        headers = {
            "Cache-Control": "public, max-age=86400, immutable",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(
            body=file.body, content_type=file.content_type, charset="utf-8", headers=headers
        )

    return web.get(file.path, serve)
