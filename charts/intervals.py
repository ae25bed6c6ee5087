"""Estimates with their intervals, one above the other (a forest plot)."""

from collections.abc import Sequence
from dataclasses import dataclass

from .axis import Scale, axis_labels, draw_labels, place_ticks
from .chart import (
    MEDIUM,
    ROOMY,
    Chart,
    Table,
    chart_key,
    checked_width,
    data_table,
    draw,
    empty_drawing,
    with_notes,
)
from .checks import Number, finite, optional_finite, safe_href
from .formats import ValueFormat, number, written
from .svg import Svg, document, element, hover, text
from .text import SMALL, text_width
from .ticks import nice_ticks
from .timeline import Tick
from .words import _

_ROW = 30
_TALL_ROW = 48  # narrow drawings: words stand above the interval
_FOOT = 26


@dataclass(frozen=True)
class Interval:
    """An estimate from ``low`` to ``high``; an end of None is open, an estimate of None not known yet.

    ``overall`` marks the row that sums up the others: drawn as a diamond, in strong type.
    """

    label: str
    estimate: Number | None
    low: Number | None
    high: Number | None
    href: str = ""
    note: str = ""
    overall: bool = False

    def __post_init__(self) -> None:
        what = f"The interval of {self.label!r}"
        known = [optional_finite(value, what) for value in (self.low, self.estimate, self.high)]
        ordered = [value for value in known if value is not None]
        if ordered != sorted(ordered):
            raise ValueError(
                f"{what} is out of order: low {self.low}, estimate {self.estimate}, high {self.high}."
            )
        safe_href(self.href)


@dataclass(frozen=True, kw_only=True)
class IntervalPlot(Chart):
    """Rows in the order given, against ``reference``: the value that means "no difference"."""

    rows: Sequence[Interval]
    reference: Number | None = 0
    reference_label: str = ""
    value_format: ValueFormat = number
    label_name: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        optional_finite(self.reference, "The reference")

    def words(self, row: Interval) -> str:
        """+3.2% (−0.5% to +6.9%)."""
        write = self.value_format
        estimate = _("not known yet") if row.estimate is None else write(float(row.estimate))
        if row.low is None and row.high is None:
            return estimate
        if row.high is None:
            ends = _("{low} or more").format(low=write(float(row.low or 0)))
        elif row.low is None:
            ends = _("{high} or less").format(high=write(float(row.high)))
        else:
            ends = f"{write(float(row.low))} {_('to')} {write(float(row.high))}"
        return f"{estimate} ({ends})"


@dataclass(frozen=True)
class _Layout:
    scale: Scale
    labels: Sequence[Tick]
    label_room: float
    above: bool
    row_height: float
    head: float


@draw.register
def interval_plot(chart: IntervalPlot, *, width: int = MEDIUM) -> Svg:
    """Draw an IntervalPlot; the numbers stand at the right, below 480 wide above each interval."""
    checked_width(width)
    known = [
        float(value) for row in chart.rows for value in (row.low, row.estimate, row.high) if value is not None
    ]
    if not known:
        return empty_drawing(chart, "intervals", width)
    layout = _layout(chart, known, width)
    bottom = layout.head + layout.row_height * len(chart.rows)
    body = _grid(chart, layout, bottom, width)
    body += [_row(chart, index, layout, width) for index in range(len(chart.rows))]
    return document(
        body,
        key=chart_key(chart, width),
        kind="intervals",
        title=chart.title,
        summary=chart.summary or " ".join(f"{row.label}: {chart.words(row)}." for row in chart.rows),
        width=width,
        height=bottom + _FOOT,
    )


