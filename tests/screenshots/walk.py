"""Takes each person through their pages, in order, with the camera."""

import json
import time
import urllib.error
import urllib.request
from base64 import b64encode
from email import message_from_bytes
from pathlib import Path
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve, reverse
from playwright.sync_api import Page

from tests.screenshots.camera import Camera
from tests.screenshots.pages import Shot
from tests.screenshots.steps import secret_in

MAIL_PATIENCE = 20.0
LINKS = """() => [...document.querySelectorAll("a[href]"), ...document.querySelectorAll("form:not([method=post])")]
    .map(one => one.href || one.action).filter(href => typeof href === "string" && href.startsWith(location.origin))"""


class Walk:
    """A running demo seen through the browser. `home` is its folder: its log-ins and mails are in there."""

    def __init__(self, camera: Camera, home: Path) -> None:
        self.camera, self.home = camera, home
        state = json.loads((home / "demo.json").read_text())
        self.people = {login["email"].partition("@")[0]: login for login in state["logins"]}
        self.company = ""  # the one that the operator opens
        self.write_key = state["write_key"]
        self.totp_secret = ""
        self.began = time.time()
        self.failed: list[str] = []
        self.seen: dict[str, str] = {}  # where a page with a key was found

    def take(self, shots: list[Shot]) -> None:
        for number, shot in enumerate(shots, start=1):
            print(f"  {number:3}/{len(shots)} {shot.slug}", flush=True)
            self.camera.now_at = shot.slug
            try:
                self._take(shot)
            except Exception as error:
                self.failed.append(shot.slug)
                self.camera.faults.note(
                    shot.slug, "not photographed", f"{type(error).__name__}: {error}"[:500]
                )

    def _take(self, shot: Shot) -> None:
        page = self.window(shot.who)
        if shot.before is not None:
            shot.before(self)
        if not shot.here:
            self._open(page, shot)
        self.camera.shoot(page, shot.slug)

    def _open(self, page: Page, shot: Shot) -> None:
        if not shot.link_on:
            self.camera.open(page, _address(shot.path or shot.shows), slug=shot.slug, expect=shot.status)
            return
        began = time.monotonic()
        self.follow(page, shot.shows, "" if shot.link_on == "here" else self._where(page, shot.link_on))
        self.camera.seconds[shot.slug] = round(time.monotonic() - began, 2)

    def _where(self, page: Page, name: str) -> str:
        """The address of a page with a link to the wanted one: the open page, if it is of that name."""
        return "" if _name_of(page.url) == name else self.seen.get(name) or _address(name)

    def window(self, who: str) -> Page:
        """This person's window, signed in. The newcomer signs in by joining."""
        is_new = who not in self.camera.sessions
        page = self.camera.session(who)
        if is_new and who not in ("", "newcomer"):
            self.sign_in(page, self.people[who]["email"], self.people[who]["password"])
        return page

    def sign_in(self, page: Page, email: str, password: str) -> None:
        page.goto(reverse("account_login"))
        page.fill("[name=login]", email)
        page.fill("[name=password]", password)
        with page.expect_navigation():
            page.locator("main form button[type=submit]").first.click()

    def submit(self, page: Page) -> None:
        """Press the form's main button and wait for the answer."""
        button = page.locator(
            "#content button[type=submit].pq-button-main, #submit-row [name=_save], main form button[type=submit]"
        )
        with page.expect_navigation():
            button.locator("visible=true").last.click()

    def follow(self, page: Page, name: str, start: str) -> None:
        """Open the first link to a page of this name, seen on `start` or on the open page."""
        if start:
            page.goto(start)
        found = next((link for link in page.evaluate(LINKS) if _name_of(link) == name), None)
        if found is None:
            raise LookupError(f"no link to {name} on {urlsplit(page.url).path}")
        self.camera.open(page, found)
        self.seen[name] = found

    def mailed_link(self, part: str) -> str:
        """The newest mail since the start that has a link with this part."""
        deadline = time.monotonic() + MAIL_PATIENCE
        while time.monotonic() < deadline:
            for file in sorted(
                (self.home / "mail").glob("*"), key=lambda one: one.stat().st_mtime, reverse=True
            ):
                text = _text_of(file)
                if part in text and file.stat().st_mtime >= self.began:
                    return secret_in(text)
            time.sleep(0.5)
        raise LookupError(f"no mail with {part}")

    def send_event(self, **event: object) -> None:
        key = b64encode(f"{self.write_key}:".encode()).decode()
        request = urllib.request.Request(
            self.camera.url + "/v1/track", json.dumps(event).encode(), {"Authorization": f"Basic {key}"}
        )
        with urllib.request.urlopen(request):
            pass


def _text_of(file: Path) -> str:
    message = message_from_bytes(file.read_bytes())
    part = next(one for one in message.walk() if one.get_content_type() == "text/plain")
    return part.get_payload(decode=True).decode()


def _address(name: str) -> str:
    return name if name.startswith("/") else reverse(name)


def _name_of(link: str) -> str:
    """The name of the address that a link leads to."""
    try:
        return resolve(urlsplit(link).path).view_name
    except Resolver404:
        return ""
