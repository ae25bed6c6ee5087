"""Horizontal bars: label left, bar from a common zero line, value right. For contributions and rankings."""

from collections.abc import Sequence
from dataclasses import dataclass

from .axis import Scale
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
from .checks import Number, finite, safe_href
from .formats import ValueFormat, number, written
from .marks import hatch, used_patterns
from .svg import Svg, document, element, hover, text
from .text import SIZE, SMALL, text_width
from .words import _

_ROW = 32
_TALL_ROW = 46  # narrow drawings: the label stands above its bar
_BAR = 14


@dataclass(frozen=True)
class Row:
    """One bar. ``note`` says more about it, below the label."""

    label: str
    value: Number
    href: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        finite(self.value, f"The value of {self.label!r}")
        safe_href(self.href)


@dataclass(frozen=True, kw_only=True)
class HorizontalBars(Chart):
    """Rows in the order given; values below zero go left of the zero line and are hatched."""

    rows: Sequence[Row]
    value_format: ValueFormat = number
    label_name: str = ""
    value_name: str = ""


@dataclass(frozen=True)
class _Columns:
    """Where labels end, bars lie and values end; all rows share them."""

    label_room: float
    scale: Scale
    above: bool
    row_height: float


@draw.register
def horizontal_bars(chart: HorizontalBars, *, width: int = MEDIUM) -> Svg:
    """Draw HorizontalBars; below 480 wide each label stands above its bar."""
    checked_width(width)
    if not chart.rows:
        return empty_drawing(chart, "horizontal", width)
    key = chart_key(chart, width)
    columns = _columns(chart, width)
    height = columns.row_height * len(chart.rows) + 4
    body = [_row(chart, index, columns, width, key) for index in range(len(chart.rows))]
    return document(
        [used_patterns(key, body), *body],
        key=key,
        kind="horizontal",
        title=chart.title,
        summary=chart.summary or _summarise(chart),
        width=width,
        height=height,
    )


def _columns(chart: HorizontalBars, width: int) -> _Columns:
    values = [float(row.value) for row in chart.rows]
    above = width < ROOMY
    value_room = max(text_width(chart.value_format(value), bold=True) for value in values) + 12
    widest = max(
        max(text_width(row.label) for row in chart.rows),
        max(text_width(row.note, SMALL) for row in chart.rows),
    )
    label_room = width - value_room - 4 if above else min(widest + 4, width * 0.42)
    left, right = (2.0, width - 2.0) if above else (label_room + 14, width - value_room)
    scale = Scale(min(0.0, *values, 0.0), max(0.0, *values, 0.0), left, right)
    if scale.low == scale.high:
        scale = Scale(0.0, 1.0, left, right)
    noted = any(row.note for row in chart.rows)
    row_height = _TALL_ROW + (14 if noted else 0) if above else _ROW + (10 if noted else 0)
    return _Columns(label_room, scale, above, row_height)


def _row(chart: HorizontalBars, index: int, columns: _Columns, width: int, key: str) -> Svg:
    row = chart.rows[index]
    value, shown = float(row.value), chart.value_format(float(row.value))
    top = index * columns.row_height + 2
    middle = top + columns.row_height / 2
    bar_top = top + columns.row_height - 24 if columns.above else middle - _BAR / 2
    start, end = sorted((columns.scale(0.0), columns.scale(value)))
    size = {"x": start, "y": bar_top, "width": end - start, "height": _BAR, "rx": min(2.5, (end - start) / 2)}
    zero = f"M{columns.scale(0.0):.1f} {bar_top - 4 if columns.above else top:.1f}"
    zero += f"v{_BAR + 8 if columns.above else columns.row_height:.1f}"
    shapes = [
        element("rect", x=0, y=top, width=width, height=columns.row_height, class_="chart-hit chart-slot"),
        element("path", d=zero, class_="chart-axis"),
        element("rect", **size, class_=f"chart-bar chart-{'negative' if value < 0 else 'positive'}"),
    ]
    if value < 0:
        shapes.append(hatch(key, start, bar_top, end - start, _BAR, rx=2.5))
    baseline = top + 15 if columns.above else middle + (-2 if row.note else 4)
    shapes.append(text(row.label, 2, baseline, room=columns.label_room))
    if row.note:
        shapes.append(
            text(row.note, 2, baseline + 15, room=columns.label_room, size=SMALL, class_="chart-note")
        )
    value_y = baseline if columns.above else middle + 4
    shapes.append(text(shown, width - 2, value_y, anchor="end", size=SIZE, class_="chart-strong"))
    tip = f"{row.label}: {shown}"
    return hover(f"{tip}\n{row.note}" if row.note else tip, *shapes, href=row.href)


def _summarise(chart: HorizontalBars) -> str:
    """All rows while they are few, else the largest ones and how many there are."""
    ranked = sorted(chart.rows, key=lambda row: -abs(float(row.value)))
    told = chart.rows if len(chart.rows) <= 8 else ranked[:5]
    words = ", ".join(f"{row.label} {chart.value_format(float(row.value))}" for row in told)
    if len(told) < len(chart.rows):
        return _("{count} rows, the largest: {rows}.").format(count=len(chart.rows), rows=words)
    return f"{words}."


@data_table.register
def horizontal_table(chart: HorizontalBars) -> Table:
    """Label, value and, when there are any, notes."""
    header = [chart.label_name or _("Name"), chart.value_name or _("Value")]
    rows = [[row.label, written(row.value, chart.value_format, row.href)] for row in chart.rows]
    return with_notes([header, *rows], [row.note for row in chart.rows])
