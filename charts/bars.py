"""Vertical bars by category: one series, several side by side, or stacked."""

from collections.abc import Sequence
from dataclasses import dataclass

from .axis import Frame, Scale, draw_labels, draw_value_axis, place_categories, value_axis
from .chart import MEDIUM, Chart, Table, chart_key, checked_width, data_table, draw, empty_drawing, with_notes
from .checks import Number, optional_finite, safe_href
from .formats import ValueFormat, number, written
from .legend import bar_swatch, draw_legend
from .marks import bar, used_patterns
from .plot import EDGE, FOOT
from .svg import Svg, document, element, hover, text
from .text import SMALL, text_width
from .words import _

_HEIGHT = 200
_WIDEST = 56  # a bar is no wider than this, however few there are


@dataclass(frozen=True)
class Bar:
    """A value of one category; None leaves the place empty."""

    value: Number | None
    href: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        optional_finite(self.value, "The value of a bar")
        safe_href(self.href)


@dataclass(frozen=True)
class BarSeries:
    """A named row of bars, one for each category of the chart."""

    name: str
    bars: Sequence[Bar]


@dataclass(frozen=True, kw_only=True)
class BarChart(Chart):
    """Bars over ``categories``. ``stacked`` puts the series on top of each other (negatives downwards)."""

    categories: Sequence[str]
    series: Sequence[BarSeries]
    stacked: bool = False
    value_format: ValueFormat = number
    category_name: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        for series in self.series:
            if len(series.bars) != len(self.categories):
                raise ValueError(
                    f"{series.name!r} has {len(series.bars)} bars for {len(self.categories)} categories. "
                    "Give one for each; Bar(None) where there is no value."
                )


@dataclass(frozen=True)
class _Box:
    """A bar in pixels, with its place in the data."""

    series: int
    category: int
    x: float
    width: float
    top: float
    bottom: float


@draw.register
def bar_chart(chart: BarChart, *, width: int = MEDIUM) -> Svg:
    """Draw a BarChart. Values stand above the bars when all of them fit."""
    checked_width(width)
    if not any(item.value is not None for series in chart.series for item in series.bars):
        return empty_drawing(chart, "bars", width)
    key = chart_key(chart, width)
    legend: list[Svg] = []
    head = 0.0
    if len(chart.series) > 1:
        legend, head = draw_legend([series.name for series in chart.series], bar_swatch(key), 2, width - 2)
    axis = value_axis(_extremes(chart), _HEIGHT, chart.value_format)
    top = head + EDGE + 12  # room for a value above the highest bar
    frame = Frame(axis.label_width + 12, top, width - EDGE, top + _HEIGHT)
    scale = axis.scale(frame)
    boxes = _boxes(chart, frame, scale)
    body = [*legend, draw_value_axis(frame, axis)]
    body += [_slot(chart, index, boxes, frame, key) for index in range(len(chart.categories))]
    body += _value_labels(chart, boxes, frame, scale)
    body.append(draw_labels(place_categories(chart.categories, frame, 2, width - 2), frame.bottom + 18))
    return document(
        [used_patterns(key, body), *body],
        key=key,
        kind="bars",
        title=chart.title,
        summary=chart.summary or summarise_bars(chart),
        width=width,
        height=frame.bottom + FOOT,
    )


def _values(chart: BarChart, category: int) -> list[float]:
    return [float(series.bars[category].value or 0) for series in chart.series]


def _extremes(chart: BarChart) -> list[float]:
    """What the axis must cover: single values, or the sums of what is stacked up and down."""
    found = []
    for category in range(len(chart.categories)):
        values = _values(chart, category)
        if chart.stacked:
            found += [
                sum(value for value in values if value > 0),
                sum(value for value in values if value < 0),
            ]
        else:
            found += values
    return found


def _boxes(chart: BarChart, frame: Frame, scale: Scale) -> list[_Box]:
    slot = frame.width / len(chart.categories)
    columns = 1 if chart.stacked else len(chart.series)
    gap = 2.0 if columns > 1 and slot > columns * 6 else 0.0
    bar_width = min((slot * 0.72 - gap * (columns - 1)) / columns, _WIDEST)
    start = (slot - bar_width * columns - gap * (columns - 1)) / 2
    boxes = []
    for category in range(len(chart.categories)):
        up = down = 0.0
        for index, series in enumerate(chart.series):
            raw = series.bars[category].value
            if raw is None:
                continue
            value = float(raw)
            base = (up if value >= 0 else down) if chart.stacked else 0.0
            if value >= 0:
                up = base + value
            else:
                down = base + value
            column = 0 if chart.stacked else index
            x = frame.left + slot * category + start + column * (bar_width + gap)
            ends = sorted((scale(base), scale(base + value)))
            boxes.append(_Box(index, category, x, bar_width, ends[0], ends[1]))
    return boxes


