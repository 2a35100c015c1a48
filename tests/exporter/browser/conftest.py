"""One browser for all tests of this folder; what a page logs as an error fails its test."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize

from tests.exporter.browser.serving import chromium, served
from tests.exporter.synthetic.fleet import Fleet
from tests.exporter.synthetic.stories import fleet_with_history, with_hostile_name
from tests.exporter.synthetic.topologies import shop

LAPTOP = ViewportSize(width=1280, height=800)


@dataclass
class Opened:
    """A page of node1's agent in a browser, and the fleet that it shows."""

    page: Page
    fleet: Fleet
    address: str
    #: What the browser complained of: scripts that failed, what the policy refused.
    complaints: list[str] = field(default_factory=list)

    async def renew(self) -> None:
        """Wait until the page has renewed itself."""
        async with self.page.expect_response(lambda answer: answer.ok, timeout=15_000):
            pass
        await self.page.wait_for_timeout(100)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, started once."""
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def opened(browser: Browser) -> AsyncIterator[Opened]:
    """The page, opened a moment ago; a dialog or a complaint would fail the test."""
    fleet = fleet_with_history(with_hostile_name(shop()))
    async with served(fleet, "node1") as address:
        context = await browser.new_context(viewport=LAPTOP)
        page = await context.new_page()
        made = Opened(page=page, fleet=fleet, address=address)
        page.on("console", lambda said: _note(made, said.type, said.text))
        page.on("pageerror", lambda error: made.complaints.append(str(error)))
        page.on("dialog", lambda dialog: made.complaints.append(f"dialog: {dialog.message}"))
        await page.goto(address)
        yield made
        await context.close()
    assert made.complaints == []


def _note(opened: Opened, kind: str, text: str) -> None:
    if kind in {"error", "warning"}:
        opened.complaints.append(text)
