"""Data of line charts: points, series, the chart, and what it says in words and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from .chart import Chart, Table, data_table, with_notes
from .checks import Number, ascending, optional_finite, safe_href
from .formats import ValueFormat, number, written
from .notes import Annotation, check_annotations
from .plot import Reference
from .timeline import DayLine, Line, MomentLine, X, line_for
from .words import _


@dataclass(frozen=True)
class Point:
    """A value at a place; None is a gap. ``low`` and ``high`` are the ends of its interval."""

    x: X
    y: Number | None
    low: Number | None = None
    high: Number | None = None
    href: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        for value in (self.y, self.low, self.high):
            optional_finite(value, f"The value at {self.x}")
        if (self.low is None) != (self.high is None):
            raise ValueError(f"The interval at {self.x} has one end only. Give both or none.")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"The interval at {self.x} ends below its start: {self.low} to {self.high}.")
        safe_href(self.href)


@dataclass(frozen=True)
class Series:
    """A named line; its points in the order of their places."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, kw_only=True)
class LineChart(Chart):
    """Several series over one axis of dates, aware datetimes or numbers.

    From ``maturing_from`` on values may still change: the lines are dotted there and the area hatched.
    ``from_zero=False`` lets the vertical axis start near the lowest value.
    """

    series: Sequence[Series]
    maturing_from: X | None = None
    annotations: Sequence[Annotation] = ()
    references: Sequence[Reference] = ()
    value_format: ValueFormat = number
    x_name: str = ""
    from_zero: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        line = self.line()
        for series in self.series:
            ascending((line.position(point.x) for point in series.points), f"The points of {series.name!r}")
        if self.maturing_from is not None:
            line.position(self.maturing_from)
        for annotation in self.annotations:
            line.position(annotation.x)
        check_annotations(self.annotations)

    def line(self) -> Line:
        return line_for(point.x for series in self.series for point in series.points)

    def is_maturing(self, x: X) -> bool:
        line = self.line()
        return self.maturing_from is not None and line.position(x) >= line.position(self.maturing_from)


def describe_point(chart: LineChart, name: str, point: Point) -> str:
    """One line for a tip: name, value, interval, note, and whether it may still change."""
    write = chart.value_format
    words = f"{name}: " + (write(float(point.y)) if point.y is not None else _("no value"))
    if point.low is not None and point.high is not None:
        words += f" ({write(float(point.low))} {_('to')} {write(float(point.high))})"
    if chart.is_maturing(point.x):
        words += f", {_('still maturing')}"
    return f"{words}, {point.note}" if point.note else words


def summarise_line(chart: LineChart) -> str:
    """Each series from first to last with its extremes, then what is not final and what is marked."""
    line, write = chart.line(), chart.value_format
    sentences = []
    for series in chart.series:
        known = [(point.x, float(point.y)) for point in series.points if point.y is not None]
        if not known:
            sentences.append(f"{series.name}: {_('no data yet')}.")
            continue
        (first_x, first), (last_x, last) = known[0], known[-1]
        low, high = min(known, key=lambda item: item[1]), max(known, key=lambda item: item[1])
        course = _("{name}: from {first} ({first_x}) to {last} ({last_x})").format(
            name=series.name,
            first=write(first),
            first_x=line.name(first_x),
            last=write(last),
            last_x=line.name(last_x),
        )
        extremes = _("lowest {low} ({low_x}), highest {high} ({high_x})").format(
            low=write(low[1]), low_x=line.name(low[0]), high=write(high[1]), high_x=line.name(high[0])
        )
        sentences.append(f"{course}, {extremes}.")
    if chart.maturing_from is not None:
        sentences.append(_("Values from {x} on are still maturing.").format(x=line.name(chart.maturing_from)))
    sentences += [f"{line.name(note.x)}: {note.label}." for note in chart.annotations]
    sentences += [f"{item.label}: {write(float(item.value))}." for item in chart.references]
    return " ".join(sentences)


@data_table.register
def line_table(chart: LineChart) -> Table:
    """One row per place, one column per series (three with an interval)."""
    line = chart.line()
    dated = isinstance(line, DayLine | MomentLine)
    header = [chart.x_name or (_("Date") if dated else _("Value"))]
    places: dict[float, X] = {}
    columns: list[tuple[dict[float, Point], bool]] = []
    for series in chart.series:
        by_place = {line.position(point.x): point for point in series.points}
        places.update({place: point.x for place, point in by_place.items()})
        with_interval = any(point.low is not None for point in series.points)
        columns.append((by_place, with_interval))
        header += [series.name]
        header += [f"{series.name}, {_('low')}", f"{series.name}, {_('high')}"] if with_interval else []
    header += [_("Still maturing")] if chart.maturing_from is not None else []
    rows, notes = [header], []
    for place in sorted(places):
        row = [line.name(places[place])]
        points = [by_place.get(place) for by_place, _interval in columns]
        for point, (_by_place, with_interval) in zip(points, columns, strict=True):
            row += _cells(chart, point)[: 3 if with_interval else 1]
        if chart.maturing_from is not None:
            row.append(_("yes") if chart.is_maturing(places[place]) else _("no"))
        rows.append(row)
        notes.append("; ".join(point.note for point in points if point and point.note))
    return with_notes(rows, notes)


def _cells(chart: LineChart, point: Point | None) -> list[str]:
    if point is None:
        return ["", "", ""]
    write = chart.value_format
    return [written(point.y, write, point.href), written(point.low, write), written(point.high, write)]
