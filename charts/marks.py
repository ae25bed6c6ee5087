"""What tells series apart besides colour: dash patterns, marker shapes and pattern fills.

Colours, dashes and markers repeat with different periods, so 30 lines stay distinct.
"""

from collections.abc import Sequence

from .svg import Svg, coordinate, element

COLOURS = 6  # --chart-1 to --chart-6 in charts.css
_DASHES = (None, "7 4", "2 3", "10 3 2 3", "4 2")

# Unit shapes with about the same area, drawn around 0,0.
_MARKERS = (
    "M-1 0a1 1 0 1 0 2 0a1 1 0 1 0-2 0z",
    "M-.9-.9h1.8v1.8h-1.8z",
    "M0-1.15L1.1.85H-1.1z",
    "M0-1.25L1.25 0L0 1.25L-1.25 0z",
    "M0 1.15L1.1-.85H-1.1z",
)

# Lines in the colour of the background, laid over the series' own colour. The first is plain.
_PATTERNS = (
    None,
    "M-1 1l2-2M0 6l6-6M5 7l2-2",
    "M1 1h1.6v1.6h-1.6zM4 4h1.6v1.6h-1.6z",
    "M0 3h6",
    "M-1 5l2 2M0 0l6 6M5-1l2 2M-1 1l2-2M0 6l6-6M5 7l2-2",
    "M3 0v6",
)


def colour(index: int) -> int:
    """Number of the palette colour of the series at ``index``."""
    return index % COLOURS + 1


def dash(index: int) -> str | None:
    """stroke-dasharray of the line at ``index``; the first is solid."""
    return _DASHES[index % len(_DASHES)]


def marker(index: int, x: float, y: float, *, size: float = 3.5, hollow: bool = False) -> Svg:
    """The series' marker around (x, y)."""
    return element(
        "path",
        d=_MARKERS[index % len(_MARKERS)],
        transform=f"translate({coordinate(x)} {coordinate(y)}) scale({coordinate(size)})",
        class_=f"chart-{'hollow' if hollow else 'fill'}-{colour(index)}",
    )


def bar(key: str, index: int, x: float, y: float, width: float, height: float, *, rx: float = 0) -> Svg:
    """A filled rectangle of the series at ``index``: its colour, and from the second on its pattern."""
    size = {"x": x, "y": y, "width": max(width, 0), "height": max(height, 0), "rx": rx or None}
    solid = element("rect", **size, class_=f"chart-bar chart-fill-{colour(index)}")
    shape = _PATTERNS[index % len(_PATTERNS)]
    if shape is None:
        return solid
    name = f"pattern-{index % len(_PATTERNS)}"
    return Svg(solid + element("rect", **size, fill=f"url(#{key}-{name})", class_="chart-pattern"))


def hatch(
    key: str, x: float, y: float, width: float, height: float, *, rx: float = 0, name: str = "hatch"
) -> Svg:
    """Hatching for what is not final yet: over a filled shape ("hatch") or on the bare ground ("area")."""
    return element(
        "rect", x=x, y=y, width=max(width, 0), height=max(height, 0), rx=rx or None,
        fill=f"url(#{key}-{name})", class_="chart-hatched",
    )  # fmt: skip


def used_patterns(key: str, body: Sequence[str]) -> Svg:
    """<defs> with the patterns that ``body`` refers to."""
    written = "".join(body)
    shapes = {f"pattern-{i}": (shape, "chart-pattern-line") for i, shape in enumerate(_PATTERNS) if shape}
    shapes["hatch"] = ("M-1 1l2-2M0 6l6-6M5 7l2-2", "chart-hatch-line")
    shapes["area"] = ("M-1 1l2-2M0 6l6-6M5 7l2-2", "chart-area-line")
    patterns = [
        element(
            "pattern",
            element("path", d=shape, class_=class_),
            id=f"{key}-{name}",
            width=6,
            height=6,
            patternUnits="userSpaceOnUse",
        )
        for name, (shape, class_) in shapes.items()
        if f"url(#{key}-{name})" in written
    ]
    return element("defs", *patterns) if patterns else Svg("")
