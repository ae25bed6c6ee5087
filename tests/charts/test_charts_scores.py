"""Histogram and step chart: the two that show scores against thresholds and bands."""

from datetime import UTC, datetime, timedelta

import pytest

from charts import (
    Annotation,
    Bin,
    Histogram,
    ScoreBand,
    Step,
    StepChart,
    Threshold,
    data_table,
    draw,
)
from charts.bands import ordered
from tests.charts.reading import BANDS, SVG, box, parse, path_numbers, texts, tips, touching, with_class

START = datetime(2024, 3, 1, 8, tzinfo=UTC)


def scores(counts: list[float], **options) -> Histogram:
    bins = [Bin(index * 10, index * 10 + 10, count) for index, count in enumerate(counts)]
    return Histogram(title="Scores", bins=bins, **options)


def histogram_bars(root):
    return [item for item in root.iter(f"{SVG}rect") if "chart-bar" in item.get("class", "")]


def test_histogram_heights_are_proportional_and_bars_adjoin():
    small, large = (box(item) for item in histogram_bars(parse(draw(scores([10, 40])))))

    assert large[3] - large[1] == pytest.approx((small[3] - small[1]) * 4, abs=0.05)
    assert large[0] - small[2] == pytest.approx(1, abs=0.05)


def test_threshold_stands_at_its_value():
    root = parse(draw(scores([5] * 10, thresholds=[Threshold(70, "Enter")])))
    x = path_numbers(with_class(root, "chart-note-line")[0])[0]
    left, right = float(root.get("data-plot-left")), float(root.get("data-plot-right"))

    assert (x - left) / (right - left) == pytest.approx(0.7, abs=0.001)
    assert (root.get("data-value-low"), root.get("data-value-high")) == ("0.0", "100.0")
    assert "Enter: 70" in texts(root)


def test_bins_below_the_threshold_are_drawn_weaker():
    root = parse(draw(scores([5] * 10, thresholds=[Threshold(70, "Enter"), Threshold(50, "Leave")])))

    assert len(with_class(root, "chart-below")) == 7
    assert len([item for item in histogram_bars(root) if "chart-fill-1" in item.get("class")]) == 3


def test_threshold_that_nobody_reaches_is_still_shown():
    root = parse(draw(scores([5, 5], thresholds=[Threshold(90, "Enter")])))

    assert "Enter: 90" in texts(root)
    assert root.get("data-value-high") == "90.0"


def test_histogram_bands_cover_the_axis_and_are_named():
    root = parse(draw(scores([5] * 10, bands=BANDS)))
    tints = [box(item) for name in (1, 2, 3) for item in with_class(root, f"chart-tint-{name}")]

    assert {"Cold", "Warm", "Hot"} <= set(texts(root))
    assert [tint[0] for tint in tints[1:]] == [pytest.approx(tint[2], abs=0.02) for tint in tints[:-1]]


def test_many_thresholds_never_touch():
    thresholds = [Threshold(value, f"Threshold {value}") for value in range(40, 80, 4)]

    assert touching(parse(draw(scores([5] * 10, thresholds=thresholds, bands=BANDS), width=358))) == []


def test_histogram_tells_counts_and_shares():
    chart = scores([10, 30], thresholds=[Threshold(10, "Enter"), Threshold(15, "Other")])

    assert "10 to under 20: 30 (75%)" in tips(parse(draw(chart)))
    assert data_table(chart)[1:] == [["0 to under 10", "10"], ["10 to under 20", "30"]]
    assert (
        parse(draw(chart))[1].text
        == (
            "40 in all; most, 30, in 10 to under 20. Enter: 10, reached by 30. Other: 15."  # 15 cuts a bin: no guess
        )
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Bin(1, 1, 5), "no width"),
        (lambda: Bin(0, 1, -5), "below zero"),
        (lambda: Histogram(title="x", bins=[Bin(0, 2, 1), Bin(1, 3, 1)]), "overlaps"),
        (lambda: Histogram(title="x", bins=[Bin(0, 1, 1), Bin(1, 3, 1)]), "differs in width"),
        (lambda: Threshold(float("nan"), "x"), "finite"),
        (lambda: ScoreBand("x", 5, 5), "not above its start"),
    ],
)
def test_histogram_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def history(*scores_: float, **options) -> StepChart:
    steps = [
        Step(START + timedelta(days=index), score, note=f"n{index}") for index, score in enumerate(scores_)
    ]
    return StepChart(title="Score", steps=steps, **options)


def test_score_holds_until_it_changes():
    root = parse(draw(history(10, 50, 30, until=START + timedelta(days=4))))
    path = with_class(root, "chart-line")[0].get("d")

    assert path.count("H") == 3
    assert path.count("V") == 2
    assert "L" not in path


def test_score_is_shown_against_its_bands():
    root = parse(draw(history(10, 80, bands=BANDS)))

    assert {"Cold", "Warm", "Hot", "80"} <= set(texts(root))
    assert len(with_class(root, "chart-reference")) == 2
    assert "2 Mar 2024 08:00\n80 (Hot)\nn1" in tips(root)
    assert root[1].text.endswith("Now in band Hot.")


def test_highest_band_is_the_strongest_however_many_there_are():
    two = [ScoreBand("Hot", 50, None), ScoreBand("Cold", None, 50)]

    assert [tint for _band, tint in ordered(two)] == ["chart-tint-2", "chart-tint-3"]
    assert [band.name for band, _tint in ordered(two)] == ["Cold", "Hot"]


def test_pointer_finds_the_score_that_held_at_any_place():
    first, second = (box(item) for item in with_class(parse(draw(history(10, 50))), "chart-hit"))

    assert first[2] == pytest.approx(second[0], abs=4)


@pytest.mark.parametrize(("score", "band"), [(39.99, "Cold"), (40, "Warm"), (70, "Hot"), (-5, "Cold")])
def test_band_holds_from_its_start_to_before_its_end(score, band):
    assert history(1, bands=BANDS).band_at(score) == band


def test_bands_beyond_the_scores_are_still_shown():
    assert "Hot" in texts(parse(draw(history(1, 2, bands=BANDS))))


def test_several_changes_at_one_moment_are_all_kept():
    chart = StepChart(
        title="Score", steps=[Step(START, 5), Step(START, 25), Step(START + timedelta(hours=9), 30)]
    )

    assert len(data_table(chart)) == 4
    assert with_class(parse(draw(chart)), "chart-line")


def test_single_score_is_a_level_line():
    root = parse(draw(history(40, until=START + timedelta(days=2))))

    assert len(with_class(root, "chart-line")) == 1
    assert "40" in texts(root)


def test_step_table_has_bands_and_notes():
    assert data_table(history(10, 80, bands=BANDS)) == [
        ["From", "Value", "Band", "Note"],
        ["1 Mar 2024 08:00", "10", "Cold", "n0"],
        ["2 Mar 2024 08:00", "80", "Hot", "n1"],
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: history(1, 2, until=START), "order"),
        (lambda: StepChart(title="x", steps=[Step(2, 1), Step(1, 1)]), "order"),
        (lambda: history(1, annotations=[Annotation(3, "x")]), "not a datetime"),
        (lambda: Step(1, float("inf")), "finite"),
    ],
)
def test_step_chart_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()
