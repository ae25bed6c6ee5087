"""Lists as CSV files that a spreadsheet opens without running anything that came from outside."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from django.http import HttpResponse

MOST_ROWS = 50_000
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_file(name: str, rows: Iterable[Sequence[object]]) -> HttpResponse:
    """An attachment `name`.csv; the first row is the header. None becomes an empty cell."""
    text = StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([harmless(cell) for cell in row] for row in rows)
    content = ("\ufeff" + text.getvalue()).encode("utf-8", "backslashreplace")  # half an emoji is no UTF-8
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def harmless(cell: object) -> object:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection)."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULA_STARTS):
        return f"'{cell}"
    return "" if cell is None else cell
