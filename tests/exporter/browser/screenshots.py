"""How do the pages look? `python -m tests.exporter.browser.screenshots [FOLDER]` takes pictures.

They go to docs/images unless another folder is named; a test takes some too, to throw them away.
"""

import asyncio
import sys
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser

from tests.exporter.browser.serving import chromium, served
from tests.exporter.synthetic.stories import fleet_with_history, lose_an_entry

IMAGES = Path(__file__).parents[3] / "docs" / "images"
SIZES = {"phone": (390, 844), "laptop": (1280, 800), "wide": (1920, 1080)}
_PAIR = "/pair?source=shop_web&destination=shop_api"

Scheme = Literal["dark", "light"]


async def take(browser: Browser, address: str, file: Path, size: str, scheme: Scheme) -> None:
    """Take a picture of the whole page as it is at one size of window."""
    width, height = SIZES[size]
    page = await browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    await page.goto(address)
    await page.screenshot(path=file, full_page=True)
    await page.close()


async def main(folder: Path) -> None:
    """Take the pictures that the documentation shows: one fault, at three sizes and in the dark."""
    fleet = fleet_with_history()
    lose_an_entry(fleet)
    fleet.silent.add("node5")
    async with served(fleet, "node1") as address, chromium() as browser:
        for size in SIZES:
            await take(browser, address, folder / f"status-{size}.png", size, "light")
        await take(browser, address, folder / "status-dark.png", "laptop", "dark")
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        await page.goto(address.rstrip("/") + _PAIR)
        await page.click("text=Explain")
        await page.wait_for_selector("#walk")
        await page.screenshot(path=folder / "status-pair.png", full_page=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES))
