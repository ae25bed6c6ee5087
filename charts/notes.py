"""Named places on the horizontal axis (a version went live, a threshold): a line, its label on top."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .axis import Frame
from .checks import safe_href
from .svg import Svg, element, hover, text
from .text import SMALL, text_width, truncate
from .timeline import X

ROW = 16  # height of one row of labels above the plot
_ROWS = 3
_ROOM = 190
_LEAST = 48  # a label cut to less says nothing
_GAP = 5  # between a line and its label


@dataclass(frozen=True)
class Annotation:
    """Something that happened at ``x``; ``href`` leads to it."""

    x: X
    label: str
    href: str = ""


@dataclass(frozen=True)
class Note:
    """A label to be placed: pixel, text, what hovering says, link and CSS class of its line."""

    x: float
    label: str
    tip: str
    href: str = ""
    kind: str = "annotation"


@dataclass(frozen=True)
class PlacedNote:
    """A note with its row (0 is the highest; None when there was no room for the label)."""

    note: Note
    label: str
    left: float
    right: float
    row: int | None


def place_notes(notes: Sequence[Note], left: float, right: float) -> list[PlacedNote]:
    """Give each label the highest row in which it touches no other label and no line crosses a label."""
    placed: list[PlacedNote] = []
    for note in sorted(notes, key=lambda item: item.x):
        places = [
            replace(place, row=row)
            for place in _candidates(note, left, right)
            for row in range(_ROWS)
            if _fits(place, row, placed)
        ]
        placed.append(places[0] if places else PlacedNote(note, "", note.x, note.x, None))
    return placed


def _candidates(note: Note, left: float, right: float) -> list[PlacedNote]:
    """Right of the line, left of it, or cut to what is left at the right."""
    whole = truncate(note.label, _ROOM, SMALL)
    width = text_width(whole, SMALL)
    found = []
    if note.x + _GAP + width <= right:
        found.append(PlacedNote(note, whole, note.x + _GAP, note.x + _GAP + width, None))
    elif note.x - _GAP - width >= left:
        found.append(PlacedNote(note, whole, note.x - _GAP - width, note.x - _GAP, None))
    if right - note.x - _GAP >= _LEAST:
        cut = truncate(note.label, right - note.x - _GAP, SMALL)
        found.append(PlacedNote(note, cut, note.x + _GAP, note.x + _GAP + text_width(cut, SMALL), None))
    return found


def _fits(item: PlacedNote, row: int, placed: Sequence[PlacedNote]) -> bool:
    for other in placed:
        if other.row is None:
            continue
        covers = other.left - 8 < item.right and item.left < other.right + 8
        crossed = other.left - 4 < item.note.x < other.right + 4
        crosses = item.left - 4 < other.note.x < item.right + 4
        if (other.row == row and covers) or (other.row > row and crossed) or (other.row < row and crosses):
            return False
    return True


def rows_used(placed: Sequence[PlacedNote]) -> int:
    return max((item.row + 1 for item in placed if item.row is not None), default=0)


def draw_notes(placed: Sequence[PlacedNote], frame: Frame) -> list[Svg]:
    """Lines from each label down to the bottom of ``frame``; the rows end at its top."""
    rows = rows_used(placed)
    parts = []
    for item in placed:
        note = item.note
        top = frame.top if item.row is None else frame.top - (rows - item.row) * ROW
        shapes = [element("path", d=f"M{note.x:.1f} {top:.1f}V{frame.bottom:.1f}", class_="chart-note-line")]
        if item.row is not None:
            shapes.append(
                text(item.label, item.left, top + 10, full=note.label, size=SMALL, class_="chart-note")
            )
        hit = element(
            "rect", x=note.x - 4, y=top, width=8, height=frame.bottom - top, class_="chart-hit"
        )  # fmt: skip
        parts.append(hover(note.tip, *shapes, hit, href=note.href, class_=f"chart-{note.kind}"))
    return parts


def check_annotations(annotations: Sequence[Annotation]) -> None:
    for annotation in annotations:
        safe_href(annotation.href)
