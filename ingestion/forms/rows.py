"""Adding, removing and moving rows of a formset without a script: the posted rows, rearranged, as they were typed."""

import re
from collections.abc import Mapping
from typing import Any

Row = dict[str, Any]
MOST_ROWS = 120  # more than a version may have: a posted count is never trusted


def posted_rows(data: Mapping[str, Any], prefix: str) -> list[Row]:
    """The raw values of each row, in order of their numbers; gaps in the numbering close."""
    rows: dict[int, Row] = {}
    pattern = re.compile(rf"^{re.escape(prefix)}-(\d{{1,3}})-(\w+)$")
    for key in data:
        match = pattern.match(key)
        if match:
            rows.setdefault(int(match[1]), {})[match[2]] = data[key]
    return [rows[number] for number in sorted(rows)][:MOST_ROWS]


def rearranged(rows: list[Row], command: str, blank: Row) -> list[Row]:
    """Rows after a command: "add", "remove-2", "up-2" or "down-2" (places count from 0). Anything else, or a
    place that is not there, changes nothing."""
    verb, _, place_text = command.partition("-")
    if verb == "add":
        return [*rows, dict(blank)]
    place = int(place_text) if place_text.isdigit() else -1
    if not 0 <= place < len(rows):
        return rows
    rest = rows[:place] + rows[place + 1 :]
    if verb == "remove":
        return rest
    if verb in ("up", "down"):
        target = max(0, place - 1) if verb == "up" else place + 1
        return [*rest[:target], rows[place], *rest[target:]]
    return rows


def as_posted(rows: list[Row], prefix: str) -> dict[str, Any]:
    """Rows as a bound formset expects them, numbered from 0, all of them to be checked."""
    data: dict[str, Any] = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": len(rows)}
    for place, row in enumerate(rows):
        data |= {f"{prefix}-{place}-{name}": value for name, value in row.items()}
    return data
