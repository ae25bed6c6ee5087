"""What holds for every chart: readable markup, no colours, safe text, honest edges."""

import re
from decimal import Decimal

import pytest

from charts import Svg, data_table, draw, figure
from charts.svg import MOST_STOPS
from tests.charts.reading import (
    SVG,
    charts_over,
    parse,
    size,
    text_boxes,
    texts,
    tips,
    touching,
    with_class,
)

KINDS = list(charts_over([1.0]))
EMPTY_KINDS = [kind for kind in KINDS if kind != "progress"]
EVIL = """<script>alert('1')</script> "quoted" & 'single' ]]> \x00\x1b\ud800"""
WIDTHS = (358, 640, 1040)


def drawn(kind: str, values: list[float], width: int = 640, **options: str):
    return parse(draw(charts_over(values, **options)[kind], width=width))


@pytest.mark.parametrize("kind", KINDS)
def test_chart_names_and_describes_itself(kind):
    root = drawn(kind, [3.0, 1.0, 2.0])

    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == "Name"
    assert root[1].tag == f"{SVG}desc"
    assert "3" in (root[1].text or "")
    assert root.get("aria-labelledby") == root[0].get("id")
    assert root[0].get("id")
    assert root.get("aria-describedby") == root[1].get("id")
    assert root[1].get("id")


@pytest.mark.parametrize("kind", KINDS)
def test_chart_scales_with_its_container(kind):
    root = drawn(kind, [3.0, 1.0], width=358)

    assert root.get("width") == "100%"
    assert root.get("height") is None
    assert size(root)[0] == 358


@pytest.mark.parametrize("kind", KINDS)
def test_chart_has_no_style_and_no_colour(kind):
    drawing = draw(charts_over([3.0, -1.0, 2.0])[kind])

    assert "style" not in drawing
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?!-)|rgb|hsl|oklch", re.sub(r"url\(#[^)]*\)", "", drawing))
    for item in parse(drawing).iter():
        assert item.get("stroke") is None
        assert item.get("fill") is None or item.get("fill", "").startswith("url(#chart-")


@pytest.mark.parametrize("kind", KINDS)
def test_chart_escapes_hostile_text(kind):
    drawing = draw(charts_over([3.0, 1.0], label=EVIL)[kind])

    root = parse(drawing)
    assert "<script" not in drawing
    assert root[0].text == EVIL.replace("\x00", "\ufffd").replace("\x1b", "\ufffd").replace(
        "\ud800", "\ufffd"
    )
    drawing.encode()


@pytest.mark.parametrize("kind", ["line", "bars", "horizontal", "histogram", "step", "funnel", "intervals"])
def test_chart_links_to_the_rows_behind_each_value(kind):
    root = drawn(kind, [3.0, 1.0, 2.0], href="/rows/?a=1&b='\"")

    links = [item for item in root.iter(f"{SVG}a") if item.get("href") == "/rows/?a=1&b='\""]
    assert len(links) >= 3
    assert all(item.get("aria-label") and item[0].tag == f"{SVG}title" for item in links)
    assert root.get("role") == "group"  # an image would hide its links from screen readers


def test_chart_with_very_many_links_lets_the_tab_key_pass():
    few = drawn("bars", [1.0] * MOST_STOPS, href="/rows")
    many = drawn("bars", [1.0] * (MOST_STOPS + 1), href="/rows")

    assert {item.get("tabindex") for item in few.iter(f"{SVG}a")} == {None}
    assert {item.get("tabindex") for item in many.iter(f"{SVG}a")} == {"-1"}


@pytest.mark.parametrize("href", ["javascript:alert(1)", "//evil.example", "data:text/html,x"])
@pytest.mark.parametrize(
    "kind", ["line", "bars", "horizontal", "histogram", "step", "funnel", "cohorts", "intervals"]
)
def test_chart_refuses_unsafe_links(kind, href):
    with pytest.raises(ValueError, match="not allowed"):
        charts_over([1.0], href=href)[kind]


@pytest.mark.parametrize("kind", EMPTY_KINDS)
@pytest.mark.parametrize("width", WIDTHS)
def test_chart_without_data_says_so(kind, width):
    root = drawn(kind, [], width=width)

    assert texts(root) == ["No data yet"]
    assert root[1].text == "No data yet"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "values",
    [
        pytest.param([5.0], id="one"),
        pytest.param([0.0, 0.0, 0.0], id="all zero"),
        pytest.param([-5.0, -1.0, -3.0], id="negative"),
        pytest.param([-5.0, 5.0], id="both signs"),
        pytest.param([1e300, 1.0, -1e300], id="huge"),
        pytest.param([1e-300, 1e-12], id="tiny"),
        pytest.param([1e15 + 1, 1e15 + 2], id="close together"),
        pytest.param([Decimal("0.1"), 3, 2.5], id="mixed types"),
    ],
)
def test_chart_draws_edge_values_inside_its_frame(kind, width, values):
    root = drawn(kind, values, width)

    right, bottom = size(root)
    for item in text_boxes(root):
        assert -0.01 <= item.left < item.right <= right + 0.01, item
        assert -2 <= item.top < item.bottom <= bottom, item
    for shape in root.iter(f"{SVG}rect"):
        x, y, width_, height = (float(shape.get(name, "0")) for name in ("x", "y", "width", "height"))
        assert x >= -4
        assert y >= -0.01
        assert x + width_ <= right + 4
        assert y + height <= bottom + 0.01
    assert "nan" not in draw(charts_over(values)[kind], width=width)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 10**400, Decimal("NaN")])
