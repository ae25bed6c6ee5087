"""The plot area: scales, grid lines, tick labels that never touch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .formats import ValueFormat, compact, number
from .svg import Svg, element, group, text
from .text import SMALL, text_width, truncate
from .ticks import nice_ticks
from .timeline import Tick

LABEL_GAP = 8  # least distance between two labels of the horizontal axis
_ROW_HEIGHT = 46  # a horizontal grid line about every so many pixels


@dataclass(frozen=True)
class Frame:
    """The rectangle in which the data is drawn."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(frozen=True)
class Scale:
    """Maps values from ``low`` to ``high`` onto pixels from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low
        share = (value - self.low) / span if span else 0.5
        return self.start + share * (self.end - self.start)


@dataclass(frozen=True)
class ValueAxis:
    """Ticks of the vertical axis, lowest first, with their labels."""

    ticks: Sequence[float]
    labels: Sequence[str]

    @property
    def label_width(self) -> float:
        return max(text_width(label, SMALL) for label in self.labels)

    def scale(self, frame: Frame) -> Scale:
        return Scale(self.ticks[0], self.ticks[-1], frame.bottom, frame.top)


def value_axis(
    values: Iterable[float], height: float, write: ValueFormat = number, *, from_zero: bool = True
) -> ValueAxis:
    """A vertical axis that covers ``values``; whole steps when all values are whole numbers."""
    known = list(values) or [0.0]
    low, high = min(known), max(known)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    whole = write is number and all(value == int(value) for value in known)
    ticks = nice_ticks(low, high, round(height / _ROW_HEIGHT) + 1, whole=whole)
    return ValueAxis(ticks, axis_labels(ticks, write))


def axis_labels(ticks: Sequence[float], write: ValueFormat) -> list[str]:
    """Short labels where they still differ, longer ones where they do not."""
    for form in (compact, number) if write is number else (write,):
        labels = [form(tick) for tick in ticks]
        if len(set(labels)) == len(labels):
            return labels
    return [f"{tick:.15g}" for tick in ticks] if write is number else labels


def draw_value_axis(frame: Frame, axis: ValueAxis) -> Svg:
    """Grid lines with their labels to the left of ``frame``; the line at zero is stronger."""
    scale = axis.scale(frame)
    parts = []
    for tick, label in zip(axis.ticks, axis.labels, strict=True):
        y = scale(tick)
        base = tick == 0 or (tick == axis.ticks[0] and tick > 0)
        line = f"M{frame.left:.1f} {y:.1f}H{frame.right:.1f}"
        parts.append(element("path", d=line, class_="chart-axis" if base else "chart-grid"))
        parts.append(text(label, frame.left - 8, y + 4, anchor="end", size=SMALL, class_="chart-tick"))
    return group(*parts)


@dataclass(frozen=True)
class PlacedLabel:
    """A label that found room: ``x`` is its centre."""

    x: float
    label: str
    full: str

    @property
    def left(self) -> float:
        return self.x - text_width(self.label, SMALL) / 2

    @property
    def right(self) -> float:
        return self.x + text_width(self.label, SMALL) / 2


def place_ticks(ticks: Iterable[Tick], scale: Scale, left: float, right: float) -> list[PlacedLabel]:
    """Labels centred below their ticks, pushed inside [left, right]; one that would touch is left out."""
    placed: list[PlacedLabel] = []
    for tick in ticks:
        half = text_width(tick.label, SMALL) / 2
        x = min(max(scale(tick.position), left + half), right - half)
        if x - half >= (placed[-1].right + LABEL_GAP if placed else left):
            placed.append(PlacedLabel(x, tick.label, tick.label))
    return placed


def place_categories(names: Sequence[str], frame: Frame, left: float, right: float) -> list[PlacedLabel]:
    """Labels centred below the equal slots of ``frame``, kept within [left, right].

    When not all fit in full, they are cut while at least 48 pixels remain for each; with less, only every
    n-th is shown, in up to 80 pixels.
    """
    slot = frame.width / len(names)
    widest = max(text_width(name, SMALL) for name in names)
    step = 1
    while step < len(names) and slot * step - LABEL_GAP < min(widest, 48 if step == 1 else 80):
        step += 1
    placed: list[PlacedLabel] = []
    for index in range(0, len(names), step):
        label = truncate(names[index], slot * step - LABEL_GAP, SMALL)
        half = text_width(label, SMALL) / 2
        x = frame.left + slot * (index + 0.5)
        x = min(max(x, left + half), right - half)
        if label and (not placed or x - half >= placed[-1].right + LABEL_GAP / 2):
            placed.append(PlacedLabel(x, label, names[index]))
    return placed


def draw_labels(placed: Iterable[PlacedLabel], y: float) -> Svg:
    """The labels of the horizontal axis with their baseline at ``y``."""
    return group(
        *(
            text(item.label, item.x, y, full=item.full, anchor="middle", size=SMALL, class_="chart-tick")
            for item in placed
        )
    )
