"""What a plan would have to say so that what departed from it is as planned."""

import json
from dataclasses import replace
from typing import Any

from ingestion.rules.tracking import MISSING, NOT_ALLOWED, UNPLANNED_PROPERTY, WRONG_FORMAT, WRONG_TYPE
from ingestion.rules.tracking_rows import WITH_VALUES, Row, Rows, rows_of, schema_of


def accepted(table: Rows, code: str, property: str, got: str) -> Rows | None:
    """The rows with the property taken as it came; None when that needs a look at the JSON: within objects, for rules
    that rows cannot say, and where the value was not kept."""
    rows = {row.name: row for row in table.rows}
    kind, value = _parts(got)
    if code == UNPLANNED_PROPERTY:
        if not property or property in rows or kind == "":
            return None
        rows[property] = Row(property, "any" if kind == "null" else kind)
    elif property not in rows:
        return None
    else:
        changed = _widened(rows[property], code, kind, value)
        if changed is None:
            return None
        rows[property] = changed
    made = Rows(tuple(rows.values()), table.is_open)
    return made if rows_of(schema_of(made)) == made else None


def _widened(row: Row, code: str, kind: str, value: Any) -> Row | None:
    if code == MISSING:
        return replace(row, is_required=False)
    if code == WRONG_FORMAT and row.type in ("date", "date-time"):
        return replace(row, type="string")
    if code == NOT_ALLOWED and value is not None and row.type in WITH_VALUES:
        return replace(row, allowed=(*row.allowed, value))
    if code == WRONG_TYPE or (code == NOT_ALLOWED and kind == "null"):
        return _other_type(row, kind)
    return None


def _other_type(row: Row, kind: str) -> Row:
    if kind == "null":
        return replace(row, may_be_null=True)
    if {row.type, kind} == {"integer", "number"}:
        return replace(row, type="number")
    return replace(row, type="any", may_be_null=False, allowed=())


def _parts(got: str) -> tuple[str, Any]:
    """From `string "gold"`: its type and, if it was kept, the value."""
    kind, _space, text = got.partition(" ")
    try:
        return kind, json.loads(text) if text else None
    except ValueError:
        return kind, None
