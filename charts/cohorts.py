"""Cohorts by age: a grid of tinted cells; what is still maturing is hatched."""

from collections.abc import Sequence
from dataclasses import dataclass

from .axis import Frame, draw_labels, place_categories
from .chart import MEDIUM, Chart, Table, chart_key, checked_width, data_table, draw, empty_drawing
from .checks import Number, optional_finite, safe_href
from .formats import ValueFormat, linked, percent
from .marks import hatch, used_patterns
from .svg import Svg, document, element, hover, text
from .text import SMALL, text_width
from .words import _

HEATS = 7  # chart-heat-0 to chart-heat-6 in charts.css
_ROW = 28
_HEAD = 24
_GAP = 2


@dataclass(frozen=True)
class Cell:
    """A cohort's value at an age. None: not reached yet. Not ``mature``: the value may still change."""

    value: Number | None
    mature: bool = True
    href: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        optional_finite(self.value, "The value of a cell")
        safe_href(self.href)


@dataclass(frozen=True)
class Cohort:
    """One row: its name, its size in words ("1,204"), and a cell for each column."""

    label: str
    cells: Sequence[Cell]
    size: str = ""
    href: str = ""

    def __post_init__(self) -> None:
        safe_href(self.href)


@dataclass(frozen=True, kw_only=True)
class CohortGrid(Chart):
    """Cohorts by ``columns``; tints run from the smallest to the largest value shown (from 0 if none is below)."""

    columns: Sequence[str]
    cohorts: Sequence[Cohort]
    value_format: ValueFormat = percent
    cohort_name: str = ""
    size_name: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        for cohort in self.cohorts:
            if len(cohort.cells) != len(self.columns):
                raise ValueError(
                    f"The cohort {cohort.label!r} has {len(cohort.cells)} cells for {len(self.columns)} "
                    "columns. Give one for each; Cell(None) where it is too young."
                )


@dataclass(frozen=True)
class _Grid:
    """Widths in pixels, the range of values, and whether values fit into the cells."""

    label_room: float
    left: float
    cell: float
    low: float
    high: float
    written: bool


@draw.register
def cohort_grid(chart: CohortGrid, *, width: int = MEDIUM) -> Svg:
    """Draw a CohortGrid. Values are written into the cells when all fit; they always show as tips."""
    checked_width(width)
    values = [float(cell.value) for row in chart.cohorts for cell in row.cells if cell.value is not None]
    if not values:
        return empty_drawing(chart, "cohorts", width)
    key = chart_key(chart, width)
    grid = _grid(chart, values, width)
    places = place_categories(chart.columns, Frame(grid.left, 0, width, 0), 2, width)
    body = [draw_labels(places, _HEAD - 8)]
    body += [_row(chart, index, grid, key) for index in range(len(chart.cohorts))]
    height = _HEAD + len(chart.cohorts) * _ROW
    notes = _key_row(chart, grid, key, height + 4)
    body += notes
    return document(
        [used_patterns(key, body), *body],
        key=key,
        kind="cohorts",
        title=chart.title,
        summary=chart.summary or _summarise(chart, values),
        width=width,
        height=height + (24 if notes else 0),
    )


def _grid(chart: CohortGrid, values: Sequence[float], width: int) -> _Grid:
    sizes = max(text_width(cohort.size, SMALL) for cohort in chart.cohorts)
    sizes = min(sizes, width * 0.15)
    labels = max(text_width(cohort.label, SMALL) for cohort in chart.cohorts)
    label_room = min(labels, width * 0.28)
    left = 2 + label_room + 10 + (sizes + 10 if sizes else 0)
    cell = (width - left) / len(chart.columns)
    widest = max(text_width(chart.value_format(value), SMALL) for value in values)
    return _Grid(label_room, left, cell, min(0.0, *values, 0.0), max(values), widest <= cell - _GAP - 4)


def heat(value: float, low: float, high: float) -> int:
    """The tint of ``value``, 0 to 6, in equal steps from ``low`` to ``high``."""
    if high <= low:
        return 0
    return min(int((value - low) / (high - low) * HEATS), HEATS - 1)


def _row(chart: CohortGrid, index: int, grid: _Grid, key: str) -> Svg:
    cohort = chart.cohorts[index]
    y = _HEAD + index * _ROW
    name = text(cohort.label, 2, y + 18, room=grid.label_room, size=SMALL)
    size = text(
        cohort.size, grid.left - 10, y + 18, room=grid.left - grid.label_room - 20, anchor="end",
        size=SMALL, class_="chart-note",
    )  # fmt: skip
    if cohort.href:
        tip = f"{cohort.label}: {cohort.size}" if cohort.size else cohort.label
        hit = element("rect", x=0, y=y, width=grid.left - 4, height=_ROW - _GAP, class_="chart-hit")
        parts = [hover(tip, hit, name, size, href=cohort.href)]
    else:
        parts = [name, size]
    for column, cell in enumerate(cohort.cells):
        if cell.value is not None:
            parts.append(_cell(chart, cohort, column, cell, grid, y, key))
    return element("g", *parts)


