"""Reads drawings back for the tests: parsed elements, boxes of texts, and one example of every chart."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

from charts import (
    Annotation,
    Bar,
    BarChart,
    BarSeries,
    Bin,
    Cell,
    Chart,
    Cohort,
    CohortGrid,
    Funnel,
    Histogram,
    HorizontalBars,
    Interval,
    IntervalPlot,
    LineChart,
    Point,
    ProgressBar,
    Row,
    ScoreBand,
    Series,
    Sparkline,
    Stage,
    Step,
    StepChart,
    Threshold,
)
from charts.formats import number
from charts.text import text_width

SVG = "{http://www.w3.org/2000/svg}"
BANDS = [ScoreBand("Cold", None, 40), ScoreBand("Warm", 40, 70), ScoreBand("Hot", 70, None)]


def parse(drawing: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawing)


def with_class(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [item for item in root.iter() if name in item.get("class", "").split()]


def shown(item: ElementTree.Element) -> str:
    """What a <text> shows, without its <title>."""
    return (item.text or "") + "".join(child.tail or "" for child in item)


def texts(root: ElementTree.Element) -> list[str]:
    return [shown(item) for item in root.iter(f"{SVG}text")]


def tips(root: ElementTree.Element) -> list[str]:
    """Every <title> except the one of the chart itself."""
    return [item.text or "" for item in root.iter(f"{SVG}title")][1:]


def size(root: ElementTree.Element) -> tuple[float, float]:
    _x, _y, width, height = (float(part) for part in root.get("viewBox", "").split())
    return width, height


def box(item: ElementTree.Element) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a <rect>."""
    x, y, width, height = (float(item.get(name, "0")) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def path_numbers(item: ElementTree.Element) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", item.get("d", ""))]


@dataclass(frozen=True)
class TextBox:
    content: str
    left: float
    top: float
    right: float
    bottom: float

    def touches(self, other: "TextBox") -> bool:
        beside = self.right <= other.left + 0.01 or other.right <= self.left + 0.01
        return not beside and self.top < other.bottom - 3 and other.top < self.bottom - 3


def text_boxes(root: ElementTree.Element) -> list[TextBox]:
    boxes = []
    for item in root.iter(f"{SVG}text"):
        font, x, y = (float(item.get(name, "0")) for name in ("font-size", "x", "y"))
        width = text_width(shown(item), font, bold="chart-strong" in item.get("class", ""))
        left = x - {"middle": width / 2, "end": width}.get(item.get("text-anchor", ""), 0)
        boxes.append(TextBox(shown(item), left, y - font, left + width, y))
    return boxes


def touching(root: ElementTree.Element) -> list[tuple[str, str]]:
    boxes = text_boxes(root)
    return [
        (one.content, other.content)
        for index, one in enumerate(boxes)
        for other in boxes[index + 1 :]
        if one.touches(other)
    ]


def days(count: int) -> list[date]:
    return [date(2024, 3, 1) + timedelta(days=index) for index in range(count)]


def hours(count: int) -> list[datetime]:
    return [datetime(2024, 3, 1, tzinfo=UTC) + timedelta(hours=17 * index) for index in range(count)]


def charts_over(values: list[float], *, label: str = "Name", href: str = "") -> dict[str, Chart]:
    """One chart of every kind over the same values; those that need sizes take them without the sign."""
    sizes = [abs(value) for value in values]
    points = [Point(day, value, href=href) for day, value in zip(days(len(values)), values, strict=True)]
    names = [f"{label} {index}" for index in range(len(values))]
    return {
        "line": LineChart(title=label, series=[Series(label, points)]),
        "lines": LineChart(
            title=label,
            series=[Series(label, points), Series(f"{label} two", points)],
            annotations=[Annotation(days(1)[0], label, href)] if values else [],
        ),
        "bars": BarChart(
            title=label,
            categories=names,
            series=[BarSeries(label, [Bar(value, href=href, note=label) for value in values])],
        ),
        "stacked": BarChart(
            title=label,
            categories=names,
            series=[BarSeries(f"{label} {i}", [Bar(value) for value in values]) for i in range(2)],
            stacked=True,
        ),
        "horizontal": HorizontalBars(
            title=label,
            rows=[Row(name, value, href, label) for name, value in zip(names, values, strict=True)],
        ),
        "histogram": Histogram(
            title=label,
            bins=[Bin(i, i + 1, value, href) for i, value in enumerate(sizes)],
            thresholds=[Threshold(0.5, label, href)] if values else [],
            bands=BANDS,
        ),
        "step": StepChart(
            title=label,
            steps=[Step(at, value, href) for at, value in zip(hours(len(values)), values, strict=True)],
            bands=BANDS,
        ),
        "spark": Sparkline(title=label, values=values),
        "funnel": Funnel(
            title=label, stages=[Stage(name, value, href) for name, value in zip(names, sizes, strict=True)]
        ),
        "cohorts": CohortGrid(
            title=label,
            columns=["Week 0", "Week 1"],
            value_format=number,
            cohorts=[
                Cohort(name, [Cell(value, href=href), Cell(value, mature=False)], size="1,204", href=href)
                for name, value in zip(names, values, strict=True)
            ],
        ),
        "intervals": IntervalPlot(
            title=label,
            rows=[
                Interval(name, value, value, value, href) for name, value in zip(names, values, strict=True)
            ],
        ),
    } | ({"progress": ProgressBar(title=label, value=sizes[0], maximum=1)} if values else {})
