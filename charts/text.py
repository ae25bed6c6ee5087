"""How wide a text is, and cutting it to the room there is.

The server cannot ask a browser, so widths come from a table: advance widths of Inter Regular (the
console's font) in hundredths of the font size, digits at their tabular width. Other scripts use safe
upper estimates. A wider fallback font is covered by the gaps that the layouts leave.
"""

import unicodedata
from functools import lru_cache

SIZE = 12  # font size of labels and values, in pixels of the drawing
SMALL = 11  # font size of axes and notes

_WIDTHS = {
    **dict.fromkeys("ijlI'’‘", 0.27),
    **dict.fromkeys(" .,:;!·|", 0.30),
    **dict.fromkeys("frt()[]/\\`-{}", 0.42),
    **dict.fromkeys('csxyzvkJ?a*"“”_^L', 0.57),
    **dict.fromkeys("bdeghnopquEFTZ$0123456789", 0.64),
    **dict.fromkeys("ABKPRSVXY#&+<=>~−±≤≥€", 0.69),
    **dict.fromkeys("CDGHNOQU", 0.77),
    **dict.fromkeys("w…↓", 0.86),
    **dict.fromkeys("mM%@W→—", 0.98),
}
_BOLD = 1.06


def _character_width(character: str) -> float:
    known = _WIDTHS.get(character)
    if known is not None:
        return known
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn"):
        return 0.0
    if unicodedata.east_asian_width(character) in ("W", "F"):
        return 1.1  # also emoji
    base = unicodedata.normalize("NFD", character)[0]
    if base != character:
        return _WIDTHS.get(base, 1.0)
    return 1.0


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """Estimated width of ``text`` in pixels of the drawing."""
    width = sum(map(_character_width, text)) * size
    return width * _BOLD if bold else width


def truncate(text: str, room: float, size: float = SIZE, *, bold: bool = False) -> str:
    """``text`` if it fits into ``room`` pixels, else its beginning and "…"; "" when not even that fits."""
    if text_width(text, size, bold=bold) <= room:
        return text
    used = text_width("…", size, bold=bold)
    kept = ""
    for character in text:
        used += text_width(character, size, bold=bold)
        if used > room:
            break
        kept += character
    kept = kept.rstrip()
    return f"{kept}…" if kept else ""
