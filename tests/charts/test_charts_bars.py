"""Vertical and horizontal bars: lengths in proportion, stacking, signs, labels."""

import pytest

from charts import Bar, BarChart, BarSeries, HorizontalBars, Row, data_table, draw, formats
from tests.charts.reading import SVG, box, parse, size, text_boxes, texts, tips, touching, with_class


def chart_of(*rows: list[float | None], names: list[str] | None = None, **options) -> BarChart:
    series = [BarSeries(f"Series {index}", [Bar(value) for value in row]) for index, row in enumerate(rows)]
    return BarChart(
        title="PQLs",
        categories=names or [f"C{index}" for index in range(len(rows[0]))],
        series=series,
        **options,
    )


def heights(root):
    return [float(item.get("height")) for item in with_class(root, "chart-bar")]


def test_bar_heights_are_proportional():
    one, two, four = heights(parse(draw(chart_of([10, 20, 40]))))

    assert two == pytest.approx(one * 2, abs=0.05)
    assert four == pytest.approx(one * 4, abs=0.05)


def test_bars_stand_on_zero_and_hang_below_it():
    up, down = (box(item) for item in with_class(parse(draw(chart_of([30, -20]))), "chart-bar"))

    assert up[3] == pytest.approx(down[1], abs=0.02)
    assert up[3] - up[1] == pytest.approx((down[3] - down[1]) * 1.5, abs=0.05)


def test_stacked_bars_stand_on_each_other():
    root = parse(draw(chart_of([10], [20], [30], stacked=True)))
    legend, bars = with_class(root, "chart-bar")[:3], with_class(root, "chart-bar")[3:]
    lower, middle, upper = (box(item) for item in bars)

    assert len(legend) == 3
    assert lower[1] == pytest.approx(middle[3], abs=0.02)
    assert middle[1] == pytest.approx(upper[3], abs=0.02)
    assert lower[0] == middle[0] == upper[0]
    assert [item.text for item in with_class(root, "chart-value")] == ["60"]


def test_stacked_negatives_go_down_from_zero():
    root = parse(draw(chart_of([10], [-5], [20], stacked=True)))
    first, below, second = (box(item) for item in with_class(root, "chart-bar")[3:])

    assert below[1] == pytest.approx(first[3], abs=0.02)
    assert second[3] == pytest.approx(first[1], abs=0.02)


def test_grouped_bars_stand_side_by_side():
    root = parse(draw(chart_of([10, 10], [20, 20])))
    left, right = (box(item) for item in with_class(root, "chart-bar")[2:4])

    assert left[2] <= right[0]


def test_bars_of_further_series_have_patterns():
    root = parse(draw(chart_of([1], [2], [3])))

    fills = {item.get("fill") for item in with_class(root, "chart-pattern")}
    assert len(fills) == 2
    assert all(fill.startswith("url(#") for fill in fills)


def test_missing_bar_is_left_out_and_told():
    root = parse(draw(chart_of([10, None])))

    assert len(with_class(root, "chart-bar")) == 1
    assert "C1\nno value" in tips(root)


def test_values_stand_above_bars_only_when_all_fit():
    few, many = parse(draw(chart_of([1234, 5]))), parse(draw(chart_of([1234.0] * 60)))

    assert len(with_class(few, "chart-value")) == 2
    assert with_class(many, "chart-value") == []


@pytest.mark.parametrize("count", range(2, 61))
def test_category_names_never_touch(count):
    names = [f"Enterprise segment number {index}" for index in range(count)]

    for width in (358, 640):
        root = parse(draw(chart_of([5.0] * count, names=names), width=width))
        shown = [item for item in text_boxes(root) if item.content.startswith("Ent")]
        assert len(shown) >= 2
        assert touching(root) == []
        assert all(item.left >= 0 and item.right <= size(root)[0] for item in shown)


def test_bar_chart_refuses_rows_of_another_length():
    with pytest.raises(ValueError, match="2 bars for 1 categories"):
        chart_of([1, 2], names=["only"])


def test_bar_table_and_summary():
    chart = chart_of([10, None], [20, 5], names=["Jan", "Feb"], category_name="Month")

    assert data_table(chart) == [["Month", "Series 0", "Series 1"], ["Jan", "10", "20"], ["Feb", "", "5"]]
    assert parse(draw(chart))[1].text == (
        "Series 0: highest 10 (Jan), lowest 10 (Jan). Series 1: highest 20 (Jan), lowest 5 (Feb)."
    )


def contributions(**options) -> HorizontalBars:
    rows = [
        Row("Logged in on 3 days", 30, "/events?signal=1", "5 events"),
        Row("Invited a colleague", 15),
        Row("Competitor domain", -10),
    ]
    return HorizontalBars(title="Why 35", rows=rows, value_format=formats.signed(formats.number), **options)


@pytest.mark.parametrize("width", [358, 640])
def test_contributions_grow_from_a_common_zero(width):
    big, small, negative = (
        box(item) for item in with_class(parse(draw(contributions(), width=width)), "chart-bar")
    )

    assert big[0] == small[0] == pytest.approx(negative[2], abs=0.02)
    assert big[2] - big[0] == pytest.approx((small[2] - small[0]) * 2, abs=0.05)
    assert negative[2] - negative[0] == pytest.approx((small[2] - small[0]) * 2 / 3, abs=0.05)


def test_contributions_show_their_sign_without_colour():
    root = parse(draw(contributions()))

    assert {"+30", "+15", "−10"} <= set(texts(root))
    assert len(with_class(root, "chart-hatched")) == 1


def test_contributions_lead_to_their_events():
    (link,) = parse(draw(contributions())).iter(f"{SVG}a")

    assert link.get("href") == "/events?signal=1"
    assert link.get("aria-label") == "Logged in on 3 days: +30, 5 events"


def test_horizontal_table_and_summary():
    assert data_table(contributions()) == [
        ["Name", "Value", "Note"],
        ["Logged in on 3 days", "+30", "5 events"],
        ["Invited a colleague", "+15", ""],
        ["Competitor domain", "−10", ""],
    ]
    assert parse(draw(contributions()))[1].text == (
        "Logged in on 3 days +30, Invited a colleague +15, Competitor domain −10."
    )
    many = HorizontalBars(title="x", rows=[Row(f"R{index}", index) for index in range(20)])
    assert parse(draw(many))[1].text == "20 rows, the largest: R19 19, R18 18, R17 17, R16 16, R15 15."
