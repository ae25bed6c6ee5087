"""The drawings as Chromium shows them: estimated text widths hold, and a strict policy blocks nothing."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from charts import figure
from tests.charts.reading import charts_over

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CSS = Path(__file__).parents[2] / "charts/static/charts/charts.css"
UNFOLD = Path(importlib.util.find_spec("unfold").origin).parent  # for the console's font
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
FAULTS = """() => {
  const faults = [];
  for (const svg of document.querySelectorAll('svg')) {
    const frame = svg.getBoundingClientRect();
    if (!frame.width) continue;
    const name = svg.querySelector('title').textContent + ' at ' + frame.width;
    const texts = [...svg.querySelectorAll('text')].map(item => [item.lastChild.data, item.getBoundingClientRect()]);
    texts.forEach(([one, a], index) => {
      if (a.left < frame.left - 1 || a.right > frame.right + 1) faults.push([name, one, 'outside']);
      for (const [other, b] of texts.slice(index + 1)) {
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 0.5 && down > 4) faults.push([name, one, other]);
      }
    });
  }
  return faults;
}"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM and not os.environ.get("CI"), reason="Chromium is not on PATH: install it"
    ),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page with every chart over few and many values, under a policy that allows no inline style."""
    figures = "".join(
        f"<section>{figure(chart)}</section>"
        for count in (1, 7, 40)
        for chart in charts_over(
            [1234.5 * (i % 5) - 2000 for i in range(count)], label="Wide WWW name"
        ).values()
    )
    page_file = tmp_path_factory.mktemp("charts") / "gallery.html"
    page_file.write_text(
        f"""<!doctype html><meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src file:; font-src file:">
        <link rel="stylesheet" href="{(UNFOLD / "static/unfold/fonts/inter/styles.css").as_uri()}">
        <link rel="stylesheet" href="{CSS.as_uri()}">
        <body style="font-family: serif">{figures}"""
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield open_page(browser.new_page(), page_file)
        browser.close()


def open_page(page: Page, page_file: Path) -> Page:
    page.refused = []
    page.on("console", lambda message: page.refused.append(message.text))
    page.goto(page_file.as_uri())
    page.evaluate("document.body.style.fontFamily = 'Inter'")  # by script, which the policy does not bind
    faces = "() => Promise.all(['400', '600'].map(weight => document.fonts.load(`${weight} 12px Inter`)))"
    assert all(page.evaluate(faces)), "the console's font did not load, so widths would not be its own"
    return page


@pytest.mark.parametrize("width", [320, 390, 700, 1100, 1440])
def test_texts_neither_touch_nor_leave_the_drawing(page, width):
    page.set_viewport_size({"width": width, "height": 900})

    assert page.evaluate(FAULTS) == []


@pytest.mark.parametrize(("width", "drawing"), [(390, 358), (700, 640), (1100, 1040)])
def test_figure_shows_the_one_drawing_that_fits(page, width, drawing):
    page.set_viewport_size({"width": width, "height": 900})
    script = """() => [...document.querySelectorAll('figure')].map(figure => [...figure.querySelectorAll('svg')]
        .filter(svg => svg.getBoundingClientRect().width).map(svg => svg.viewBox.baseVal.width))"""

    assert {tuple(shown) for shown in page.evaluate(script)} == {(drawing,)}


def test_page_does_not_scroll_sideways_on_a_phone(page):
    page.set_viewport_size({"width": 390, "height": 900})

    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_strict_policy_refuses_nothing_of_a_chart(page):
    """The one refusal is the test's own style attribute, which proves that the policy is at work."""
    assert len(page.refused) == 1
    assert "inline style" in page.refused[0]
