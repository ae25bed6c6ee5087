"""A value that holds until it changes, above all a score over time, against its bands."""

from collections.abc import Sequence
from dataclasses import dataclass

from .bands import ScoreBand, edges, ordered
from .chart import MEDIUM, Chart, Table, chart_key, checked_width, data_table, draw, empty_drawing, with_notes
from .checks import Number, finite, safe_href
from .formats import ValueFormat, number, written
from .marks import marker
from .notes import Annotation, Note, check_annotations
from .plot import Plot, fallback_tick, lay_out
from .svg import Svg, document, element, hover, text
from .text import SMALL, text_width
from .timeline import Line, X, line_for
from .words import _

_HEIGHT = 190
_FEW = 60  # up to so many steps each change keeps its dot


@dataclass(frozen=True)
class Step:
    """From ``x`` on the value is ``value``; ``note`` says why it changed."""

    x: X
    value: Number
    href: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        finite(self.value, f"The value at {self.x}")
        safe_href(self.href)


@dataclass(frozen=True, kw_only=True)
class StepChart(Chart):
    """``steps`` in order; the last value holds until ``until`` (the moment of the report).

    Of several changes at the same place all are drawn, and the last one holds.
    """

    steps: Sequence[Step]
    until: X | None = None
    bands: Sequence[ScoreBand] = ()
    annotations: Sequence[Annotation] = ()
    value_format: ValueFormat = number
    x_name: str = ""
    value_name: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        line = self.line()
        places = [line.position(step.x) for step in self.steps]
        places += [line.position(self.until)] if self.until is not None else []
        if places != sorted(places):
            raise ValueError("Steps must be in the order of their places, and ``until`` not before the last.")
        for annotation in self.annotations:
            line.position(annotation.x)
        check_annotations(self.annotations)

    def line(self) -> Line:
        return line_for(step.x for step in self.steps)

    def band_at(self, value: Number) -> str:
        """Name of the band that ``value`` lies in, "" outside of all."""
        for band, _tint in ordered(self.bands):
            if (band.low is None or value >= band.low) and (band.high is None or value < band.high):
                return band.name
        return ""


@draw.register
def step_chart(chart: StepChart, *, width: int = MEDIUM) -> Svg:
    """Draw a StepChart: tinted bands with their names, the line, a dot at each change."""
    checked_width(width)
    if not chart.steps:
        return empty_drawing(chart, "step", width)
    plot = _plot(chart, width)
    body = [*_bands(chart, plot), *plot.surroundings(), _staircase(chart, plot)]
    value = float(chart.steps[-1].value)
    body.append(
        text(chart.value_format(value), plot.frame.right + 8, plot.y(value) + 4, class_="chart-strong")
    )
    body += [*_band_names(chart, plot), *plot.drawn_notes(), *_changes(chart, plot)]
    return document(
        body,
        key=chart_key(chart, width),
        kind="step",
        title=chart.title,
        summary=chart.summary or _summarise(chart),
        width=width,
        height=plot.height,
    )


def _plot(chart: StepChart, width: int) -> Plot:
    line = chart.line()
    first = line.position(chart.steps[0].x)
    last = line.position(chart.steps[-1].x if chart.until is None else chart.until)
    notes = [
        Note(line.position(note.x), note.label, f"{line.name(note.x)}: {note.label}", note.href)
        for note in chart.annotations
    ]
    value = chart.value_format(float(chart.steps[-1].value))
    plot = lay_out(
        width=width,
        height=_HEIGHT,
        values=[float(step.value) for step in chart.steps] + edges(chart.bands),
        write=chart.value_format,
        line=line,
        ends=(first, last),
        notes=notes,
        tail=text_width(value, bold=True) + 14,
    )
    return fallback_tick(plot, first, line.name(chart.steps[0].x), width)


