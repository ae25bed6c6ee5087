"""Sparkline, progress bar, funnel, cohorts and intervals."""

import pytest

from charts import (
    Cell,
    Cohort,
    CohortGrid,
    Funnel,
    Interval,
    IntervalPlot,
    ProgressBar,
    Sparkline,
    Stage,
    data_table,
    draw,
    formats,
)
from charts.cohorts import heat
from tests.charts.reading import box, parse, path_numbers, size, text_boxes, texts, tips, with_class


def bar_widths(root):
    return [float(item.get("width")) for item in with_class(root, "chart-bar")]


def test_sparkline_spans_its_cell_and_ends_in_a_dot():
    root = parse(draw(Sparkline(title="Trend", values=[1, 5, 3]), width=80))
    line = path_numbers(with_class(root, "chart-line")[0])

    assert size(root) == (80, 32)
    assert (line[0], line[4]) == (5, 75)
    assert line[3] < line[5] < line[1]
    assert root[1].text == "From 1 to 3, lowest 1, highest 5."


def test_sparkline_breaks_at_gaps():
    root = parse(draw(Sparkline(title="Trend", values=[1, 2, None, 3, 4])))

    assert len(with_class(root, "chart-line")) == 2
    assert data_table(Sparkline(title="Trend", values=[1, None])) == [
        ["Position", "Value"],
        ["1", "1"],
        ["2", ""],
    ]


@pytest.mark.parametrize(("value", "width"), [(25, 120), (50, 240), (100, 240)])
def test_progress_fills_in_proportion_up_to_the_whole(value, width):
    assert bar_widths(parse(draw(ProgressBar(title="Import", value=value, maximum=50)))) == [width]


def test_progress_beyond_the_maximum_is_hatched_from_the_limit():
    root = parse(draw(ProgressBar(title="Seats", value=100, maximum=50)))

    assert box(with_class(root, "chart-hatched")[0])[0] == pytest.approx(120)
    assert "100 of 50 (200%)" in texts(root)


def test_progress_of_nothing_is_empty():
    root = parse(draw(ProgressBar(title="Import", value=0, maximum=50)))

    assert with_class(root, "chart-bar") == []
    assert texts(root) == ["0 of 50 (0%)"]
    assert texts(parse(draw(ProgressBar(title="Import", value=None, maximum=50)))) == ["No data yet"]


@pytest.mark.parametrize(("value", "maximum"), [(1, 0), (1, -1), (-1, 5)])
def test_progress_refuses_what_is_no_share(value, maximum):
    with pytest.raises(ValueError, match="zero"):
        ProgressBar(title="Import", value=value, maximum=maximum)


def pocus(**options) -> Funnel:
    stages = [Stage("Eligible", 1000, "/eligible"), Stage("Surfaced", 250), Stage("Won", 25, note="paid")]
    return Funnel(title="Funnel", stages=stages, **options)


def test_funnel_bars_are_proportional():
    eligible, surfaced, won = bar_widths(parse(draw(pocus())))

    assert (surfaced, won) == (pytest.approx(eligible / 4, abs=0.01), pytest.approx(eligible / 40, abs=0.01))


def test_funnel_says_who_went_on():
    root = parse(draw(pocus()))

    assert {"↓ 25% went on, 750 did not", "↓ 10% went on, 225 did not"} <= set(texts(root))
    assert root[1].text == "Eligible 1,000, Surfaced 250, Won 25. 2.5% of the first stage reach the last."
    assert "Won: 25\n2.5% of the first stage\npaid" in tips(root)


def test_funnel_that_widens_says_so():
    root = parse(draw(Funnel(title="x", stages=[Stage("A", 0), Stage("B", 5)])))

    assert "↓ 5 more than the stage before" in texts(root)
    assert data_table(Funnel(title="x", stages=[Stage("A", 0), Stage("B", 5)]))[2] == ["B", "5", "–", "–"]


def test_funnel_table_has_both_shares():
    assert data_table(pocus()) == [
        ["Stage", "Count", "Of the stage before", "Of the first stage", "Note"],
        ["Eligible", "1,000", "", "", ""],
        ["Surfaced", "250", "25%", "25%", ""],
        ["Won", "25", "10%", "2.5%", "paid"],
    ]


def test_funnel_refuses_negative_counts():
    with pytest.raises(ValueError, match="below zero"):
        Stage("A", -1)


def cohorts() -> CohortGrid:
    return CohortGrid(
        title="Paid by week",
        columns=["Week 0", "Week 1"],
        cohorts=[
            Cohort("1 Jan", [Cell(0.1, href="/c/1"), Cell(0.35)], "200"),
            Cohort("8 Jan", [Cell(0.2, mature=False), Cell(None)], "180"),
        ],
    )


