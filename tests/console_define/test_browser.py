"""A definition made from nothing in a real browser: the numbers follow every change, and publishing is two clicks."""

import os
import re
import shutil
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect, sync_playwright

from scoring.models import Definition, Version
from tenants.context import tenant_context
from tests.factories import ingestion
from tests.factories.scoring import make_motion

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"), reason="NO CHROMIUM ON PATH: browser tests did not run"
    ),
]


@pytest.fixture
def data(live_server, acme):
    """Signed in: ann 3 times, bea twice, cem once. Committed, so that the server sees it."""
    now = timezone.now()
    with tenant_context(acme.pk):
        ingestion.make_action("Signed in")
        make_motion(name="Free to paid")
    sent = [
        ingestion.track(who, "Signed in", ts=now - timedelta(hours=hour))
        for who, times in {"ann": 3, "bea": 2, "cem": 1}.items()
        for hour in range(1, times + 1)
    ]
    ingestion.send_and_fold(acme, sent, received_at=now)


@pytest.fixture
def page(live_server, data, alice, as_user, monkeypatch):
    """Alice's browser. Errors of scripts and of the content security policy are collected in page.faults."""
    session = as_user(alice).cookies[settings.SESSION_COOKIE_NAME].value
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # playwright keeps a loop in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900})
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
        )
        opened = context.new_page()
        opened.faults = []
        opened.on("pageerror", lambda error: opened.faults.append(str(error)))
        opened.on("console", lambda said: _note(opened.faults, said))
        yield opened
        browser.close()


def _note(faults: list[str], said) -> None:
    if said.type == "error" and "favicon" not in said.location.get("url", "") and "422" not in said.text:
        faults.append(said.text)


def begin(page: Page) -> None:
    page.goto("/scoring/definition/add/?blank=1")
    page.fill("[name=name]", "Keen")
    page.select_option("[name=motion]", label="Free to paid")
    page.select_option("[name=level]", label="Person")
    page.click("button[type=submit]:has-text('Save'), input[type=submit]")
    expect(page).to_have_url(re.compile("/draft/$"))


def add_signal(page: Page, *, times: str = "2") -> None:
    page.click("text=Add a signal")
    page.fill("[name=signals-0-name]", "Active")
    page.fill("[name=signals-0-action]", "Signed in")
    page.fill("[name=signals-0-at_least]", times)
    page.fill("[name=signals-0-points]", "80")


def test_definition_is_made_previewed_and_published(page, acme):
    begin(page)
    expect(page.locator("#preview")).to_contain_text("Nothing to preview yet")

    add_signal(page)
    expect(page.locator("#preview .pq-score")).to_have_text("2")
    page.fill("[name=signals-0-at_least]", "3")
    expect(page.locator("#preview .pq-score")).to_have_text("1")

    page.click("text=Review and publish")
    expect(page.locator("#content")).to_contain_text("1 persons become PQLs and go to routing.")
    page.click("text=Publish now")
    expect(page.locator("#content")).to_contain_text("version 1 is live")

    with tenant_context(acme.pk):
        assert Version.objects.get(definition__name="Keen").state == "live"
    assert page.faults == []


def test_mistake_is_named_beside_the_form_and_at_the_field(page, acme):
    begin(page)
    add_signal(page)

    page.fill("[name=signals-0-window_length]", "0")
    expect(page.locator("#preview")).to_contain_text("The window must be at least 1 long.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("#id_signals-0-window_length_error")).to_contain_text("at least 1 long")

    with tenant_context(acme.pk):
        assert not Definition.objects.get(name="Keen").versions.get().signals.exists()
    assert page.faults == []


def test_kind_shows_just_its_own_fields(page):
    begin(page)
    add_signal(page)

    page.select_option("[name=signals-0-kind]", "trait")
    expect(page.locator("[name=signals-0-trait_name]")).to_be_visible()
    expect(page.locator("[name=signals-0-action]")).to_be_hidden()
    page.select_option("[name=signals-0-kind]", "milestone")
    expect(page.locator("[name=signals-0-action]")).to_be_visible()
    expect(page.locator("[name=signals-0-window_length]")).to_be_hidden()


def test_mistyped_action_is_mended_with_one_click(page):
    begin(page)
    add_signal(page)
    page.fill("[name=signals-0-action]", "Singed in")
    page.get_by_role("button", name="Save draft").click()

    page.click("text=Use “Signed in”")

    expect(page.locator("[name=signals-0-action]")).to_have_value("Signed in")
    expect(page.locator("#preview .pq-score")).to_have_text("2")


def test_editor_works_without_any_script(page, acme, live_server):
    begin(page)
    address, cookies = page.url, page.context.cookies()
    context = page.context.browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies(cookies)
    plain = context.new_page()

    plain.goto(address)
    add_signal(plain)
    plain.click("button[value=preview]")
    expect(plain.locator("#preview .pq-score")).to_have_text("2")
    plain.get_by_role("button", name="Save draft").click()

    with tenant_context(acme.pk):
        assert Definition.objects.get(name="Keen").versions.get().signals.count() == 1


PAGES = [
    "/scoring/definition/",
    "/ingestion/action/add/",
    "/ingestion/event/",
    "/ingestion/person/",
    "/scoring/replayrun/add/",
]


@pytest.mark.parametrize("address", PAGES)
def test_page_fits_a_phone(page, address):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)

    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.faults == []


def test_live_view_shows_a_new_event_and_can_be_paused(page, acme):
    page.goto("/ingestion/event/")
    expect(page.locator("#events")).to_contain_text("Signed in")

    ingestion.send_and_fold(acme, [ingestion.track("dan", "First call", ts=timezone.now())])
    expect(page.locator("#events")).to_contain_text("First call", timeout=10_000)
    page.check("#live-pause")
    ingestion.send_and_fold(acme, [ingestion.track("dan", "Second call", ts=timezone.now())])
    page.wait_for_timeout(4_000)
    expect(page.locator("#events")).not_to_contain_text("Second call")
