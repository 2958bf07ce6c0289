"""A real browser: the Chromium of the system, driven by Playwright; nothing is installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

__all__ = ["Visit", "start_chromium"]

PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def start_chromium() -> Iterator[Browser]:
    """The browser, or a skip with the reason; ends with the generator."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("there is no Chromium here (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        # The sandbox needs rights that root in a container has not; the pages are our own.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """A page opened from disk, and everything that it did besides showing itself.

    Attributes:
        page: The page.
        requests: Addresses that it asked for, but for its own and those with the data in them.
        complaints: What went to the console, errors, and dialogs.
    """

    def __init__(self, context: BrowserContext, file: Path) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("request", self.note_request)
        self.page.on("console", self.note_message)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        self.address = file.absolute().as_uri()
        self.page.goto(self.address)

    def note_request(self, request: Request) -> None:
        """Remember a request that leaves the page."""
        if request.url != self.address and not request.url.startswith("data:"):
            self.requests.append(request.url)

    def note_message(self, message: ConsoleMessage) -> None:
        """Remember a line of the console."""
        self.complaints.append(message.text)
