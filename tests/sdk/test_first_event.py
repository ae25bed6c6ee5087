"""The first event, with each program of the guide: run as it stands there, with the real packages."""

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tenants.admin.snippets import snippets
from tests.ingestion_api.conftest import make_product
from tests.sdk.conftest import FOLDER, fold_all, missing
from tests.sdk.test_browser_sdk import ARGUMENTS, CHROMIUM, QuietFiles

GUIDE = Path(__file__).resolve().parents[2] / "docs/guides/send-events.md"
CONSOLE = {snippet.key: snippet.code for snippet in snippets(secret="KEY", host="HOST")}
PROGRAMS = dict(
    re.findall(r"<!-- first event: ([\w-]+) -->\n```\w+\n(.*?)\n```", GUIDE.read_text(), re.DOTALL)
)
LONGEST = 12  # lines
# posthog-js sends nothing for a browser that says it is driven or headless.
LIKE_A_VISITOR = "--disable-blink-features=AutomationControlled"
VISITOR = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
# A page asks for the package by its name, as a bundler would find it.
IMPORTS = (
    '<script type="importmap">{"imports": {"posthog-js": "/node_modules/posthog-js/dist/module.js"}}</script>'
)


def test_the_guide_and_the_console_show_the_same_programs():
    assert PROGRAMS == CONSOLE
    assert all(len(program.splitlines()) <= LONGEST for program in PROGRAMS.values())


@pytest.fixture
def run(node_packages, tmp_path, monkeypatch):
    """Run a program of the guide, by its name."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # playwright runs a loop in this thread

    def run(name: str, program: str, wait) -> None:
        if name == "browser" or name.endswith("-browser"):
            kind = "" if name == "browser" else ' type="module"'
            script = program if name == "browser" else f"{IMPORTS}<script{kind}>{program}</script>"
            _open_page(f"<!doctype html><title>App</title><body>{script}", tmp_path, node_packages, wait)
            return
        commands = {"curl": ["bash", "-c"], "python": [sys.executable, "-c"]}
        node = ["node", "--input-type=module", "-e"]
        command = commands.get(name.rpartition("-")[2], node)
        subprocess.run([*command, program], cwd=FOLDER, check=True, timeout=60)

    return run


def _open_page(html: str, folder: Path, packages: Path, wait) -> None:
    if CHROMIUM is None:
        missing("Chromium")
    (folder / "node_modules").symlink_to(packages)
    (folder / "index.html").write_text(html)
    site = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietFiles, directory=folder))
    threading.Thread(target=site.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, LIKE_A_VISITOR])
        browser.new_page(user_agent=VISITOR).goto(f"http://localhost:{site.server_address[1]}/index.html")
        wait()
        browser.close()
    site.shutdown()
    site.server_close()


@pytest.mark.prove
@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_first_event_arrives_once(web, acme, now, run, name):
    if name == "curl" and shutil.which("curl") is None:
        missing("curl")
    product = make_product(acme, now, kind="browser" if "browser" in name else "server")
    program = PROGRAMS[name].replace("HOST", web.url).replace("KEY", product.secret)

    def signed_up() -> list:
        return [event for event in fold_all(product).events if event.name == "Signed Up"]

    run(name, program, lambda: _wait_until(signed_up))

    (event,) = _wait_until(signed_up)
    assert event.properties["plan"] == "trial"
    assert event.identity_id is not None
    assert name == "curl" or event.account_id is not None


def _wait_until(found: Callable[[], list], seconds: float = 30) -> list:
    deadline = time.monotonic() + seconds
    while not (rows := found()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return rows
