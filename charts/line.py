"""Lines over dates or numbers, with interval bands, a still maturing tail, annotations and references."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .chart import MEDIUM, ROOMY, chart_key, checked_width, draw, empty_drawing
from .legend import LINE_HEIGHT, EndLabel, draw_end_labels, draw_legend, line_swatch
from .marks import colour, dash, hatch, marker, used_patterns
from .notes import Note
from .plot import EDGE, Plot, draw_references, fallback_tick, lay_out, tail_for
from .series import LineChart, Point, Series, describe_point, summarise_line
from .svg import Svg, document, element, hover, join, text
from .text import SMALL, text_width
from .words import _

_HEIGHT = 200
_CLOSEST = 3  # pixels between two places of the pointer that show different values
_FEW = 31  # up to so many points each keeps its own marker in a maturing tail


@dataclass(frozen=True)
class Spot:
    """A point in pixels."""

    x: float
    y: float
    point: Point
    maturing: bool


@draw.register
def line_chart(chart: LineChart, *, width: int = MEDIUM) -> Svg:
    """Draw a LineChart. Series are told apart by dash, marker and their name at the end of the line."""
    checked_width(width)
    if not any(point.y is not None for series in chart.series for point in series.points):
        return empty_drawing(chart, "line", width)
    shown = [series for series in chart.series if any(point.y is not None for point in series.points)]
    key = chart_key(chart, width)
    head, at_end = _head(shown, width)
    plot = _plot(chart, shown, width, head[1], at_end)
    runs = [_runs(chart, series, plot) for series in shown]
    body = [*head[0], *plot.surroundings(), *_maturing_area(chart, plot, key)]
    for index, series_runs in enumerate(runs):
        body += [_band(index, run, plot) for run in series_runs if len(run) > 1]
    for index, series_runs in enumerate(runs):
        body += _line(index, series_runs, many=len(shown) > 1)
    body += [draw_references(chart.references, plot)] if chart.references else []
    if at_end:
        body += _end_labels(chart, shown, runs, plot, width)
    body += [*plot.drawn_notes(), *_pointer(chart, shown, runs, plot), *_linked_points(chart, shown, runs)]
    return document(
        [used_patterns(key, body), *body],
        key=key,
        kind="line",
        title=chart.title,
        summary=chart.summary or summarise_line(chart),
        width=width,
        height=plot.height,
    )


def _head(shown: Sequence[Series], width: int) -> tuple[tuple[list[Svg], float], bool]:
    """The legend and its height, and whether names stand at the ends of the lines instead."""
    if len(shown) == 1 or (width >= ROOMY and len(shown) * LINE_HEIGHT <= _HEIGHT):
        return ([], 0.0), True
    return draw_legend([series.name for series in shown], line_swatch, 2, width - 2), False


def _plot(chart: LineChart, shown: Sequence[Series], width: int, head: float, at_end: bool) -> Plot:
    line = chart.line()
    points = [point for series in shown for point in series.points]
    places = [line.position(point.x) for point in points]
    values = [
        float(value) for point in points for value in (point.y, point.low, point.high) if value is not None
    ]
    values += [float(reference.value) for reference in chart.references]
    notes = [
        Note(line.position(note.x), note.label, f"{line.name(note.x)}: {note.label}", note.href)
        for note in chart.annotations
    ]
    tail: float = EDGE
    if at_end:
        tail = _tail(chart, shown, width)
    if chart.maturing_from is not None:
        start = max(line.position(chart.maturing_from), min(places))
        since = f"{_('Still maturing from')} {line.name(chart.maturing_from)}"
        notes.append(Note(start, _("Still maturing"), since, kind="maturing-start"))
    plot = lay_out(
        width=width,
        height=_HEIGHT,
        values=values,
        write=chart.value_format,
        line=line,
        ends=(min(places), max(places)),
        notes=notes,
        head=head,
        tail=tail,
        from_zero=chart.from_zero,
    )
    return fallback_tick(plot, places[0], line.name(points[0].x), width)


def _tail(chart: LineChart, shown: Sequence[Series], width: int) -> float:
    """Room for the last value, or for names and last values."""
    values = [_last_value(chart, series) for series in shown]
    if len(shown) == 1:
        return text_width(values[0], bold=True) + 13
    return tail_for([series.name for series in shown], values, width)


def _last_value(chart: LineChart, series: Series) -> str:
    return chart.value_format([float(point.y) for point in series.points if point.y is not None][-1])


def _runs(chart: LineChart, series: Series, plot: Plot) -> list[list[Spot]]:
    """The series in pixels, cut at its gaps."""
    line = chart.line()
    runs: list[list[Spot]] = [[]]
    for point in series.points:
        if point.y is None:
            runs.append([])
            continue
        x, y = plot.x(line.position(point.x)), plot.y(float(point.y))
        runs[-1].append(Spot(x, y, point, chart.is_maturing(point.x)))
    return [run for run in runs if run]


def _path(spots: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)


def _maturing_area(chart: LineChart, plot: Plot, key: str) -> list[Svg]:
    """Hatched ground, and the words for it near the axis if they found no place on top."""
    if chart.maturing_from is None:
        return []
    frame = plot.frame
    start = max(plot.x(chart.line().position(chart.maturing_from)), frame.left)
    if start >= frame.right:
        return []
    parts = [hatch(key, start, frame.top, frame.right - start, frame.height, name="area")]
    if any(item.note.kind == "maturing-start" and item.row is None for item in plot.notes):
        words, y = _("Still maturing"), frame.bottom - 6
        parts.append(
            text(words, frame.right - 2, y, anchor="end", size=SMALL, class_="chart-note chart-halo")
        )
    return parts


def _band(index: int, run: Sequence[Spot], plot: Plot) -> Svg:
    """The area between the interval ends of a run."""
    known = [spot for spot in run if spot.point.low is not None and spot.point.high is not None]
    if len(known) < 2:
        return Svg("")
    upper = [(spot.x, plot.y(float(spot.point.high or 0))) for spot in known]
    lower = [(spot.x, plot.y(float(spot.point.low or 0))) for spot in reversed(known)]
    return element(
        "path", d=_path([*upper, *lower]) + "Z", class_=f"chart-band-area chart-fill-{colour(index)}"
    )


def _line(index: int, runs: Sequence[Sequence[Spot]], *, many: bool) -> list[Svg]:
    """The line, solid or dashed up to what is still maturing, dotted after it, and its markers."""
    parts = []
    stroke = f"chart-line chart-stroke-{colour(index)}"
    for run in runs:
        first_open = next((i for i, spot in enumerate(run) if spot.maturing), len(run))
        sure, tail = run[:first_open], run[max(first_open - 1, 0) :]
        if len(sure) > 1:
            path = _path((spot.x, spot.y) for spot in sure)
            parts.append(element("path", d=path, stroke_dasharray=dash(index), class_=stroke))
        if len(tail) > 1 and first_open < len(run):
            path = _path((spot.x, spot.y) for spot in tail)
            parts.append(element("path", d=path, stroke_dasharray="1 4", class_=f"{stroke} chart-tail"))
    spots = [spot for run in runs for spot in run]
    every = max(2, round(len(spots) / 6)) if many else 0
    alone = {id(run[0]) for run in runs if len(run) == 1}
    for i, spot in enumerate(spots):
        open_point = spot.maturing and len(spots) <= _FEW
        if i == len(spots) - 1 or (every and i % every == every // 2) or open_point or id(spot) in alone:
            parts.append(marker(index, spot.x, spot.y, hollow=spot.maturing))
    return parts


def _end_labels(
    chart: LineChart, shown: Sequence[Series], runs: Sequence[list[list[Spot]]], plot: Plot, width: int
) -> list[Svg]:
    if len(shown) == 1:
        last = runs[0][-1][-1]
        value = _last_value(chart, shown[0])
        return [text(value, last.x + 9, last.y + 4, class_="chart-strong chart-halo")]
    frame = plot.frame
    labels = []
    for index, (series, series_runs) in enumerate(zip(shown, runs, strict=True)):
        last = series_runs[-1][-1]
        labels.append(EndLabel(index, last.x, last.y, series.name, _last_value(chart, series)))
    return draw_end_labels(labels, frame.right + 8, width - 2, frame.top + 4, frame.bottom)


def _pointer(
    chart: LineChart, shown: Sequence[Series], runs: Sequence[list[list[Spot]]], plot: Plot
) -> list[Svg]:
    """Invisible strips, one per place, that show all values of the place under the pointer."""
    at: dict[float, list[tuple[int, Spot]]] = {}
    for index, series_runs in enumerate(runs):
        for spot in (spot for run in series_runs for spot in run):
            at.setdefault(spot.x, []).append((index, spot))
    places: list[float] = []
    for x in sorted(at):
        if not places or x - places[-1] >= _CLOSEST:
            places.append(x)
    strips = []
    frame = plot.frame
    for i, x in enumerate(places):
        left = (places[i - 1] + x) / 2 if i else frame.left
        right = (x + places[i + 1]) / 2 if i + 1 < len(places) else frame.right + 6
        found = at[x]
        tips = [chart.line().name(found[0][1].point.x)]
        tips += [describe_point(chart, shown[index].name, spot.point) for index, spot in found]
        strip = element(
            "rect", x=left, y=frame.top, width=right - left, height=frame.height, class_="chart-hit"
        )
        cross = element("path", d=f"M{x:.1f} {frame.top:.1f}V{frame.bottom:.1f}", class_="chart-crosshair")
        dots = [marker(index, spot.x, spot.y) for index, spot in found]
        href = found[0][1].point.href if len(shown) == 1 else ""
        strips.append(
            hover("\n".join(tips), strip, cross, element("g", *dots, class_="chart-dots"), href=href)
        )
    return strips


def _linked_points(chart: LineChart, shown: Sequence[Series], runs: Sequence[list[list[Spot]]]) -> list[Svg]:
    """With several series a strip cannot be a link, so each point with a link is its own target."""
    if len(shown) == 1:
        return []
    parts = []
    for index, (series, series_runs) in enumerate(zip(shown, runs, strict=True)):
        for spot in (spot for run in series_runs for spot in run if spot.point.href):
            tip = f"{chart.line().name(spot.point.x)}\n{describe_point(chart, series.name, spot.point)}"
            target = element("circle", cx=spot.x, cy=spot.y, r=8, class_="chart-hit")
            dot = element("g", marker(index, spot.x, spot.y), class_="chart-dots")
            parts.append(hover(tip, target, dot, href=spot.point.href))
    return [join(parts)]
