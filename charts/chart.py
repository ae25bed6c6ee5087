"""What every chart has, and the two things one does with a chart: ``draw`` it and read its ``data_table``."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from hashlib import blake2b

from .checks import finite
from .svg import Svg, document, element, text
from .text import SIZE
from .words import _

NARROW, MEDIUM, WIDE = 358, 640, 1040  # 358 px is a phone of 390 px less the page's padding
ROOMY = 480  # from this width on, labels stand beside the drawing instead of above it

Table = list[list[str]]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Base of all charts.

    ``title`` names the chart for screen readers. ``summary`` says in plain language what it shows; left
    empty, it is written from the data. ``empty_text`` is what an empty chart says, best with what to do.
    """

    title: str
    summary: str = ""
    empty_text: str = ""

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise ValueError("A chart needs a title: it is its name for screen readers.")


@singledispatch
def draw(chart: Chart, *, width: int = MEDIUM) -> Svg:
    """Draw any chart as an <svg> of ``width`` user units, which are pixels when shown at that width.

    Text is 11 or 12 units, so draw at about the width it will be shown at: 358 for a phone.
    Raises ValueError for data that cannot be drawn honestly (NaN, unsafe links, wrong order).
    """
    raise TypeError(f"{type(chart).__name__} is not a chart.")


@singledispatch
def data_table(chart: Chart) -> Table:
    """What any chart shows as rows of text, the header first: for a table beside the drawing."""
    raise TypeError(f"{type(chart).__name__} is not a chart.")


def with_notes(rows: Table, notes: Sequence[str]) -> Table:
    """``rows`` (the header first) with a column for the ``notes`` of the rows below it, if there are any."""
    if not any(notes):
        return rows
    return [[*row, note] for row, note in zip(rows, [_("Note"), *notes], strict=True)]


def checked_width(width: int, least: int = 240) -> int:
    if not least <= finite(width, "The width") <= 4000:
        raise ValueError(f"The width is {width}. This chart can be drawn from {least} to 4000 wide.")
    return width


def chart_key(chart: Chart, width: int) -> str:
    """Prefix of the ids in one drawing: the same for the same content, so that output is repeatable."""
    content = repr((type(chart).__name__, chart.title, chart.summary, width, data_table(chart)))
    return "chart-" + blake2b(content.encode(errors="replace"), digest_size=6).hexdigest()


def empty_drawing(chart: Chart, kind: str, width: int, height: float = 160) -> Svg:
    """The drawing of a chart without data: a quiet baseline and a friendly sentence."""
    message = chart.empty_text or _("No data yet")
    middle = width / 2
    bars = (
        element("rect", x=middle - 26 + 20 * i, y=height / 2 - 8 - tall, width=12, height=tall, rx=2)
        for i, tall in enumerate((14, 26, 20))
    )
    return document(
        [
            element("g", *bars, class_="chart-empty"),
            element("path", d=f"M{middle - 40} {height / 2 - 3.5}h80", class_="chart-axis"),
            text(message, middle, height / 2 + 20, room=width - 24, anchor="middle", size=SIZE),
        ],
        key=chart_key(chart, width),
        kind=kind,
        title=chart.title,
        summary=message,
        width=width,
        height=height,
    )
