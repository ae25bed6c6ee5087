"""Line charts: geometry, gaps, intervals, maturing tails, notes, names at line ends."""

import itertools
from datetime import UTC, datetime

import pytest

from charts import Annotation, LineChart, Point, Reference, Series, data_table, draw, line_chart
from charts.legend import spread
from charts.notes import Note, place_notes
from tests.charts.reading import (
    SVG,
    days,
    parse,
    path_numbers,
    text_boxes,
    texts,
    tips,
    touching,
    with_class,
)


def chart_of(*rows: list[float | None], **options) -> LineChart:
    series = [
        Series(f"Series {index}", [Point(day, y) for day, y in zip(days(len(row)), row, strict=True)])
        for index, row in enumerate(rows)
    ]
    return LineChart(title="PQLs", series=series, **options)


def lines(root):
    return with_class(root, "chart-line")


def test_line_goes_through_its_points_in_proportion():
    x = path_numbers(lines(parse(line_chart(chart_of([0, 50, 100]))))[0])

    assert x[2] - x[0] == pytest.approx(x[4] - x[2], abs=0.2)
    assert x[1] - x[3] == pytest.approx(x[3] - x[5], abs=0.2)  # higher values are higher up
    assert x[5] < x[1]


def test_line_breaks_at_a_missing_value():
    assert len(lines(parse(draw(chart_of([1, 2, None, 4, 5]))))) == 2


def test_line_marks_a_value_between_two_gaps():
    root = parse(draw(chart_of([1, 2, None, 4, None, 5, 6])))

    assert len([item for item in with_class(root, "chart-fill-1") if item.get("transform")]) >= 2


def test_line_chart_with_one_point_names_its_day():
    root = parse(draw(chart_of([4.0])))

    assert "1 Mar 2024" in texts(root)
    assert lines(root) == []


def test_line_chart_with_one_moment_names_it():
    moment = datetime(2024, 3, 1, 9, 30, tzinfo=UTC)

    root = parse(draw(LineChart(title="PQLs", series=[Series("PQLs", [Point(moment, 4)])])))
    assert "1 Mar 2024 09:30" in texts(root)


def test_lines_differ_without_colour():
    found = lines(parse(draw(chart_of(*[[i, i + 1] for i in range(6)]))))
    marks = {item.get("d") for item in parse(draw(chart_of([1, 2], [2, 3]))).iter() if item.get("transform")}

    assert len({(item.get("stroke-dasharray"), item.get("class")) for item in found}) == 6
    assert len({item.get("stroke-dasharray") for item in found}) == 5
    assert len(marks) == 2


def test_interval_reaches_from_low_to_high():
    points = [Point(x, 10, low=5, high=20) for x in range(3)]
    root = parse(draw(LineChart(title="Rate", series=[Series("Rate", points)])))
    area = path_numbers(with_class(root, "chart-band-area")[0])
    middle = path_numbers(lines(root)[0])[1]

    assert max(area[1::2]) - middle == pytest.approx((middle - min(area[1::2])) / 2, abs=0.2)


def test_maturing_tail_is_dotted_hatched_hollow_and_told():
    root = parse(draw(chart_of([1, 2, 3, 4], maturing_from=days(4)[2])))

    assert [item.get("stroke-dasharray") for item in lines(root)] == [None, "1 4"]
    assert len(with_class(root, "chart-hatched")) == 1
    assert len(with_class(root, "chart-hollow-1")) == 2
    assert "Still maturing" in texts(root)
    assert "4 Mar 2024\nSeries 0: 4, still maturing" in tips(root)
    assert "Values from 3 Mar 2024 on are still maturing." in root[1].text


def test_line_that_matures_as_a_whole_is_all_dotted():
    root = parse(draw(chart_of([1, 2, 3], maturing_from=days(1)[0])))

    assert [item.get("stroke-dasharray") for item in lines(root)] == ["1 4"]


def test_tip_tells_all_series_of_a_day():
    found = tips(parse(draw(chart_of([1, 2], [30, 40]))))

    assert "2 Mar 2024\nSeries 0: 2\nSeries 1: 40" in found


def test_single_line_links_the_whole_strip_and_several_their_points():
    def linked(count):
        points = [Point(x, 1, href=f"/day/{x}") for x in range(2)]
        chart = LineChart(title="PQLs", series=[Series(f"S{i}", points) for i in range(count)])
        return [item for item in parse(draw(chart)).iter(f"{SVG}a")]

    assert all(len(list(item.iter(f"{SVG}rect"))) == 1 for item in linked(1))
    assert [item.get("href") for item in linked(2)] == ["/day/0", "/day/1"] * 2


def test_names_stand_at_line_ends_when_wide_and_in_a_legend_when_narrow():
    chart = chart_of([1, 2], [30, 40])
    wide, narrow = (parse(draw(chart, width=width)) for width in (640, 358))
    right = max(path_numbers(lines(wide)[0])[0::2])

    assert all(box.left > right for box in text_boxes(wide) if box.content.startswith("Series"))
    assert all(box.bottom < 20 for box in text_boxes(narrow) if box.content.startswith("Series"))


