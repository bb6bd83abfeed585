"""The demo in a real browser, as a newcomer sees it; pictures are kept in test-results/."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from bot.config import Config
from bot.local.demo import Demo, playing

PICTURES = Path(__file__).parents[2] / "test-results"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
#: Without these Chromium asks the internet for updates and the like.
_ALONE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Screen:
    """One person's browser window on the demo."""

    page: Page
    demo: Demo

    async def visit(self, who: str, channel: str = "customer-service") -> None:
        """Open the desk as this person, in this channel."""
        await self.page.goto("about:blank")
        await self.page.goto(f"{self.demo.site.address}/?as={who}#{channel}")
        await expect(self.composer).to_be_visible()

    @property
    def composer(self) -> Locator:
        """Where one types."""
        return self.page.get_by_test_id("composer")

    @property
    def modal(self) -> Locator:
        """The open form."""
        return self.page.get_by_test_id("modal")

    async def type(self, text: str) -> None:
        """Type a message or command and send it."""
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def go(self, channel: str) -> None:
        """Change to another channel."""
        await self.page.get_by_test_id(f"channel-{channel}").click()

    def message(self, text: str) -> Locator:
        """The latest message that holds the text."""
        return self.page.get_by_test_id("message").filter(has_text=text).last

    async def picture(self, name: str) -> None:
        """Keep what the screen shows, for people to look at."""
        PICTURES.mkdir(exist_ok=True)
        await self.page.screenshot(path=PICTURES / f"{name}.png")


@pytest.fixture
async def screen() -> AsyncIterator[Screen]:
    """A browser window on a fresh demo; skipped where there is no Chromium."""
    browser_path = next(filter(None, map(shutil.which, _NAMES)), None)
    if browser_path is None:
        pytest.skip("no Chromium on this machine: install Debian's package chromium")
    config = Config(_env_file=None, port=0, host="127.0.0.1")  # type: ignore[call-arg]
    async with playing(config) as demo, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path, args=_ALONE)
        page = await browser.new_page(viewport={"width": 1280, "height": 860})
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield Screen(page, demo)
        await browser.close()
        assert complaints == []
