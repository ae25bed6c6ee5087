"""How numbers, dates and texts are written, cut, translated, and which links are allowed."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charts import formats, use_translator
from charts.checks import safe_href
from charts.formats import compact, long_date, long_moment, number, percent, signed, written
from charts.svg import element, text
from charts.text import text_width, truncate


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (-0.0, "0"),
        (1234, "1,234"),
        (1234.5, "1,234.5"),
        (-1234567.891, "−1,234,567.89"),
        (0.125, "0.125"),
        (0.00012345, "0.000123"),
        (100, "100"),
        (1e300, "1e+300"),
    ],
)
def test_number_is_written_with_separators(value, expected):
    assert number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (999, "999"),
        (999.999, "1k"),
        (1234, "1.2k"),
        (12_345, "12.3k"),
        (123_456, "123k"),
        (999_999, "1M"),
        (-5_000_000, "−5M"),
        (7.2e9, "7.2B"),
        (3e12, "3T"),
    ],
)
def test_compact_has_a_unit(value, expected):
    assert compact(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.125, "12.5%"),
        (1, "100%"),
        (0, "0%"),
        (-0.5, "−50%"),
        (0.00331, "0.33%"),
        (3.3e-7, "0.000033%"),
    ],
)
def test_percent_has_one_decimal(value, expected):
    assert percent(value) == expected


def test_signed_marks_what_is_above_zero():
    write = signed(number)
    assert (write(5), write(0), write(-5)) == ("+5", "0", "−5")


@given(st.floats(min_value=-1e300, max_value=1e300))
def test_numbers_are_always_short(value):
    assert all(len(write(value)) <= 24 for write in (number, compact, percent))


def test_dates_are_written_in_words():
    assert long_date(date(2024, 3, 4)) == "4 Mar 2024"
    assert long_moment(datetime(2024, 3, 4, 14, 5, tzinfo=UTC)) == "4 Mar 2024 14:05"


def test_words_go_through_the_translator():
    try:
        use_translator({"Mar": "März"}.get)
        assert formats.month_name(3) == "März"
    finally:
        use_translator(str)


def test_written_leaves_missing_values_empty_and_links_the_others():
    assert written(None, number, "/rows") == ""
    assert written(5, number, "/rows").href == "/rows"
    assert type(written(5, number)) is str


@given(st.text(max_size=60), st.floats(0, 300))
def test_truncate_fits_and_keeps_the_beginning(content, room):
    shown = truncate(content, room)

    assert text_width(shown) <= room + 1e-6 or shown == content == ""
    assert shown == content or content.startswith(shown.removesuffix("…"))


def test_truncate_keeps_what_fits():
    assert truncate("Enterprise", text_width("Enterprise")) == "Enterprise"
    assert truncate("Enterprise", text_width("Enterprise") - 1) == "Enterpri…"


def test_wide_scripts_are_measured_wide():
    assert text_width("漢字") > 2 * text_width("il")
    assert text_width("é") == text_width("e")


@pytest.mark.parametrize(
    "href",
    ["", "/leads/?a=1", "?page=2", "#top", "leads/3", "http://a.example/x", "HTTPS://a.example", "/a:b"],
)
def test_safe_href_accepts_own_pages_and_the_web(href):
    assert safe_href(href) == href


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)",
        "\x01javascript:x", "data:text/html,x", "vbscript:x", "mailto:a@b.example", "file:///etc/passwd",
        "//evil.example", "\\\\evil.example", "/\\evil.example", "https:evil", "http://", "http://[", "a:b",
    ],
)  # fmt: skip
def test_safe_href_refuses_everything_else(href):
    with pytest.raises(ValueError, match="not allowed"):
        safe_href(href)


def test_element_escapes_text_and_attributes():
    assert element("g", "<b>&", id='"<&>') == """<g id='"&lt;&amp;&gt;'>&lt;b&gt;&amp;</g>"""


def test_text_that_is_cut_carries_the_whole():
    assert "<title>Enterprise customers</title>Enter…" in text("Enterprise customers", 0, 0, room=44)
    assert "<title>" not in text("Enterprise customers", 0, 0, room=400)
