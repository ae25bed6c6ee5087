"""A progress bar: how much of a known whole."""

from dataclasses import dataclass

from .chart import Chart, Table, chart_key, checked_width, data_table, draw
from .checks import Number, finite, optional_finite
from .formats import ValueFormat, number, percent, written
from .marks import hatch, used_patterns
from .svg import Svg, document, element, text
from .text import SMALL, text_width
from .words import _

_TRACK = 8


@dataclass(frozen=True, kw_only=True)
class ProgressBar(Chart):
    """``value`` of ``maximum``: a long job, usage against a limit. None for what is not known yet.

    Above the maximum the bar is full and its end hatched. ``show_value`` writes "34 of 50 (68%)" above it.
    """

    value: Number | None
    maximum: Number
    value_format: ValueFormat = number
    show_value: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        value = optional_finite(self.value, "The value of the progress bar")
        if finite(self.maximum, "The maximum of the progress bar") <= 0:
            raise ValueError(f"The maximum is {self.maximum}. Give one above zero, or no bar at all.")
        if value is not None and value < 0:
            raise ValueError(f"The value of the progress bar is {value}, below zero.")

    def words(self) -> str:
        """34 of 50 (68%)."""
        if self.value is None:
            return self.empty_text or _("No data yet")
        value, maximum = float(self.value), float(self.maximum)
        return _("{value} of {maximum} ({share})").format(
            value=self.value_format(value), maximum=self.value_format(maximum), share=percent(value / maximum)
        )


@draw.register
def progress_bar(chart: ProgressBar, *, width: int = 240) -> Svg:
    """Draw a ProgressBar."""
    checked_width(width, least=60)
    key = chart_key(chart, width)
    top = 18.0 if chart.show_value else 2.0
    share = 0.0 if chart.value is None else float(chart.value) / float(chart.maximum)
    body = [element("rect", x=0, y=top, width=width, height=_TRACK, rx=_TRACK / 2, class_="chart-track")]
    if share > 0:
        filled = max(min(share, 1.0) * width, min(_TRACK, width))
        body.append(
            element(
                "rect",
                x=0,
                y=top,
                width=filled,
                height=_TRACK,
                rx=_TRACK / 2,
                class_="chart-bar chart-fill-1",
            )
        )
    if share > 1:
        limit = width / share  # the hatched part is what goes beyond the maximum
        body.append(hatch(key, limit, top, width - limit, _TRACK, rx=_TRACK / 2))
        body.append(element("path", d=f"M{limit:.1f} {top - 2:.1f}v{_TRACK + 4}", class_="chart-limit"))
    if chart.show_value:
        fits = text_width(chart.words(), SMALL) <= width
        shown = chart.words() if fits or chart.value is None else percent(share)
        body.append(text(shown, 0, 12, full=chart.words(), room=width, size=SMALL, class_="chart-value"))
    return document(
        [used_patterns(key, body), *body],
        key=key,
        kind="progress",
        title=chart.title,
        summary=chart.summary or chart.words(),
        width=width,
        height=top + _TRACK + 4,
    )


@data_table.register
def progress_table(chart: ProgressBar) -> Table:
    """Value, maximum and share."""
    value = written(chart.value, chart.value_format)
    share = "" if chart.value is None else percent(float(chart.value) / float(chart.maximum))
    return [[_("Value"), _("Maximum"), _("Share")], [value, chart.value_format(float(chart.maximum)), share]]