@pytest.mark.parametrize("kind", KINDS)
def test_chart_refuses_what_is_no_finite_number(kind, value):
    with pytest.raises(ValueError, match=r"finite number|not a number"):
        draw(charts_over([value])[kind])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [2, 3, 5, 8, 13, 21, 34, 60])
def test_chart_texts_never_touch(kind, width, count):
    values = [1000.0 * (index % 7) - 2000 for index in range(count)]

    assert touching(drawn(kind, values, width, label="A rather long name of a segment")) == []


@pytest.mark.parametrize("kind", KINDS)
def test_chart_keeps_the_whole_of_a_cut_label(kind):
    label = "A name that is far too long for any place in a drawing on a small telephone " * 3
    root = drawn(kind, [3.0, 1.0], 358, label=label)

    cut = with_class(root, "chart-cut")
    assert all(shown.endswith("…") for shown in texts(root) if shown.startswith("A name"))
    assert all((item[0].text or "").startswith(label) for item in cut if item[0].text.startswith("A name"))


@pytest.mark.parametrize("kind", KINDS)
def test_chart_is_the_same_each_time_and_its_ids_its_own(kind):
    one, again = draw(charts_over([3.0, 1.0])[kind]), draw(charts_over([3.0, 1.0])[kind])
    other = draw(charts_over([3.0, 2.0])[kind])

    assert one == again
    if kind != "progress":  # it shows the first value only
        assert parse(one)[0].get("id") != parse(other)[0].get("id")


@pytest.mark.parametrize("kind", KINDS)
def test_chart_refers_only_to_patterns_it_defines(kind):
    drawing = draw(charts_over([3.0, -1.0, 2.0])[kind])

    defined = {item.get("id") for item in parse(drawing).iter(f"{SVG}pattern")}
    assert set(re.findall(r"url\(#([^)]*)\)", drawing)) == defined


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("spark", "progress")])
def test_chart_tells_each_value_under_the_pointer(kind):
    found = "\n".join(tips(drawn(kind, [31.0, 17.0, 23.0])))

    assert all(value in found for value in ("31", "17", "23"))


@pytest.mark.parametrize("kind", KINDS)
def test_chart_table_has_equal_rows_of_text(kind):
    table = data_table(charts_over([31.0, 17.0])[kind])

    assert len({len(row) for row in table}) == 1
    assert all(isinstance(cell, str) for row in table for cell in row)
    assert "31" in "".join("".join(row) for row in table)


def test_chart_refuses_to_be_nameless():
    with pytest.raises(ValueError, match="needs a title"):
        charts_over([1.0], label=" ")


@pytest.mark.parametrize("width", [0, -5, 20, 5000, float("nan")])
@pytest.mark.parametrize("kind", KINDS)
def test_chart_refuses_an_unusable_width(kind, width):
    with pytest.raises(ValueError, match="width"):
        draw(charts_over([1.0])[kind], width=width)


def test_draw_refuses_what_is_no_chart():
    with pytest.raises(TypeError, match="str is not a chart"):
        draw("chart")
    with pytest.raises(TypeError, match="str is not a chart"):
        data_table("chart")


def test_drawing_is_safe_for_templates_and_parts_of_it_are_not():
    drawing = draw(charts_over([1.0])["line"])

    assert isinstance(drawing, Svg)
    assert drawing.__html__() is drawing
    assert not hasattr(drawing[:10], "__html__")


def test_figure_draws_each_size_once_and_lists_the_numbers():
    root = parse(
        figure(charts_over([31.0, 17.0], href="/rows")["bars"], sizes=("medium", "narrow"), note="So far")
    )

    assert [size(item)[0] for item in root.iter(f"{SVG}svg")] == [358, 640]
    assert root.find("figcaption").text == "Name"
    assert [item.get("href") for item in root.find("details").iter("a")] == ["/rows", "/rows"]
    assert [item.text for item in root.find("details").iter("a")] == ["31", "17"]
    assert root.find("p").text == "So far"


def test_figure_has_unique_ids():
    ids = [
        item.get("id")
        for item in parse(figure(charts_over([3.0, -2.0])["horizontal"])).iter()
        if item.get("id")
    ]

    assert len(ids) == len(set(ids)) >= 9


def test_figure_of_an_empty_chart_has_no_table():
    assert parse(figure(charts_over([])["bars"])).find("details") is None


def test_figure_refuses_an_unknown_size():
    with pytest.raises(ValueError, match="narrow, medium, wide"):
        figure(charts_over([1.0])["bars"], sizes=("huge",))
