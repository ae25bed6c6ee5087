"""Names of series: at the end of their lines where there is room, in a legend above the plot otherwise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .marks import bar, colour, dash, marker
from .svg import Svg, element, group, text
from .text import SIZE, text_width, truncate

LINE_HEIGHT = 16
_SWATCH = 26  # swatch and the gap to its name


Swatch = Callable[[int, float, float], Svg]


def line_swatch(index: int, x: float, y: float) -> Svg:
    """A short piece of the line at ``index`` with its marker, centred on ``y``."""
    stroke = element(
        "path",
        d=f"M{x:.1f} {y:.1f}h18",
        stroke_dasharray=dash(index),
        class_=f"chart-line chart-stroke-{colour(index)}",
    )
    return group(stroke, marker(index, x + 9, y, size=3))


def bar_swatch(key: str) -> Swatch:
    def draw(index: int, x: float, y: float) -> Svg:
        return bar(key, index, x + 4, y - 6, 12, 12, rx=2)

    return draw


def draw_legend(names: Sequence[str], swatch: Swatch, left: float, right: float) -> tuple[list[Svg], float]:
    """The legend from y = 0 down, wrapped between ``left`` and ``right``, and its height."""
    parts: list[Svg] = []
    x, y = left, LINE_HEIGHT / 2
    for index, name in enumerate(names):
        label = truncate(name, right - left - _SWATCH, SIZE)
        width = _SWATCH + text_width(label, SIZE)
        if x > left and x + width > right:
            x, y = left, y + LINE_HEIGHT + 2
        parts.append(swatch(index, x, y))
        parts.append(text(label, x + _SWATCH - 2, y + 4, full=name))
        x += width + 14
    return parts, y + LINE_HEIGHT / 2 + 8


@dataclass(frozen=True)
class EndLabel:
    """A label for the line at ``index``, which ends at (``x``, ``y``)."""

    index: int
    x: float
    y: float
    name: str
    value: str


def spread(wanted: Sequence[float], gap: float, top: float, bottom: float) -> list[float]:
    """Places in the order of ``wanted``, at least ``gap`` apart, moved as little as the order allows.

    The places stay within [top, bottom] when they fit there.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    places = [0.0] * len(wanted)
    lowest = top
    for index in order:
        places[index] = max(wanted[index], lowest)
        lowest = places[index] + gap
    highest = bottom
    for index in reversed(order):
        places[index] = min(places[index], highest)
        highest = places[index] - gap
    return places


def draw_end_labels(
    labels: Sequence[EndLabel], x: float, right: float, top: float, bottom: float
) -> list[Svg]:
    """Each line's marker, name and last value from ``x`` on, level with its end or as near as possible."""
    places = spread([label.y for label in labels], LINE_HEIGHT, top, bottom)
    start = x + 18
    parts = []
    for label, y in zip(labels, places, strict=True):
        if abs(y - label.y) > 1 or x - label.x > 12:
            leader = f"M{label.x + 5:.1f} {label.y:.1f}L{x + 5:.1f} {y:.1f}"
            parts.append(element("path", d=leader, class_="chart-leader"))
        parts.append(marker(label.index, x + 9, y, size=3))
        value_width = text_width(label.value, bold=True) + 6
        name = truncate(label.name, right - start - value_width)
        parts.append(text(name, start, y + 4, full=label.name))
        after = start + (text_width(name) + 6 if name else 0)
        parts.append(text(label.value, after, y + 4, class_="chart-strong"))
    return parts