@pytest.mark.parametrize("count", [2, 5, 12, 13, 30])
def test_line_names_never_touch(count):
    chart = chart_of(*[[1, 2 + index / 100] for index in range(count)])

    for width in (358, 640, 1040):
        root = parse(draw(chart, width=width))
        assert touching(root) == []
        assert max(item.right for item in text_boxes(root)) <= width
    assert texts(parse(draw(chart, width=1040))).count("Series 1") == 1


def test_annotations_and_references_are_drawn_and_told():
    chart = chart_of(
        [1, 9],
        annotations=[Annotation(days(2)[1], "Version 3 live", "/versions/3")],
        references=[Reference(5, "Goal")],
    )
    root = parse(draw(chart))

    assert {"Version 3 live", "Goal"} <= set(texts(root))
    assert [item.get("href") for item in root.iter(f"{SVG}a")] == ["/versions/3"]
    assert "2 Mar 2024: Version 3 live. Goal: 5." in root[1].text


def test_annotation_outside_of_the_view_is_not_drawn():
    assert "Later" not in texts(parse(draw(chart_of([1, 9], annotations=[Annotation(days(9)[8], "Later")]))))


def test_reference_above_all_values_is_inside_the_plot():
    root = parse(draw(chart_of([1, 2], references=[Reference(50, "Goal")])))

    assert "60" in texts(root) or "50" in texts(root)


@pytest.mark.parametrize("places", [[100, 100, 100], [10, 12, 14, 16], [5, 250, 290], [299, 298, 297]])
def test_notes_share_rows_without_touching(places):
    placed = place_notes([Note(x, "A longer name", "") for x in places], 0, 300)

    rows = [item for item in placed if item.row is not None]
    assert rows
    for index, one in enumerate(rows):
        for other in rows[index + 1 :]:
            assert one.row != other.row or one.right < other.left or other.right < one.left


def test_line_of_a_note_crosses_no_label():
    notes = [Note(10, "Short name", ""), Note(30, "A name that reaches far", ""), Note(120, "Third", "")]
    first, second, third = place_notes(notes, 0, 300)

    assert (first.row, second.row, third.row) == (
        0,
        1,
        2,
    )  # in row 0 the third line would cross the second label
    assert first.right < third.note.x < second.right


def test_spread_keeps_order_distance_and_bounds():
    places = spread([10, 11, 12, 100], 16, 0, 100)

    assert places == sorted(places)
    assert all(after - before >= 16 for before, after in itertools.pairwise(places))
    assert places[-1] == 100
    assert places[0] >= 0


def test_line_axis_can_start_near_the_values():
    def lowest(**options):
        return next(
            text for text in texts(parse(draw(chart_of([1000, 1010], **options)))) if text[0].isdigit()
        )

    assert lowest() == "0"
    assert lowest(from_zero=False) == "1,000"


def test_line_table_has_intervals_maturity_notes_and_links():
    points = [Point(x, y, 1, 3, href="/x", note="few") for x, y in zip(days(2), (2, None), strict=True)]
    chart = LineChart(
        title="Rate",
        series=[Series("A", points), Series("B", [Point(days(1)[0], 7)])],
        maturing_from=days(2)[1],
    )

    assert data_table(chart) == [
        ["Date", "A", "A, low", "A, high", "B", "Still maturing", "Note"],
        ["1 Mar 2024", "2", "1", "3", "7", "no", "few"],
        ["2 Mar 2024", "", "1", "3", "", "yes", "few"],
    ]
    assert data_table(chart)[1][1].href == "/x"


def test_line_summary_says_first_last_lowest_and_highest():
    root = parse(draw(chart_of([5, 1, 9, 7])))

    assert root[1].text == (
        "Series 0: from 5 (1 Mar 2024) to 7 (4 Mar 2024), lowest 1 (2 Mar 2024), highest 9 (3 Mar 2024)."
    )


def test_given_summary_wins():
    assert parse(draw(chart_of([1, 2], summary="It doubled.")))[1].text == "It doubled."


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Point(1, 2, low=3, high=1), "ends below its start"),
        (lambda: Point(1, 2, low=1), "one end only"),
        (lambda: chart_of([1], maturing_from=5), "not a date"),
        (lambda: chart_of([1], annotations=[Annotation(5, "x")]), "not a date"),
        (lambda: LineChart(title="x", series=[Series("s", [Point(2, 1), Point(1, 1)])]), "ascending"),
        (lambda: LineChart(title="x", series=[Series("s", [Point(1, 1), Point(1, 1)])]), "ascending"),
        (lambda: LineChart(title="x", series=[Series("s", [Point(float("nan"), 1)])]), "finite"),
        (lambda: draw(chart_of([1], references=[Reference(float("nan"), "Goal")])), "finite"),
        (lambda: chart_of([1], annotations=[Annotation(days(1)[0], "x", "data:x")]), "not allowed"),
    ],
)
def test_line_chart_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_moments_of_one_chart_show_in_the_zone_of_the_first():
    points = [Point(datetime(2024, 3, 1, hour, tzinfo=UTC), hour) for hour in (1, 2)]

    assert data_table(LineChart(title="x", series=[Series("s", points)]))[1] == ["1 Mar 2024 01:00", "1"]
