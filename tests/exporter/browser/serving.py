"""An agent's pages for a browser, made of a fleet that nobody runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from shutil import which

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, async_playwright

from exporter.front import Front
from exporter.web.app import make_app
from tests.exporter.synthetic.fleet import Fleet

CHROMIUM = "chromium"


@dataclass
class _Agent:
    """What `make_app` needs for the pages alone."""

    front: Front
    token: str = "secret"


@asynccontextmanager
async def served(fleet: Fleet, node: str) -> AsyncIterator[str]:
    """Serve the pages of one node's agent, and give their address."""
    app: web.Application = make_app(_Agent(fleet.front(node)))  # type: ignore[arg-type]
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start Debian's Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=which(CHROMIUM))
        yield browser
        await browser.close()