def test_cohort_cells_are_tinted_hatched_or_missing():
    root = parse(draw(cohorts()))

    assert [item.get("class") for item in with_class(root, "chart-cell")] == [
        "chart-cell chart-heat-2",
        "chart-cell chart-heat-6",
        "chart-cell chart-heat-4 chart-open",
        "chart-cell chart-heat-1 chart-open",  # the key below
    ]
    assert len(with_class(root, "chart-hatched")) == 2
    assert {"10%", "35%", "20%", "200", "still maturing"} <= set(texts(root))
    assert "8 Jan, Week 0: 20%, still maturing" in tips(root)


def test_cohort_values_give_way_to_a_scale_when_cells_are_small():
    names = [f"Week {index}" for index in range(20)]
    chart = CohortGrid(title="x", columns=names, cohorts=[Cohort("1 Jan", [Cell(0.123)] * 20)])
    root = parse(draw(chart, width=358))

    assert len(with_class(root, "chart-cell")) == 20 + 7
    assert [item.content for item in text_boxes(root) if "%" in item.content] == ["0%", "12.3%"]


def test_cohort_table_says_what_is_maturing():
    assert data_table(cohorts()) == [
        ["Cohort", "Size", "Week 0", "Week 1"],
        ["1 Jan", "200", "10%", "35%"],
        ["8 Jan", "180", "20% (still maturing)", ""],
    ]
    assert data_table(cohorts())[1][2].href == "/c/1"


@pytest.mark.parametrize(("value", "tint"), [(0, 0), (1, 6), (0.5, 3), (0.14, 0), (0.15, 1)])
def test_heat_has_seven_equal_steps(value, tint):
    assert heat(value, 0, 1) == tint


def test_cohort_grid_refuses_rows_of_another_length():
    with pytest.raises(ValueError, match="1 cells for 2 columns"):
        CohortGrid(title="x", columns=["a", "b"], cohorts=[Cohort("c", [Cell(1)])])


def lifts(**options) -> IntervalPlot:
    rows = [
        Interval("SMB", 0.03, -0.01, 0.07, "/results/smb"),
        Interval("Enterprise", 0.02, None, 0.1),
        Interval("Waiting", None, None, None),
        Interval("All", 0.03, 0.01, 0.05, overall=True),
    ]
    return IntervalPlot(title="Lift", rows=rows, value_format=formats.signed(formats.percent), **options)


@pytest.mark.parametrize("width", [358, 640])
def test_interval_lies_around_its_estimate(width):
    root = parse(draw(lifts(), width=width))
    whisker = path_numbers(with_class(root, "chart-whisker")[0])
    left, _top, right, _bottom = box(with_class(root, "chart-estimate")[0])

    assert (left + right) / 2 == pytest.approx((whisker[0] + whisker[2]) / 2, abs=0.1)
    assert len(with_class(root, "chart-whisker")) == 3


@pytest.mark.parametrize("width", [358, 640])
def test_open_end_is_an_arrow_within_the_drawing(width):
    closed, open_below = with_class(parse(draw(lifts(), width=width)), "chart-whisker")[:2]

    assert "l-5 4l5 4" in open_below.get("d")
    assert "l-5 4l5 4" not in closed.get("d")
    assert 0 <= path_numbers(open_below)[0] < path_numbers(closed)[0]
    if width == 640:  # the label stands to the left
        assert path_numbers(open_below)[0] > max(
            item.right for item in text_boxes(parse(draw(lifts()))) if item.content == "Enterprise"
        )


def test_interval_words_name_open_ends():
    assert {"+3% (−1% to +7%)", "+2% (+10% or less)", "not known yet"} <= set(texts(parse(draw(lifts()))))
    assert lifts().words(Interval("x", 1, 0.5, None)) == "+100% (+50% or more)"


def test_reference_line_is_inside_and_named():
    root = parse(draw(lifts(reference=0.5, reference_label="goal")))

    assert "goal" in texts(root)
    assert "+60%" in texts(root)


def test_interval_table_leaves_open_ends_empty():
    assert data_table(lifts())[1:3] == [["SMB", "+3%", "−1%", "+7%"], ["Enterprise", "+2%", "", "+10%"]]


@pytest.mark.parametrize(("estimate", "low", "high"), [(5, 6, 7), (5, 1, 4), (None, 2, 1)])
def test_interval_refuses_ends_out_of_order(estimate, low, high):
    with pytest.raises(ValueError, match="out of order"):
        Interval("x", estimate, low, high)
