"""The whole accessible figure: heading, the drawing in the sizes that fit, and the numbers as a table."""

from collections.abc import Sequence

from .chart import MEDIUM, NARROW, WIDE, Chart, data_table, draw
from .checks import safe_href
from .formats import LinkedText
from .svg import Svg, element
from .words import _

SIZES = {"narrow": NARROW, "medium": MEDIUM, "wide": WIDE}


def figure(
    chart: Chart, *, sizes: Sequence[str] = ("narrow", "medium", "wide"), heading: bool = True, note: str = ""
) -> Svg:
    """A <figure> ready for a page.

    The chart is drawn once per size, and charts.css shows the one that fits the room the figure has (a
    container query, no script), so that text keeps its size from a phone to a full page. Name fewer
    ``sizes`` for a place that cannot be wide. ``note`` is a sentence below the drawing.
    """
    unknown = [size for size in sizes if size not in SIZES]
    if unknown or not sizes:
        raise ValueError(f"Sizes are {', '.join(SIZES)}; got {list(sizes)!r}.")
    caption = [element("figcaption", chart.title, class_="chart-title")] if heading else []
    drawings = [
        element("div", draw(chart, width=width), class_=f"chart-size chart-size-{size}")
        for size, width in SIZES.items()  # charts.css counts on this order
        if size in sizes
    ]
    below = [element("p", note, class_="chart-remark")] if note else []
    return element("figure", *caption, *drawings, *below, numbers(chart), class_="chart-figure")


def numbers(chart: Chart) -> Svg:
    """The chart's numbers as a table that opens on demand: for screen readers, copying, and exact values."""
    header, *rows = data_table(chart)
    if not rows:
        return Svg("")
    head = element("tr", *(element("th", cell, scope="col") for cell in header))
    table = element(
        "table",
        element("caption", chart.title),
        element("thead", head),
        element("tbody", *(_table_row(row) for row in rows)),
    )
    return element(
        "details",
        element("summary", _("Show the numbers")),
        element("div", table, class_="chart-table", tabindex="0", role="region", aria_label=chart.title),
        class_="chart-numbers",
    )


def _table_row(row: list[str]) -> Svg:
    name, *cells = row
    return element(
        "tr", element("th", _content(name), scope="row"), *(element("td", _content(cell)) for cell in cells)
    )


def _content(cell: str) -> str:
    """The cell, as a link if it leads somewhere."""
    return element("a", cell, href=safe_href(cell.href)) if isinstance(cell, LinkedText) else cell
