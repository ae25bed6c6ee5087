"""A browser that looks at a page in both widths and both themes, and notes what is wrong with it."""

import base64
import json
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

WIDE, NARROW = 1440, 390
LOOKS = [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")]
HEIGHT = {WIDE: 900, NARROW: 844}
TALLEST = 5000
TALLEST_IN_GALLERY = {WIDE: 1800, NARROW: 2200}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SET_THEME = """theme => {
    localStorage.setItem("adminTheme", JSON.stringify(theme));
    document.documentElement.classList.toggle("dark", theme === "dark");
}"""
TOO_WIDE = """() => {
    const limit = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= limit + 1) return "";
    const out = [...document.querySelectorAll("body *")].filter(one => one.getBoundingClientRect().right > limit + 1
        && !one.closest(".pq-scroll, .overflow-x-auto, .simplebar-content-wrapper"));
    const name = one => `${one.tagName.toLowerCase()}#${one.id}.${String(one.className).slice(0, 60)}`;
    return document.documentElement.scrollWidth + " px: " + out.slice(0, 3).map(name).join(" | ");
}"""
AXE_RUN = """async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
    const found = await axe.run(document, {resultTypes: ["violations"], runOnly: tags});
    const why = node => ([...node.any, ...node.all, ...node.none][0] || {}).message || "";
    return found.violations.map(one => ({
        id: one.id, impact: one.impact, help: one.help, count: one.nodes.length,
        nodes: one.nodes.slice(0, 8).map(node => ({target: node.target.join(" "), why: why(node)})),
    }));
}"""


@dataclass
class Faults:
    """What the camera noticed, page by page."""

    found: list[dict[str, Any]] = field(default_factory=list)

    def note(self, slug: str, what: str, detail: Any, *, look: str = "") -> None:
        self.found.append({"page": slug, "look": look, "what": what, "detail": detail})


class Camera:
    """One browser; one session for each person. `pictures` gets a PNG of every page in every look."""

    def __init__(self, browser: Browser, url: str, pictures: Path, axe: str = "") -> None:
        self.browser, self.url, self.pictures, self.axe = browser, url.rstrip("/"), pictures, axe
        self.faults = Faults()
        self.sessions: dict[str, Page] = {}
        self.seconds: dict[str, float] = {}
        self.now_at = ""
        pictures.mkdir(parents=True, exist_ok=True)

    def session(self, who: str) -> Page:
        """The browser window of this person; a new, signed-out one at first."""
        if who not in self.sessions:
            context: BrowserContext = self.browser.new_context(
                base_url=self.url, viewport={"width": WIDE, "height": HEIGHT[WIDE]}, reduced_motion="reduce"
            )
            context.set_default_timeout(20_000)
            page = context.new_page()
            page.on("pageerror", lambda error: self.faults.note(self.now_at, "script error", str(error)))
            page.on("console", self._listen)
            self.sessions[who] = page
        return self.sessions[who]

    def _listen(self, message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.note(self.now_at, "console error", message.text[:300])

    def close(self, who: str) -> None:
        page = self.sessions.pop(who, None)
        if page is not None:
            page.context.close()

    def open(self, page: Page, path: str, *, slug: str = "", expect: int = 200) -> None:
        """Go there, and note when it answers something unexpected."""
        began = time.monotonic()
        answer = page.goto(path, wait_until="load")
        if slug:
            self.seconds[slug] = round(time.monotonic() - began, 2)
        status = answer.status if answer else 0
        if status != expect:
            self.faults.note(slug or path, "unexpected answer", f"{status} at {path}")

    def shoot(self, page: Page, slug: str) -> None:
        """All looks of what is open now."""
        page.wait_for_load_state("networkidle")
        page.wait_for_function("() => !document.querySelector('.htmx-request')")
        for width, theme in LOOKS:
            look = f"{width}-{theme}"
            page.set_viewport_size({"width": width, "height": HEIGHT[width]})
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.evaluate(SET_THEME, theme)
            page.evaluate("() => window.scrollTo(0, 0)")
            page.wait_for_timeout(100)
            self._examine(page, slug, width, look)
            tall = self._grow(page, width)
            page.screenshot(path=self.pictures / f"{slug}.{look}.png", animations="disabled")
            self._write_small(page, slug, width, min(tall, TALLEST_IN_GALLERY[width]), look)
        page.set_viewport_size({"width": WIDE, "height": HEIGHT[WIDE]})
        page.evaluate(SET_THEME, "light")

    def _grow(self, page: Page, width: int) -> int:
        """Make the window as tall as the page, so that what sticks to its edges is where it belongs."""
        tall = max(HEIGHT[width], int(page.evaluate("() => document.documentElement.scrollHeight")))
        page.set_viewport_size({"width": width, "height": min(tall, TALLEST)})
        page.wait_for_timeout(50)
        return tall

    def _write_small(self, page: Page, slug: str, width: int, height: int, look: str) -> None:
        """The same as WebP, from which the gallery takes what it shows."""
        devtools = page.context.new_cdp_session(page)
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        asked = {"format": "webp", "quality": 72, "clip": clip}
        answer = devtools.send("Page.captureScreenshot", asked)
        devtools.detach()
        (self.pictures / f"{slug}.{look}.webp").write_bytes(base64.b64decode(answer["data"]))

    def _examine(self, page: Page, slug: str, width: int, look: str) -> None:
        too_wide = page.evaluate(TOO_WIDE)
        if too_wide:
            self.faults.note(slug, "wider than the window", too_wide, look=look)
        if self.axe:
            page.evaluate(self.axe)
            for violation in page.evaluate(AXE_RUN):
                self.faults.note(slug, "accessibility", violation, look=look)

    def write_report(self) -> None:
        report = {"seconds": self.seconds, "faults": self.faults.found}
        (self.pictures / "report.json").write_text(json.dumps(report, indent=1))
        for fault in self.faults.found:
            if fault["what"] != "accessibility":
                print(
                    f"  {fault['page']} {fault['look']}: {fault['what']}: {fault['detail']}", file=sys.stderr
                )
