"""Writing SVG: elements, links, texts and the accessible outer document. Escapes by default."""

import re
from collections.abc import Sequence
from typing import Self
from xml.sax.saxutils import escape, quoteattr

from .checks import safe_href
from .text import SIZE, truncate

MOST_STOPS = 24  # links in one drawing that the Tab key stops at
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Svg(str):
    """Markup that is already escaped.

    Every plain ``str`` put into an element is escaped, and only ``Svg`` is not; joining or formatting
    gives a plain ``str`` again, so forgetting costs a garbled drawing and never a hole. Django
    templates print it as it is, through ``__html__``.
    """

    __slots__ = ()

    def __html__(self) -> Self:
        return self


def clean(text: str) -> str:
    """``text`` without the characters that XML forbids (NUL, controls, lone surrogates)."""
    return _NOT_XML.sub("\ufffd", text)


def coordinate(value: float) -> str:
    """A length with at most two decimals: enough for half a device pixel, and small files."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def element(name: str, *children: str, **attributes: str | float | None) -> Svg:
    """One element. ``class_`` is written class, ``stroke_width`` stroke-width; None is left out."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}={quoteattr(_attribute(value))}"
        for key, value in attributes.items()
        if value is not None
    )
    inside = join(children)
    return Svg(f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>")


def _attribute(value: str | float) -> str:
    return clean(value) if isinstance(value, str) else coordinate(value)


def join(parts: Sequence[str]) -> Svg:
    """Parts one after the other; those that are not Svg are escaped."""
    return Svg("".join(part if isinstance(part, Svg) else escape(clean(part)) for part in parts))


def group(*children: str, class_: str | None = None) -> Svg:
    return element("g", *children, class_=class_)


def text(
    content: str,
    x: float,
    y: float,
    *,
    room: float | None = None,
    full: str | None = None,
    anchor: str | None = None,
    size: float = SIZE,
    class_: str = "chart-label",
) -> Svg:
    """One line of text with its baseline at ``y``, cut to ``room`` pixels with the whole in a <title>.

    ``full`` is for a text that the layout has cut already.
    Hidden from screen readers: they get the title, the description, the links and the data table.
    """
    shown = content if room is None else truncate(content, room, size, bold=class_ == "chart-strong")
    if not shown:
        return Svg("")
    whole = content if full is None else full
    cut = shown != whole
    return element(
        "text",
        *([element("title", whole)] if cut else []),
        shown,
        x=x,
        y=y,
        text_anchor=anchor,
        font_size=size,
        class_=f"{class_} chart-cut" if cut else class_,
        aria_hidden="true",
    )


def hover(tip: str, *children: str, href: str = "", class_: str = "chart-hover") -> Svg:
    """Shapes that show ``tip`` under the pointer and, with ``href``, lead to the rows behind them."""
    inside = (element("title", tip), *children)
    if not href:
        return element("g", *inside, class_=class_)
    label = tip.replace("\n", ", ")
    return element("a", *inside, href=safe_href(href), aria_label=label, class_=f"{class_} chart-link")


def document(
    body: Sequence[str],
    *,
    key: str,
    kind: str,
    title: str,
    summary: str,
    width: float,
    height: float,
    data: dict[str, str | float] | None = None,
) -> Svg:
    """The outer <svg>: named by ``title``, described by ``summary``, scaling with its container.

    ``key`` makes the ids unique on a page. A chart with links is a group and not an image: ARIA hides
    everything inside an image, so its links would have the focus and no name. With very many links the
    keyboard passes them by: the table of ``figure`` has the same links, in order and skippable.
    """
    inside = join(body)
    links = inside.count("<a ")  # only ``hover`` can write this: every text is escaped
    if links > MOST_STOPS:
        inside = Svg(inside.replace("<a ", '<a tabindex="-1" '))
    return element(
        "svg",
        element("title", title, id=f"{key}-title"),
        element("desc", summary, id=f"{key}-desc"),
        inside,
        xmlns="http://www.w3.org/2000/svg",
        class_="chart-drawing",
        data_chart=kind,
        role="group" if links else "img",
        aria_labelledby=f"{key}-title",
        aria_describedby=f"{key}-desc",
        viewBox=f"0 0 {coordinate(width)} {coordinate(height)}",
        width="100%",
        **(data or {}),
    )
