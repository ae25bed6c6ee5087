"""The common frame of charts with two axes: margins, both axes, notes above, reference lines across."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .axis import Frame, PlacedLabel, Scale, ValueAxis, draw_labels, draw_value_axis, place_ticks, value_axis
from .checks import Number, finite
from .formats import ValueFormat
from .notes import ROW, Note, PlacedNote, draw_notes, place_notes, rows_used
from .svg import Svg, element, group, text
from .text import SMALL, text_width
from .timeline import Line, Tick

FOOT = 26  # below the plot: tick labels
EDGE = 8  # above the plot and right of it, when nothing else stands there


@dataclass(frozen=True)
class Reference:
    """A value to compare with, drawn as a dashed line across: a goal, a benchmark."""

    value: Number
    label: str

    def __post_init__(self) -> None:
        finite(self.value, f"The reference {self.label!r}")


@dataclass(frozen=True)
class Plot:
    """A laid out chart: where the data goes, and what surrounds it."""

    frame: Frame
    axis: ValueAxis
    x: Scale
    y: Scale
    labels: Sequence[PlacedLabel]
    notes: Sequence[PlacedNote]
    height: float

    def surroundings(self) -> list[Svg]:
        """Grid and labels: drawn first, below the data."""
        return [draw_value_axis(self.frame, self.axis), draw_labels(self.labels, self.frame.bottom + 18)]

    def drawn_notes(self) -> list[Svg]:
        return draw_notes(self.notes, self.frame)


def lay_out(
    *,
    width: float,
    height: float,
    values: Iterable[float],
    write: ValueFormat,
    line: Line,
    ends: tuple[float, float],
    notes: Sequence[Note] = (),
    head: float = 0,
    tail: float = EDGE,
    from_zero: bool = True,
) -> Plot:
    """Place axes and notes.

    ``height`` is that of the plot area alone; ``ends`` are the first and last position on ``line``;
    ``head`` and ``tail`` are the room to keep above and to the right. A note's ``x`` is a position on
    ``line`` here and becomes a pixel; notes outside of the ends are not part of this view.
    """
    axis = value_axis(values, height, write, from_zero=from_zero)
    left, right = axis.label_width + 12, width - tail
    x = Scale(ends[0], ends[1], left, right)
    seen = [replace(note, x=x(note.x)) for note in notes if ends[0] <= note.x <= ends[1]]
    placed = place_notes(seen, left, width - 2)
    top = head + EDGE + rows_used(placed) * ROW
    frame = Frame(left, top, right, top + height)
    ticks = line.ticks(ends[0], ends[1], right - left)
    labels = place_ticks(ticks, x, 2, width - 2)
    return Plot(frame, axis, x, axis.scale(frame), labels, placed, top + height + FOOT)


def fallback_tick(plot: Plot, position: float, name: str, width: float) -> Plot:
    """Where no round place lies within the ends (a single moment), name the place itself."""
    if plot.labels:
        return plot
    return replace(plot, labels=place_ticks([Tick(position, name)], plot.x, 2, width - 2))


def draw_references(references: Sequence[Reference], plot: Plot) -> Svg:
    """Dashed lines across, each with its label above its right end unless another label is there."""
    parts = []
    used: list[float] = []
    for reference in sorted(references, key=lambda item: -item.value):
        y = plot.y(float(reference.value))
        line = f"M{plot.frame.left:.1f} {y:.1f}H{plot.frame.right:.1f}"
        parts.append(element("title", reference.label))
        parts.append(element("path", d=line, class_="chart-reference"))
        if all(abs(y - other) > SMALL + 4 for other in used) and y - SMALL > plot.frame.top - EDGE:
            parts.append(
                text(
                    reference.label, plot.frame.right - 2, y - 5, room=plot.frame.width * 0.6,
                    anchor="end", size=SMALL, class_="chart-note chart-halo",
                )
            )  # fmt: skip
            used.append(y)
    return group(*parts)


def tail_for(names: Iterable[str], values: Iterable[str], width: float) -> float:
    """Room at the right for labels at the ends of lines: no more than 30% of the width."""
    pairs = zip(names, values, strict=True)
    widest = max(text_width(name) + text_width(value, bold=True) + 6 for name, value in pairs)
    return min(widest + 34, width * 0.32)
