"""How many come how far: a bar per stage, and between stages what share went on."""

from collections.abc import Sequence
from dataclasses import dataclass

from .chart import MEDIUM, Chart, Table, chart_key, checked_width, data_table, draw, empty_drawing, with_notes
from .checks import Number, not_negative, safe_href
from .formats import ValueFormat, number, percent, written
from .svg import Svg, document, element, hover, join, text
from .text import SIZE, SMALL, text_width
from .words import _

_STAGE = 66  # from one stage to the next
_BAR = 22


@dataclass(frozen=True)
class Stage:
    """``count`` subjects that got here."""

    label: str
    count: Number
    href: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        not_negative(self.count, f"The count of {self.label!r}")
        safe_href(self.href)


@dataclass(frozen=True, kw_only=True)
class Funnel(Chart):
    """Stages from first to last. A later stage may be larger than an earlier one: then it says so."""

    stages: Sequence[Stage]
    value_format: ValueFormat = number
    stage_name: str = ""
    count_name: str = ""


@draw.register
def funnel(chart: Funnel, *, width: int = MEDIUM) -> Svg:
    """Draw a Funnel: label and count above each bar, bars proportional to the largest stage."""
    checked_width(width)
    if not any(float(stage.count) for stage in chart.stages):
        return empty_drawing(chart, "funnel", width)
    largest = max(float(stage.count) for stage in chart.stages)
    body = []
    for index, stage in enumerate(chart.stages):
        top = index * _STAGE + 2
        body.append(_stage(chart, index, top, width, float(stage.count) / largest))
        if index + 1 < len(chart.stages):
            went_on = f"↓ {_passage(chart, index + 1)}"
            y = top + _STAGE - 7
            body.append(text(went_on, 2, y, room=width - 4, size=SMALL, class_="chart-note"))
    return document(
        body,
        key=chart_key(chart, width),
        kind="funnel",
        title=chart.title,
        summary=chart.summary or _summarise(chart),
        width=width,
        height=len(chart.stages) * _STAGE - (_STAGE - 22 - _BAR) + 4,
    )


def _share(part: float, whole: float) -> str:
    return percent(part / whole) if whole else "–"


def _passage(chart: Funnel, index: int) -> str:
    """ "27.1% went on, 82,824 did not", or how many more there are than before."""
    before, after = float(chart.stages[index - 1].count), float(chart.stages[index].count)
    if after > before:
        return _("{count} more than the stage before").format(count=chart.value_format(after - before))
    return _("{share} went on, {count} did not").format(
        share=_share(after, before), count=chart.value_format(before - after)
    )


def _stage(chart: Funnel, index: int, top: float, width: int, share: float) -> Svg:
    stage = chart.stages[index]
    count = chart.value_format(float(stage.count))
    of_first = _share(float(stage.count), float(chart.stages[0].count))
    right = f" {of_first}" if index else ""
    share_width = text_width(right, SMALL) + 4 if right else 0
    room = width - share_width - text_width(count, bold=True) - 16
    track = {"x": 0, "y": top + 20, "height": _BAR, "rx": 3}
    bars = [
        element("rect", **track, width=width, class_="chart-track"),
        element("rect", **track, width=share * width, class_="chart-bar chart-fill-1"),
    ]
    words = [
        text(stage.label, 2, top + 13, room=room),
        text(count, width - 2 - share_width, top + 13, anchor="end", size=SIZE, class_="chart-strong"),
    ]
    if right:
        words.append(text(right, width - 2, top + 13, anchor="end", size=SMALL, class_="chart-note"))
    lines = [f"{stage.label}: {count}"]
    lines += [_("{share} of the first stage").format(share=of_first)] if index else []
    lines += [stage.note] if stage.note else []
    return join([*words, hover("\n".join(lines), *bars, href=stage.href)])


def _summarise(chart: Funnel) -> str:
    words = ", ".join(f"{stage.label} {chart.value_format(float(stage.count))}" for stage in chart.stages)
    whole = _share(float(chart.stages[-1].count), float(chart.stages[0].count))
    if len(chart.stages) < 2:
        return f"{words}."
    return f"{words}. " + _("{share} of the first stage reach the last.").format(share=whole)


@data_table.register
def funnel_table(chart: Funnel) -> Table:
    """Stage, count, share of the stage before, share of the first."""
    header = [
        chart.stage_name or _("Stage"),
        chart.count_name or _("Count"),
        _("Of the stage before"),
        _("Of the first stage"),
    ]
    rows = [header]
    for index, stage in enumerate(chart.stages):
        count = float(stage.count)
        before = _share(count, float(chart.stages[index - 1].count)) if index else ""
        first = _share(count, float(chart.stages[0].count)) if index else ""
        rows.append([stage.label, written(count, chart.value_format, stage.href), before, first])
    return with_notes(rows, [stage.note for stage in chart.stages])
