"""A sparkline: the course of a few values, small enough for a table cell."""

from collections.abc import Sequence
from dataclasses import dataclass

from .axis import Scale
from .chart import Chart, Table, chart_key, checked_width, data_table, draw
from .checks import Number, optional_finite
from .formats import ValueFormat, number, written
from .marks import marker
from .svg import Svg, document, element, text
from .text import SMALL
from .words import _

_SPARK_HEIGHT = 32


@dataclass(frozen=True, kw_only=True)
class Sparkline(Chart):
    """The course of ``values`` (equal distances, None is a gap), without axes."""

    values: Sequence[Number | None]
    value_format: ValueFormat = number

    def __post_init__(self) -> None:
        super().__post_init__()
        for value in self.values:
            optional_finite(value, "A value of the sparkline")


@draw.register
def sparkline(chart: Sparkline, *, width: int = 120) -> Svg:
    """Draw a Sparkline, 32 high. The scale starts at the lowest value: it shows the course, not the size."""
    checked_width(width, least=40)
    known = [float(value) for value in chart.values if value is not None]
    if not known:
        return _empty_spark(chart, width)
    x = Scale(0, max(len(chart.values) - 1, 1), 5, width - 5)
    y = Scale(min(known), max(known), _SPARK_HEIGHT - 5, 5)
    if len(chart.values) == 1:
        x = Scale(0, 0, 5, width - 5)
    body: list[Svg] = []
    run: list[tuple[float, float]] = []
    for index, value in enumerate([*chart.values, None]):
        if value is not None:
            run.append((x(index), y(float(value))))
        elif run:
            body += _spark_run(run)
            run = []
    last = max(index for index, value in enumerate(chart.values) if value is not None)
    body.append(marker(0, x(last), y(known[-1]), size=3))
    return document(
        body,
        key=chart_key(chart, width),
        kind="spark",
        title=chart.title,
        summary=chart.summary or _spark_summary(chart, known),
        width=width,
        height=_SPARK_HEIGHT,
    )


def _spark_run(run: Sequence[tuple[float, float]]) -> list[Svg]:
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in run)
    if len(run) == 1:
        return [marker(0, *run[0], size=1.5)]
    floor = f"V{_SPARK_HEIGHT - 2}H{run[0][0]:.1f}Z"
    return [
        element("path", d=path + floor, class_="chart-band-area chart-fill-1"),
        element("path", d=path, class_="chart-line chart-stroke-1"),
    ]


def _empty_spark(chart: Sparkline, width: int) -> Svg:
    message = chart.empty_text or _("No data yet")
    shown = text(message, width / 2, 20, room=width - 8, anchor="middle", size=SMALL, class_="chart-note")
    return document(
        [shown],
        key=chart_key(chart, width),
        kind="spark",
        title=chart.title,
        summary=message,
        width=width,
        height=_SPARK_HEIGHT,
    )


def _spark_summary(chart: Sparkline, known: Sequence[float]) -> str:
    write = chart.value_format
    return _("From {first} to {last}, lowest {low}, highest {high}.").format(
        first=write(known[0]), last=write(known[-1]), low=write(min(known)), high=write(max(known))
    )


@data_table.register
def sparkline_table(chart: Sparkline) -> Table:
    """One row per value, numbered from 1."""
    header = [_("Position"), _("Value")]
    values = (written(value, chart.value_format) for value in chart.values)
    return [header, *([str(index), value] for index, value in enumerate(values, start=1))]
