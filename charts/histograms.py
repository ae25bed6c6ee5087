"""Distribution of a number, above all of scores: equal bins, thresholds and bands."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .bands import ScoreBand, ordered
from .chart import MEDIUM, Chart, Table, chart_key, checked_width, data_table, draw, empty_drawing
from .checks import Number, finite, not_negative, safe_href
from .formats import ValueFormat, number, percent, written
from .notes import Note
from .plot import Plot, lay_out
from .svg import Svg, document, element, hover, text
from .text import SMALL, text_width
from .timeline import NumberLine
from .words import _

_HEIGHT = 180
_BAND_ROW = 18


@dataclass(frozen=True)
class Bin:
    """``count`` subjects from ``low`` up to, but not including, ``high``."""

    low: Number
    high: Number
    count: Number
    href: str = ""

    def __post_init__(self) -> None:
        if finite(self.low, "The start of a bin") >= finite(self.high, "The end of a bin"):
            raise ValueError(f"The bin from {self.low} to {self.high} has no width.")
        not_negative(self.count, f"The count from {self.low} to {self.high}")
        safe_href(self.href)


@dataclass(frozen=True)
class Threshold:
    """A line at a value, for instance where a version lets subjects qualify."""

    value: Number
    label: str
    href: str = ""

    def __post_init__(self) -> None:
        finite(self.value, f"The threshold {self.label!r}")
        safe_href(self.href)


@dataclass(frozen=True, kw_only=True)
class Histogram(Chart):
    """Bins of equal width in ascending order (gaps allowed), with thresholds and bands.

    The first threshold is the one that counts: bins that reach it are drawn stronger than the others.
    """

    bins: Sequence[Bin]
    thresholds: Sequence[Threshold] = ()
    bands: Sequence[ScoreBand] = ()
    value_name: str = ""
    count_name: str = ""
    value_format: ValueFormat = number

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.bins:
            return
        width = float(self.bins[0].high) - float(self.bins[0].low)
        for before, after in zip(self.bins, self.bins[1:], strict=False):
            if float(after.low) < float(before.high):
                raise ValueError(f"The bin from {after.low} overlaps the one before. Give them in order.")
            if not math.isclose(float(after.high) - float(after.low), width, rel_tol=1e-6):
                raise ValueError(
                    f"The bin from {after.low} to {after.high} differs in width from the first. "
                    "Heights are counts, so unequal bins would mislead: give equal ones."
                )


@draw.register
def histogram(chart: Histogram, *, width: int = MEDIUM) -> Svg:
    """Draw a Histogram.

    The <svg> carries data-plot-left, data-plot-right, data-value-low and data-value-high, so that a script
    can turn a pointer position into a value when a threshold is dragged.
    """
    checked_width(width)
    if not any(float(item.count) for item in chart.bins):
        return empty_drawing(chart, "histogram", width)
    plot = _plot(chart, width)
    body = [*_bands(chart, plot), *plot.surroundings()]
    body += [_bin(chart, item, plot) for item in chart.bins]
    body += plot.drawn_notes()
    return document(
        body,
        key=chart_key(chart, width),
        kind="histogram",
        title=chart.title,
        summary=chart.summary or _summarise(chart),
        width=width,
        height=plot.height,
        data={
            "data_plot_left": plot.frame.left,
            "data_plot_right": plot.frame.right,
            "data_value_low": repr(plot.x.low),
            "data_value_high": repr(plot.x.high),
        },
    )


def _plot(chart: Histogram, width: int) -> Plot:
    """The axis reaches over all bins and thresholds, so that a threshold nobody reaches is still seen."""
    thresholds = [float(item.value) for item in chart.thresholds]
    ends = (
        min(float(chart.bins[0].low), *thresholds, math.inf),
        max(float(chart.bins[-1].high), *thresholds, -math.inf),
    )
    notes = []
    for item in chart.thresholds:
        tip = f"{item.label}: {chart.value_format(float(item.value))}"
        notes.append(Note(float(item.value), tip, tip, item.href, kind="threshold"))
    head = _BAND_ROW if chart.bands else 0
    return lay_out(
        width=width,
        height=_HEIGHT,
        values=[float(item.count) for item in chart.bins],
        write=number,
        line=NumberLine(chart.value_format),
        ends=ends,
        notes=notes,
        head=head,
    )


def _bands(chart: Histogram, plot: Plot) -> list[Svg]:
    """A tint over the whole height, and the name in a row of its own at the top."""
    parts = []
    for band, tint in ordered(chart.bands):
        low, high = band.within(plot.x.low, plot.x.high)
        if low >= high:
            continue
        left, right = plot.x(low), plot.x(high)
        size = {"x": left, "y": 0, "width": right - left, "height": plot.frame.bottom}
        parts.append(element("rect", **size, class_=tint))
        if right - left >= text_width("Mmm", SMALL):
            middle, room = (left + right) / 2, right - left - 8
            parts.append(
                text(band.name, middle, 13, room=room, anchor="middle", size=SMALL, class_="chart-note")
            )
    return parts


def _range(chart: Histogram, item: Bin) -> str:
    write = chart.value_format
    return _("{low} to under {high}").format(low=write(float(item.low)), high=write(float(item.high)))


def _bin(chart: Histogram, item: Bin, plot: Plot) -> Svg:
    left, right = plot.x(float(item.low)), plot.x(float(item.high))
    gap = 0.5 if right - left > 3 else 0
    top = plot.y(float(item.count))
    frame = plot.frame
    total = sum(float(other.count) for other in chart.bins)
    share = percent(float(item.count) / total)
    tip = f"{_range(chart, item)}: {number(float(item.count))} ({share})"
    hit = element(
        "rect", x=left, y=frame.top, width=right - left, height=frame.height, class_="chart-hit chart-slot"
    )
    reached = not chart.thresholds or float(item.low) >= float(chart.thresholds[0].value)
    shape = element(
        "rect", x=left + gap, y=top, width=right - left - 2 * gap, height=frame.bottom - top,
        class_="chart-bar chart-fill-1" if reached else "chart-bar chart-below",
    )  # fmt: skip
    return hover(tip, hit, shape, href=item.href)


def count_from(chart: Histogram, value: float) -> float | None:
    """How many are at or above ``value``; None when it cuts through a bin, which would be a guess."""
    if any(float(item.low) < value < float(item.high) and float(item.count) for item in chart.bins):
        return None
    return sum(float(item.count) for item in chart.bins if float(item.low) >= value)


def _summarise(chart: Histogram) -> str:
    total = sum(float(item.count) for item in chart.bins)
    fullest = max(chart.bins, key=lambda item: float(item.count))
    sentences = [
        _("{total} in all; most, {count}, in {range}.").format(
            total=number(total), count=number(float(fullest.count)), range=_range(chart, fullest)
        )
    ]
    for item in chart.thresholds:
        value = chart.value_format(float(item.value))
        reached = count_from(chart, float(item.value))
        if reached is None:
            sentences.append(f"{item.label}: {value}.")
        else:
            sentences.append(
                _("{label}: {value}, reached by {count}.").format(
                    label=item.label, value=value, count=number(reached)
                )
            )
    return " ".join(sentences)


@data_table.register
def histogram_table(chart: Histogram) -> Table:
    """One row per bin; thresholds are in the summary."""
    header = [chart.value_name or _("Value"), chart.count_name or _("Count")]
    return [header, *([_range(chart, item), written(item.count, number, item.href)] for item in chart.bins)]