def _bands(chart: StepChart, plot: Plot) -> list[Svg]:
    """Tinted stripes with a dashed line where a band starts."""
    frame = plot.frame
    parts = []
    for band, tint in ordered(chart.bands):
        low, high = band.within(plot.y.low, plot.y.high)
        if low >= high:
            continue
        top, bottom = plot.y(high), plot.y(low)
        size = {"x": frame.left, "y": top, "width": frame.width, "height": bottom - top}
        parts.append(element("rect", **size, class_=tint))
        if band.low is not None and low > plot.y.low:
            path = f"M{frame.left:.1f} {bottom:.1f}H{frame.right:.1f}"
            parts.append(element("path", d=path, class_="chart-reference"))
    return parts


def _band_names(chart: StepChart, plot: Plot) -> list[Svg]:
    """At the left, inside the stripe, if it is high enough; over the line, with a rim, to stay readable."""
    frame = plot.frame
    parts = []
    for band, _tint in ordered(chart.bands):
        low, high = band.within(plot.y.low, plot.y.high)
        top, bottom = plot.y(high), plot.y(low)
        if bottom - top >= SMALL + 4:
            parts.append(
                text(band.name, frame.left + 6, top + SMALL + 2, room=frame.width / 2, size=SMALL,
                     class_="chart-note chart-halo")
            )  # fmt: skip
    return parts


def _staircase(chart: StepChart, plot: Plot) -> Svg:
    line = chart.line()
    x, y = plot.x(line.position(chart.steps[0].x)), plot.y(float(chart.steps[0].value))
    path = f"M{x:.1f} {y:.1f}"
    for step in chart.steps[1:]:
        path += f"H{plot.x(line.position(step.x)):.1f}V{plot.y(float(step.value)):.1f}"
    path += f"H{plot.frame.right:.1f}"
    return element("path", d=path, class_="chart-line chart-stroke-1")


def describe_step(chart: StepChart, step: Step) -> str:
    """When, how much, which band, why."""
    band = chart.band_at(step.value)
    words = f"{chart.line().name(step.x)}\n{chart.value_format(float(step.value))}"
    words += f" ({band})" if band else ""
    return f"{words}\n{step.note}" if step.note else words


def _changes(chart: StepChart, plot: Plot) -> list[Svg]:
    """A strip from each change to the next one shows the value that held."""
    line, frame = chart.line(), plot.frame
    few = len(chart.steps) <= _FEW
    parts = []
    for index, step in enumerate(chart.steps):
        x, y = plot.x(line.position(step.x)), plot.y(float(step.value))
        following = chart.steps[index + 1] if index + 1 < len(chart.steps) else None
        end = plot.x(line.position(following.x)) if following else frame.right
        strip = element(
            "rect", x=x - 3, y=frame.top, width=max(end - x, 6), height=frame.height, class_="chart-hit"
        )  # fmt: skip
        dot = marker(0, x, y, size=2.6)
        shapes = [strip, dot if few else element("g", dot, class_="chart-dots")]
        held = element("path", d=f"M{x:.1f} {y:.1f}H{max(end, x):.1f}", class_="chart-held chart-stroke-1")
        parts.append(hover(describe_step(chart, step), *shapes, held, href=step.href))
    return parts


def _summarise(chart: StepChart) -> str:
    line, write = chart.line(), chart.value_format
    first, last = chart.steps[0], chart.steps[-1]
    high = max(chart.steps, key=lambda step: step.value)
    words = _("From {first} ({first_x}) to {last} ({last_x}), highest {high} ({high_x}).").format(
        first=write(float(first.value)),
        first_x=line.name(first.x),
        last=write(float(last.value)),
        last_x=line.name(last.x),
        high=write(float(high.value)),
        high_x=line.name(high.x),
    )
    band = chart.band_at(last.value)
    now = f" {_('Now in band {band}.').format(band=band)}" if band else ""
    return words + now + "".join(f" {line.name(note.x)}: {note.label}." for note in chart.annotations)


@data_table.register
def step_table(chart: StepChart) -> Table:
    """One row per change: when, value, band, note."""
    line = chart.line()
    header = [chart.x_name or _("From"), chart.value_name or _("Value")]
    header += [_("Band")] if chart.bands else []
    rows = [header]
    for step in chart.steps:
        row = [line.name(step.x), written(step.value, chart.value_format, step.href)]
        rows.append([*row, chart.band_at(step.value)] if chart.bands else row)
    return with_notes(rows, [step.note for step in chart.steps])
