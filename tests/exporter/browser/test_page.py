"""Can people see what is wrong, with a mouse, a keyboard, a screen reader, or no script at all?"""

import re
import time
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from tests import needs
from tests.exporter.browser.conftest import Opened
from tests.exporter.browser.screenshots import SIZES, Scheme, take
from tests.exporter.browser.serving import CHROMIUM, served
from tests.exporter.synthetic.fleet import Fleet
from tests.exporter.synthetic.stories import HOSTILE, is_lost, lose_an_entry
from tests.exporter.synthetic.topologies import large

pytestmark = [pytest.mark.asyncio(loop_scope="session"), needs.command(CHROMIUM, "chromium")]

CELL = 'a[href="/pair?source=shop_web&destination=shop_api"]'
#: The page renews itself every five seconds, with answers of two seconds ago at most.
WITHIN_MS = 12_000
SERIOUS = {"serious", "critical"}


async def test_the_matrix_turns_red_and_back_while_one_looks_on(opened: Opened) -> None:
    """Without loading the page again; what changed is told to screen readers."""
    cell = opened.page.locator(f"td:has({CELL})")
    await expect(cell).to_have_class("ok")

    opened.fleet.run(time.time(), is_lost)
    await expect(cell).to_have_class("bad", timeout=WITHIN_MS)
    await expect(cell).to_contain_text("✕ 2/33")
    await expect(opened.page.locator("#news")).to_contain_text("2 pairs of services fail")
    await expect(opened.page).to_have_title(re.compile("✕"))

    opened.fleet.run(time.time())
    await expect(cell).to_have_class("ok", timeout=WITHIN_MS)
    await expect(opened.page.locator("#news")).to_contain_text("Nothing is wrong")


async def test_a_pair_explains_what_is_broken(opened: Opened) -> None:
    """From a red cell to the hop and the command that mends it."""
    opened.fleet.run(time.time(), is_lost)
    page = opened.page
    await expect(page.locator(f"td.bad:has({CELL})")).to_be_visible(timeout=WITHIN_MS)

    await page.click(CELL)
    await expect(page.locator("#hour rect.bad").first).to_be_visible()
    await expect(page.locator("#errors")).to_contain_text("nobody answered within 2 s")
    await page.click("text=Explain")

    await expect(page.locator("#walk")).to_contain_text("no entry says where it is")
    await expect(page.locator("#walk code.command")).to_have_text(
        "docker service update --force shop_api"
    )
    await opened.renew()
    await expect(page.locator("#walk")).to_be_visible()


async def test_an_agent_that_is_gone_is_named(opened: Opened) -> None:
    """And so it is when it comes back."""
    opened.fleet.silent.add("node4")
    state = opened.page.locator("#state")
    await expect(state).to_contain_text("The agent of node4 did not answer", timeout=WITHIN_MS)

    opened.fleet.silent.clear()
    await expect(state).to_contain_text("5 of 5 agents answered", timeout=WITHIN_MS)


async def test_a_service_that_is_called_like_a_script_does_no_harm(opened: Opened) -> None:
    """Not on the page, nor when the page renews itself, nor on its own page."""
    page = opened.page
    await expect(page.locator("#services")).to_contain_text(HOSTILE)
    await opened.renew()
    await expect(page.locator("#services")).to_contain_text(HOSTILE)

    await (
        page.locator("#matrix")
        .get_by_role("link")
        .filter(has=page.locator('xpath=self::a[contains(@href, "source=%3Cscript")]'))
        .first.click()
    )

    await expect(page.locator("h1")).to_contain_text(HOSTILE)
    assert await page.locator("main img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "pair?source=shop_web&destination=shop_api"])
async def test_axe_finds_no_serious_fault(
    browser: Browser, opened: Opened, path: str, scheme: Scheme
) -> None:
    """With a fault on the page, in the light and in the dark."""
    lose_an_entry(opened.fleet)
    page = await browser.new_page(color_scheme=scheme, bypass_csp=True)
    await page.goto(opened.address + path)

    found = await Axe().run(page)

    serious = [
        (item["id"], [node["html"] for node in item["nodes"][:3]])
        for item in found.response["violations"]
        if item["impact"] in SERIOUS
    ]
    await page.close()
    assert serious == []


async def test_a_keyboard_reaches_the_cells(opened: Opened) -> None:
    """By tab, past the links to the parts; from cell to cell by arrows; and opens one by enter."""
    page = opened.page
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.closest('td') !== null"):
            break
    first = await page.evaluate("document.activeElement.getAttribute('href')")
    await page.keyboard.press("ArrowRight")
    second = await page.evaluate("document.activeElement.getAttribute('href')")

    assert first.startswith("/pair?")
    assert second.startswith("/pair?")
    assert second != first
    await page.keyboard.press("Enter")
    await expect(page.locator("#hour")).to_be_visible()


async def test_what_somebody_folded_and_where_they_were_stays(opened: Opened) -> None:
    """The page renews itself under their hands."""
    page = opened.page
    stack = page.locator('details[data-key="matrix billing"]')
    await stack.locator("summary").click()
    await page.focus(CELL)
    opened.fleet.run(time.time(), is_lost)
    await expect(page.locator(f"td.bad:has({CELL})")).to_be_visible(timeout=WITHIN_MS)

    await expect(stack).not_to_have_attribute("open", "")
    await expect(page.locator(CELL)).to_be_focused()


async def test_the_filter_leaves_what_is_looked_for(opened: Opened) -> None:
    """Rows by any name in them, and stacks that have none of it go."""
    page = opened.page
    await page.fill("#filter-text", "mailer")

    await expect(page.locator("#services tr:visible th[scope=row]")).to_have_count(1)
    await expect(page.locator('details[data-key="matrix shop"]')).to_be_hidden()
    await opened.renew()
    await expect(page.locator("#services tr:visible th[scope=row]")).to_have_count(1)
    await page.fill("#filter-text", "")
    await expect(page.locator('details[data-key="matrix shop"]')).to_be_visible()


async def test_a_command_is_copied_without_https(opened: Opened) -> None:
    """As agents are mostly reached."""
    lose_an_entry(opened.fleet)
    await opened.renew()
    page = opened.page

    await page.locator("#findings button.copy").first.click(timeout=WITHIN_MS)

    await expect(page.locator("#findings button.copy").first).to_have_text("Copied")


async def test_without_script_everything_is_there(browser: Browser, opened: Opened) -> None:
    """And it is loaded again by itself."""
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(opened.address)

    await expect(page.locator(CELL)).to_be_visible()
    assert await page.locator('meta[http-equiv="refresh"]').count() == 1
    await expect(page.locator("#filter")).to_be_hidden()
    await context.close()


async def test_a_large_swarm_fits_on_a_phone(browser: Browser) -> None:
    """What is wide scrolls in a box of its own; the page itself never does sideways."""
    fleet = Fleet(large(services=40, nodes=20), time.time())
    fleet.run(fleet.now)
    width, height = SIZES["phone"]
    async with served(fleet, "node01") as address:
        page = await browser.new_page(viewport={"width": width, "height": height})
        await page.goto(address)
        await page.locator("#matrix details summary").first.click()

        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await page.close()


@pytest.mark.parametrize("size", sorted(SIZES))
async def test_pictures_of_three_sizes_can_be_taken(
    browser: Browser, opened: Opened, size: str, tmp_path: Path
) -> None:
    """As the documentation has them; the page is as wide as the window, and no wider."""
    file = tmp_path / "page.png"

    await take(browser, opened.address, file, size, "light")

    header = file.read_bytes()[:24]
    assert int.from_bytes(header[16:20], "big") == SIZES[size][0]