def describe_bar(chart: BarChart, series: int, category: int) -> str:
    item = chart.series[series].bars[category]
    value = _("no value") if item.value is None else chart.value_format(float(item.value))
    name = f"{chart.series[series].name}: " if len(chart.series) > 1 else ""
    return f"{name}{value}, {item.note}" if item.note else f"{name}{value}"


def _slot(chart: BarChart, category: int, boxes: Sequence[_Box], frame: Frame, key: str) -> Svg:
    """The bars of a category; the whole slot shows all its values, a bar with a link leads to its rows."""
    slot = frame.width / len(chart.categories)
    x = frame.left + slot * category
    hit = element("rect", x=x, y=frame.top, width=slot, height=frame.height, class_="chart-hit chart-slot")
    lines = [chart.categories[category]]
    lines += [describe_bar(chart, index, category) for index in range(len(chart.series))]
    shapes: list[Svg] = []
    for box in (box for box in boxes if box.category == category):
        href = chart.series[box.series].bars[category].href
        height = box.bottom - box.top
        rounding = 0 if chart.stacked else min(2.5, height / 2)
        shape = bar(key, box.series, box.x, box.top, box.width, height, rx=rounding)
        if href:
            tip = f"{chart.categories[category]}\n{describe_bar(chart, box.series, category)}"
            shape = hover(tip, shape, href=href, class_="chart-item")
        shapes.append(shape)
    return hover("\n".join(lines), hit, *shapes)


def _value_labels(chart: BarChart, boxes: Sequence[_Box], frame: Frame, scale: Scale) -> list[Svg]:
    """A value at the end of each bar (of each stack), when every one fits beside its neighbours."""
    placed: list[tuple[str, float, float]] = []
    if chart.stacked:
        for category in range(len(chart.categories)):
            mine = [box for box in boxes if box.category == category]
            values = _values(chart, category)
            if not mine or min(values) < 0:
                return []  # a sum of ups and downs has no single end to stand at
            middle = mine[0].x + mine[0].width / 2
            placed.append((chart.value_format(sum(values)), middle, min(box.top for box in mine) - 5))
    else:
        for box in boxes:
            value = float(chart.series[box.series].bars[box.category].value or 0)
            y = box.top - 5 if value >= 0 else box.bottom + 12
            placed.append((chart.value_format(value), box.x + box.width / 2, y))
    slot = frame.width / len(chart.categories)
    room = slot - 6 if chart.stacked or len(chart.series) == 1 else boxes[0].width - 1
    lowest = frame.bottom + 2
    if any(text_width(label, SMALL) > room or y > lowest for label, _x, y in placed):
        return []
    return [
        text(label, x, y, anchor="middle", size=SMALL, class_="chart-value chart-halo")
        for label, x, y in placed
    ]


def summarise_bars(chart: BarChart) -> str:
    """Per series its total, its largest and its smallest category."""
    sentences = []
    for series in chart.series:
        pairs = zip(chart.categories, series.bars, strict=True)
        known = [(name, float(item.value)) for name, item in pairs if item.value is not None]
        if not known:
            sentences.append(f"{series.name}: {_('no data yet')}.")
            continue
        high, low = max(known, key=lambda pair: pair[1]), min(known, key=lambda pair: pair[1])
        sentences.append(
            _("{name}: highest {high} ({high_name}), lowest {low} ({low_name}).").format(
                name=series.name,
                high=chart.value_format(high[1]),
                high_name=high[0],
                low=chart.value_format(low[1]),
                low_name=low[0],
            )
        )
    return " ".join(sentences)


@data_table.register
def bar_table(chart: BarChart) -> Table:
    """One row per category, one column per series."""
    header = [chart.category_name or _("Category"), *(series.name for series in chart.series)]
    rows, notes = [header], []
    for index, category in enumerate(chart.categories):
        items = [series.bars[index] for series in chart.series]
        rows.append([category, *(written(item.value, chart.value_format, item.href) for item in items)])
        notes.append("; ".join(item.note for item in items if item.note))
    return with_notes(rows, notes)
