"""The pages in a real browser: by mouse, by keyboard, in both languages, wide and narrow."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from models.common.clock import stored_now
from models.store.api_keys import KeyStore, generate_key
from tests.serving.paged import served, small_scorer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTHS = (1280, 375)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def key(folder: Path) -> str:
    stored, told = generate_key(
        "crm desk", ("read", "score", "feedback"), stored_now() + timedelta(days=1)
    )
    store = KeyStore(f"sqlite:///{folder / 's.db'}")
    store.add(stored)
    store.close()
    return told


@pytest.fixture(scope="module")
def address(folder: Path, key: str) -> Iterator[str]:
    """A server on a port of its own."""
    assert key
    app = served(folder)
    app.state.releases.scorer = small_scorer()
    app.state.releases.refresh = lambda: None
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en")
    context.set_default_timeout(5000)
    yield context.new_page()
    context.close()


def sign_in(page: Page, address: str, key: str) -> None:
    page.goto(f"{address}/app")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()


def check(page: Page) -> None:
    """Hold a page against axe's rules, and look whether it has to be moved sideways."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_csm_finds_an_account_asks_what_if_and_tells_what_happened(
    page: Page, address: str, key: str
) -> None:
    said: list[str] = []
    page.on("console", lambda one: said.append(f"{one.type}: {one.text}"))
    page.on("pageerror", lambda one: said.append(str(one)))
    sign_in(page, address, key)
    page.get_by_label("Name or ID").fill("söhne")
    page.get_by_label("Play", exact=True).select_option("expand")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Accounts found: 1")).to_be_visible()
    page.get_by_role("link", name="Übermut & Söhne").click()
    page.get_by_label("Change in licensed seats").fill("60")
    expect(page.get_by_role("columnheader", name="Before")).to_be_visible()
    expect(page.locator("output")).to_have_text("+60")
    page.get_by_label("Action", exact=True).select_option("met")
    page.get_by_role("button", name="Postponed").click()
    expect(page.get_by_text("Saved: Postponed")).to_be_visible()
    page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Empfohlenes Play")).to_be_visible()
    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    assert not [one for one in said if not one.startswith("verbose")]


def test_everything_can_be_done_by_keyboard(page: Page, address: str, key: str) -> None:
    page.goto(f"{address}/app/accounts/a-000001")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(key)
    page.keyboard.press("Enter")
    slider = page.get_by_label("Change in licensed seats")
    expect(slider).to_be_visible()
    for _ in range(30):
        page.keyboard.press("Tab")
        if slider.evaluate("one => one === document.activeElement"):
            break
    page.keyboard.press("ArrowRight")
    expect(page.locator("output")).to_have_text("+1")
    expect(page.get_by_role("columnheader", name="After")).to_be_visible()
    seen = slider.evaluate("one => getComputedStyle(one).outlineStyle")
    assert seen == "solid"


def test_the_forms_work_without_javascript(browser: Browser, address: str, key: str) -> None:
    context = browser.new_context(locale="en", java_script_enabled=False)
    page = context.new_page()
    sign_in(page, address, key)
    page.goto(f"{address}/app/accounts/a-000001")
    page.get_by_label("A champion leaves").check()
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("columnheader", name="Before")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["en", "de"])
def test_axe_finds_nothing_wrong(
    page: Page, address: str, key: str, language: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}/app/sign-in?lang={language}")
    check(page)
    page.locator("#key").fill(key)
    page.locator("#key").press("Enter")
    expect(page.locator("table.list")).to_be_visible()
    check(page)
    for account in ("a-000001", "nobody"):
        page.goto(f"{address}/app/accounts/{account}")
        if account == "a-000001":
            page.locator("#leaves").check()
            expect(page.locator("table.compare")).to_be_visible()
        check(page)
