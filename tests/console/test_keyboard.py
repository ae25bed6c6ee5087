"""The console without a mouse, in a real browser."""

import os

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect, sync_playwright

from tests.screenshots.camera import ARGUMENTS, CHROMIUM, HEIGHT, NARROW

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"), reason="NO CHROMIUM ON PATH: browser tests did not run"
    ),
]


@pytest.fixture
def page(live_server, client, alice, monkeypatch):
    """Alice's home page, in a window as narrow as a phone."""
    client.force_login(alice)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # playwright keeps a loop in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        window = {"width": NARROW, "height": HEIGHT[NARROW]}
        context = browser.new_context(base_url=live_server.url, viewport=window)
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
        )
        opened = context.new_page()
        opened.goto("/")
        yield opened
        browser.close()


def test_the_first_stop_leads_past_the_menu(page: Page):
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()

    page.keyboard.press("Enter")

    expect(page.locator("main")).to_be_focused()


def test_the_menu_opens_takes_the_focus_and_closes_by_escape(page: Page):
    menu = page.get_by_role("button", name="Menu", exact=True)
    menu.focus()
    page.keyboard.press("Enter")

    expect(page.locator("#nav-sidebar a").first).to_be_focused()
    page.keyboard.press("Escape")

    expect(page.locator("#nav-sidebar")).to_be_hidden()
    expect(menu).to_be_focused()


def test_theme_and_sign_out_are_reached_and_said(page: Page):
    page.get_by_role("button", name="Menu", exact=True).press("Enter")
    page.get_by_role("button", name="alice@acme.test").press("Enter")
    page.get_by_role("button", name="Dark", exact=True).press("Enter")

    expect(page.get_by_role("button", name="Dark", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