def _cell(chart: CohortGrid, cohort: Cohort, column: int, cell: Cell, grid: _Grid, y: float, key: str) -> Svg:
    value = float(cell.value or 0)
    tint = heat(value, grid.low, grid.high)
    x = grid.left + grid.cell * column
    shown = chart.value_format(value)
    box = {"x": x, "y": y, "width": max(grid.cell - _GAP, 1), "height": _ROW - _GAP, "rx": 3}
    shapes = [element("rect", **box, class_=_cell_class(tint, mature=cell.mature))]
    if not cell.mature:
        shapes.append(hatch(key, x, y, max(grid.cell - _GAP, 1), _ROW - _GAP, rx=3))
    if grid.written:
        middle = x + (grid.cell - _GAP) / 2
        shapes.append(
            text(shown, middle, y + 17, anchor="middle", size=SMALL, class_=f"chart-cell-text-{tint}")
        )
    tip = f"{cohort.label}, {chart.columns[column]}: {shown}"
    tip += f", {_('still maturing')}" if not cell.mature else ""
    return hover(
        f"{tip}\n{cell.note}" if cell.note else tip,
        *shapes,
        href=cell.href,
        class_="chart-item chart-written",
    )


def _cell_class(tint: int, *, mature: bool) -> str:
    """A cell that is still maturing has a dashed rim besides the hatching, which fades on some tints."""
    return f"chart-cell chart-heat-{tint}" + ("" if mature else " chart-open")


def _key_row(chart: CohortGrid, grid: _Grid, key: str, y: float) -> list[Svg]:
    """What hatching means, if there is any, and what the tints mean where no values are written."""
    parts: list[Svg] = []
    x = grid.left
    if any(not cell.mature and cell.value is not None for row in chart.cohorts for cell in row.cells):
        words = _("still maturing")
        parts += [
            element("rect", x=x, y=y, width=18, height=13, rx=3, class_=_cell_class(1, mature=False)),
            hatch(key, x, y, 18, 13, rx=3),
            text(words, x + 24, y + 11, size=SMALL, class_="chart-note"),
        ]
        x += 24 + text_width(words, SMALL) + 16
    if not grid.written:
        low, high = chart.value_format(grid.low), chart.value_format(grid.high)
        parts.append(text(low, x, y + 11, size=SMALL, class_="chart-note"))
        x += text_width(low, SMALL) + 6
        for tint in range(HEATS):
            parts.append(
                element("rect", x=x, y=y, width=11, height=13, class_=f"chart-cell chart-heat-{tint}")
            )
            x += 12
        parts.append(text(high, x + 5, y + 11, size=SMALL, class_="chart-note"))
    return parts


def _summarise(chart: CohortGrid, values: Sequence[float]) -> str:
    found = [
        (float(cell.value), cohort.label, chart.columns[column])
        for cohort in chart.cohorts
        for column, cell in enumerate(cohort.cells)
        if cell.value is not None
    ]
    low, high = min(found), max(found)
    open_cells = sum(not cell.mature for row in chart.cohorts for cell in row.cells if cell.value is not None)
    words = _("{count} cohorts; highest {high} ({high_at}), lowest {low} ({low_at}).").format(
        count=len(chart.cohorts),
        high=chart.value_format(high[0]),
        high_at=f"{high[1]}, {high[2]}",
        low=chart.value_format(low[0]),
        low_at=f"{low[1]}, {low[2]}",
    )
    if open_cells:
        words += " " + _("Values still maturing: {count} of {all}.").format(count=open_cells, all=len(values))
    return words


def _cell_words(chart: CohortGrid, cell: Cell) -> str:
    if cell.value is None:
        return ""
    remarks = [_("still maturing")] if not cell.mature else []
    remarks += [cell.note] if cell.note else []
    shown = chart.value_format(float(cell.value))
    return linked(f"{shown} ({', '.join(remarks)})" if remarks else shown, cell.href)


@data_table.register
def cohort_table(chart: CohortGrid) -> Table:
    """The grid itself; what is still maturing says so in its cell."""
    sized = any(cohort.size for cohort in chart.cohorts)
    header = [
        chart.cohort_name or _("Cohort"),
        *([chart.size_name or _("Size")] if sized else []),
        *chart.columns,
    ]
    rows = [header]
    for cohort in chart.cohorts:
        row = [linked(cohort.label, cohort.href), *([cohort.size] if sized else [])]
        rows.append([*row, *(_cell_words(chart, cell) for cell in cohort.cells)])
    return rows