def _layout(chart: IntervalPlot, known: Sequence[float], width: int) -> _Layout:
    above = width < ROOMY
    words_room = max(text_width(chart.words(row), SMALL) for row in chart.rows) + 16
    label_room = min(max(text_width(row.label, bold=row.overall) for row in chart.rows) + 4, width * 0.3)
    left, right = (
        (14.0, width - 14.0) if above else (label_room + 22, width - min(words_room, width * 0.4) - 12)
    )
    reference = [] if chart.reference is None else [float(chart.reference)]
    ticks = nice_ticks(min([*known, *reference]), max([*known, *reference]), int((right - left) // 70))
    scale = Scale(ticks[0], ticks[-1], left, right)
    labels = axis_labels(ticks, chart.value_format)
    places = [Tick(tick, label) for tick, label in zip(ticks, labels, strict=True)]
    head = 18.0 if chart.reference_label and chart.reference is not None else 4.0
    return _Layout(scale, places, label_room, above, _TALL_ROW if above else _ROW, head)


def _grid(chart: IntervalPlot, layout: _Layout, bottom: float, width: int) -> list[Svg]:
    parts = []
    for tick in layout.labels:
        path = f"M{layout.scale(tick.position):.1f} {layout.head:.1f}V{bottom:.1f}"
        parts.append(element("path", d=path, class_="chart-grid"))
    parts.append(draw_labels(place_ticks(layout.labels, layout.scale, 2, width - 2), bottom + 17))
    if chart.reference is None:
        return parts
    x = layout.scale(finite(chart.reference, "The reference"))
    parts.append(element("path", d=f"M{x:.1f} {layout.head:.1f}V{bottom:.1f}", class_="chart-axis"))
    if chart.reference_label:
        half = min(text_width(chart.reference_label, SMALL) / 2, width / 2 - 2)
        middle = min(max(x, half + 2), width - half - 2)
        parts.append(
            text(
                chart.reference_label,
                middle,
                12,
                room=width - 4,
                anchor="middle",
                size=SMALL,
                class_="chart-note",
            )
        )
    return parts


def _row(chart: IntervalPlot, index: int, layout: _Layout, width: int) -> Svg:
    row, words = chart.rows[index], chart.words(chart.rows[index])
    top = layout.head + index * layout.row_height
    y = top + (34 if layout.above else layout.row_height / 2)
    words_room = text_width(words, SMALL) + 8
    label_room = width - words_room - 8 if layout.above else layout.label_room
    right_room = width - 4 if layout.above else width - layout.scale.end - 16
    baseline = top + 16 if layout.above else y + 4
    name_class = "chart-strong" if row.overall else "chart-label chart-halo"
    shapes = [
        element("rect", x=0, y=top, width=width, height=layout.row_height, class_="chart-hit chart-slot"),
        text(row.label, 2, baseline, room=label_room, class_=name_class),
        text(
            words,
            width - 2,
            baseline,
            room=right_room,
            anchor="end",
            size=SMALL,
            class_="chart-value chart-halo",
        ),
        *_whiskers(row, layout.scale, y),
    ]
    if row.estimate is not None:
        shapes.append(_estimate(layout.scale(float(row.estimate)), y, overall=row.overall))
    tip = f"{row.label}: {words}"
    return hover(f"{tip}\n{row.note}" if row.note else tip, *shapes, href=row.href)


def _whiskers(row: Interval, scale: Scale, y: float) -> list[Svg]:
    """The line between the ends; a closed end has a cap, an open one an arrow past the scale."""
    if row.low is None and row.high is None:
        return []
    start = scale.start - 6 if row.low is None else scale(float(row.low))
    end = scale.end + 6 if row.high is None else scale(float(row.high))
    left = f"M{start + 5:.1f} {y - 4:.1f}l-5 4l5 4" if row.low is None else f"M{start:.1f} {y - 4:.1f}v8"
    right = f"M{end - 5:.1f} {y - 4:.1f}l5 4l-5 4" if row.high is None else f"M{end:.1f} {y - 4:.1f}v8"
    path = f"M{start:.1f} {y:.1f}H{end:.1f}{left}{right}"
    return [element("path", d=path, class_="chart-line chart-whisker chart-stroke-1")]


def _estimate(x: float, y: float, *, overall: bool) -> Svg:
    size = 7 if overall else 4.5
    if overall:
        path = (
            f"M{x - size:.1f} {y:.1f}L{x:.1f} {y - size:.1f}L{x + size:.1f} {y:.1f}L{x:.1f} {y + size:.1f}Z"
        )
        return element("path", d=path, class_="chart-fill-1 chart-estimate")
    return element(
        "rect", x=x - size, y=y - size, width=size * 2, height=size * 2, rx=1, class_="chart-fill-1 chart-estimate"
    )  # fmt: skip


@data_table.register
def interval_table(chart: IntervalPlot) -> Table:
    """Label, estimate, both ends (open ends are empty)."""
    write = chart.value_format
    rows = [[chart.label_name or _("Name"), _("Estimate"), _("Low"), _("High")]]
    for row in chart.rows:
        estimate = written(row.estimate, write, row.href)
        rows.append([row.label, estimate, written(row.low, write), written(row.high, write)])
    return with_notes(rows, [row.note for row in chart.rows])
