"""Scripts of a page in a real Chromium, with another host and key: snippets of Segment, PostHog
and Jitsu, RudderStack's analytics.js."""

import shutil
import threading
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.ingestion_api.conftest import make_product
from tests.sdk.conftest import missing
from tests.sdk.faulty import faulty_proxy
from tests.sdk.test_browser_sdk import ARGUMENTS, CHROMIUM, QuietFiles, wait_for

pytestmark = [pytest.mark.prove, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TRACKS = 12
VENDORED = Path(__file__).resolve().parents[2] / "static/analytics-next"
CALLS = """
  analytics.page('Pricing')
  analytics.identify('u1', { email: 'ann@acme.example' })
  analytics.group('acme', { name: 'Acme' })
  for (let n = 0; n < tracks; n++) analytics.track('Report Exported', { n }, { context: { groupId: 'acme' } })
"""
# What Segment's snippet does: a queue under the SDK's name until the script has come.
SNIPPET = (
    """([key, host, tracks]) => {
  const analytics = (window.analytics = [])
  const methods = ['page', 'identify', 'group', 'track', 'trackLink']
  for (const name of methods) analytics[name] = (...values) => analytics.push([name, ...values])
  Object.assign(analytics, { _writeKey: key, _cdn: host, invoked: true })
  const script = document.createElement('script')
  script.src = `${host}/analytics.js/v1/${key}/analytics.min.js`
  script.setAttribute('data-global-segment-analytics-key', 'analytics')
  document.head.append(script)
"""
    + CALLS
    + """
  analytics.trackLink(document.querySelector('a'), 'Link Followed')
}"""
)
# What PostHog's snippet does: a queue that remembers how to begin, until the script has come.
POSTHOG = """([key, host, tracks]) => {
  const posthog = (window.posthog = [])
  posthog._i = []
  posthog.__SV = 1
  const options = { api_host: host, opt_out_useragent_filter: true, autocapture: false, capture_pageview: false }
  options.loaded = (loaded) => {
    loaded.identify('u1', { email: 'ann@acme.example' })
    loaded.group('company', 'acme', { name: 'Acme' })
    for (let n = 0; n < tracks; n++) loaded.capture('Report Exported', { n })
  }
  posthog._i.push([key, options])
  document.head.append(Object.assign(document.createElement('script'), { src: `${host}/static/array.js` }))
}"""
JITSU = """([key, host, tracks]) => {
  const script = document.createElement('script')
  script.src = `${host}/p.js`
  script.setAttribute('data-write-key', `${key}:-`)
  script.setAttribute('data-init-only', 'true')
  script.onload = async () => {
    await jitsu.page('Pricing')
    await jitsu.identify('u1', { email: 'ann@acme.example' })
    await jitsu.group('acme', { name: 'Acme' })
    for (let n = 0; n < tracks; n++) await jitsu.track('Report Exported', { n }, { context: { groupId: 'acme' } })
  }
  document.head.append(script)
}"""
RUDDERSTACK = (
    """([key, host, tracks, options]) => {
  const analytics = new rudderanalytics.RudderAnalytics()
  analytics.load(key, host, { configUrl: host, ...options })
"""
    + CALLS
    + "}"
)


@pytest.fixture
def page(tmp_path, node_packages, monkeypatch):
    """A page of another origin with a link and RudderStack's script on it, whose requests elsewhere fail the test."""
    if CHROMIUM is None:
        missing("Chromium")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # playwright runs a loop in this thread
    script = node_packages / "@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js"
    shutil.copy(script, tmp_path / "rudder.js")
    content = '<!doctype html><title>App</title><script src="rudder.js"></script><a href="#next">Next</a>'
    (tmp_path / "index.html").write_text(content)
    site = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietFiles, directory=tmp_path))
    threading.Thread(target=site.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://localhost:{site.server_address[1]}/index.html")
        yield page
        browser.close()
    site.shutdown()
    site.server_close()
    assert [url for url in asked if "://localhost" not in url and "://127.0.0.1" not in url] == []


def check(events):
    """Every call of the scenario is there once."""
    tracks = [event for event in events if event.name == "Report Exported"]
    assert sorted(event.properties["n"] for event in tracks) == list(range(TRACKS))
    (account,) = {event.account_id for event in tracks}
    assert account is not None
    assert sorted(event.name for event in events if event not in tracks) == ["", "", "Pricing"]


@pytest.mark.parametrize("plan", [[], ["refuse", "refuse"]], ids=["calm", "refused"])
def test_segments_snippet_needs_nothing_but_our_host(web, acme, now, page, plan):
    product = make_product(acme, now, kind="browser")
    with faulty_proxy(web.port, plan) as (host, proxy):
        page.evaluate(SNIPPET, [product.secret, host, TRACKS])
        page.wait_for_function("() => window.analytics.initialized")
        page.wait_for_timeout(1000)
        page.click("a")  # the piece that follows links was loaded from us
        events = wait_for(product, TRACKS + 4).events
    assert not proxy.plan
    assert [event.name for event in events].count("Link Followed") == 1
    check([event for event in events if event.name != "Link Followed"])


@pytest.mark.parametrize(
    ("options", "plan"),
    [
        ({}, []),
        ({}, ["refuse", "refuse"]),
        ({"useBeacon": True, "beaconQueueOptions": {"flushQueueInterval": 500}}, []),
    ],
    ids=["calm", "refused", "beacon"],
)
def test_rudderstacks_script_needs_nothing_but_our_host(web, acme, now, page, options, plan):
    product = make_product(acme, now, kind="browser")
    with faulty_proxy(web.port, plan) as (host, proxy):
        page.evaluate(RUDDERSTACK, [product.secret, host, TRACKS, options])
        events = wait_for(product, TRACKS + 3).events
    assert not proxy.plan
    check(events)


@pytest.mark.parametrize("snippet", [POSTHOG, JITSU], ids=["posthog", "jitsu"])
def test_other_snippets_need_nothing_but_our_host(web, acme, now, page, snippet):
    product = make_product(acme, now, kind="browser")
    page.evaluate(snippet, [product.secret, web.url, TRACKS])
    events = wait_for(product, TRACKS + 2).events
    tracks = [event for event in events if event.name == "Report Exported"]
    assert sorted(event.properties["n"] for event in tracks) == list(range(TRACKS))
    assert {event.account_id for event in tracks} != {None}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("jitsu/p.js", "@jitsu/js/dist/web/p.js.txt"), ("posthog/array.js", "posthog-js/dist/array.js")],
)
def test_other_scripts_that_we_serve_are_the_packages(node_packages, ours, theirs):
    whole = (node_packages / theirs).read_text()
    assert (VENDORED.parent / ours).read_text().rstrip() == whole.partition("//# sourceMappingURL=")[
        0
    ].rstrip()


def test_the_script_that_we_serve_is_the_packages(node_packages):
    package = node_packages / "@segment/analytics-next/dist/umd"
    for file in VENDORED.glob("*.js"):
        whole = (package / file.name).read_text()
        assert file.read_text() == whole.partition("//# sourceMappingURL=")[0], file.name
