"""analytics.js 2 in a real Chromium, on a page of another origin: preflights, settings, retries."""

import shutil
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import sync_playwright

from tests.ingestion_api.conftest import make_product
from tests.sdk.conftest import fold_all, missing
from tests.sdk.faulty import faulty_proxy

pytestmark = [pytest.mark.prove, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
TRACKS = 12
SCENARIO = """async ([key, host, integrations, tracks]) => {
  const [analytics] = await AnalyticsNext.AnalyticsBrowser.load({ writeKey: key, cdnURL: host }, { integrations })
  await analytics.page('Pricing')
  await analytics.identify('u1', { email: 'ann@acme.example' })
  await analytics.group('acme', { name: 'Acme' })
  for (let n = 0; n < tracks; n++) analytics.track('Report Exported', { n }, { context: { groupId: 'acme' } })
}"""


class QuietFiles(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def page(tmp_path, node_packages, monkeypatch):
    """An empty page with the SDK's bundle on it."""
    if CHROMIUM is None:
        missing("Chromium")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # playwright runs a loop in this thread
    shutil.copy(node_packages / "@segment/analytics-next/dist/umd/index.js", tmp_path / "analytics.js")
    (tmp_path / "index.html").write_text(
        '<!doctype html><title>App</title><script src="analytics.js"></script>'
    )
    site = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietFiles, directory=tmp_path))
    threading.Thread(target=site.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        page.goto(f"http://localhost:{site.server_address[1]}/index.html")
        yield page
        browser.close()
    site.shutdown()
    site.server_close()


def wait_for(product, events, seconds=40):
    """Everything folded once `events` are there, or when the time is up."""
    deadline = time.monotonic() + seconds
    folded = fold_all(product)
    while len(folded.events) < events and time.monotonic() < deadline:
        time.sleep(0.3)
        folded = fold_all(product)
    return folded


@pytest.mark.parametrize("plan", [[], ["refuse", "refuse"]], ids=["calm", "refused"])
@pytest.mark.parametrize("strategy", ["single", "batching"])
def test_events_of_a_page_arrive_once_when_only_the_host_is_changed(web, acme, now, page, strategy, plan):
    product = make_product(acme, now, kind="browser")
    delivery = {"deliveryStrategy": {"strategy": "batching", "config": {"size": 5, "timeout": 500}}}
    integrations = {"Segment.io": delivery} if strategy == "batching" else {}
    with faulty_proxy(web.port, plan) as (host, proxy):
        page.evaluate(SCENARIO, [product.secret, host, integrations, TRACKS])
        events = wait_for(product, TRACKS + 3).events
    assert not proxy.plan
    assert sorted(event.properties["n"] for event in events if event.name == "Report Exported") == list(
        range(TRACKS)
    )
    assert sorted(event.name for event in events if event.name != "Report Exported") == ["", "", "Pricing"]
    assert all(event.clock_skew_ms is not None for event in events)
    assert all(abs(event.clock_skew_ms) < 60_000 for event in events)
