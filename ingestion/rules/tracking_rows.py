"""A JSON Schema as rows of a form, for whoever does not read JSON, and back. Schemas that say more than rows can say
are left to the JSON editor."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ingestion.rules.catalogue import MAX_NAMES
from ingestion.rules.tracking import DIALECT, Schema

# What a row's type is in JSON Schema.
TYPES: dict[str, Schema] = {
    "any": {},
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "date-time": {"type": "string", "format": "date-time"},
    "array": {"type": "array"},
    "object": {"type": "object"},
}
WITH_VALUES = ("string", "integer", "number")
SURE = 20  # events before a property that all of them carry is taken for required
_READ = frozenset(("$schema", "type", "properties", "required", "additionalProperties"))


@dataclass(frozen=True)
class Row:
    """A property of an event. allowed: texts or numbers, as the type says; none allows every value."""

    name: str
    type: str = "any"
    is_required: bool = False
    may_be_null: bool = False
    allowed: tuple[Any, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class Rows:
    """All properties of an event. is_open: others may come too."""

    rows: tuple[Row, ...] = ()
    is_open: bool = False


def schema_of(table: Rows) -> Schema:
    """The schema that says what the rows say."""
    schema: Schema = {"$schema": DIALECT, "type": "object"}
    schema["properties"] = {row.name: _property(row) for row in table.rows}
    if required := [row.name for row in table.rows if row.is_required]:
        schema["required"] = required
    return schema if table.is_open else schema | {"additionalProperties": False}


def _property(row: Row) -> Schema:
    said = dict(TYPES[row.type])
    if row.may_be_null and said:
        said["type"] = [said["type"], "null"]
    if row.allowed:
        said["enum"] = [*row.allowed, None] if row.may_be_null else list(row.allowed)
    return said | {"description": row.description} if row.description else said


def rows_of(schema: Mapping[str, Any]) -> Rows | None:
    """The rows that say what the schema says; None when it says more than rows can."""
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if schema.keys() - _READ or not isinstance(required, list):
        return None
    rows = [_row(name, said, name in required) for name, said in properties.items()]
    table = Rows(
        tuple(row for row in rows if row is not None), schema.get("additionalProperties", True) is True
    )
    says_the_same = {**_plain(schema_of(table))} == {**_plain(schema)}
    return table if says_the_same else None


def _plain(schema: Mapping[str, Any]) -> Schema:
    """Without what changes nothing: the order of required names, and defaults."""
    said: Schema = {"properties": {}} | dict(schema)
    if "required" in said:
        said["required"] = sorted(said["required"])
    if said.get("additionalProperties") is True or said.get("required") == []:
        said = {
            key: value
            for key, value in said.items()
            if (key, value) not in (("additionalProperties", True), ("required", []))
        }
    return said


def _row(name: str, said: Any, is_required: bool) -> Row | None:
    if not isinstance(said, dict):
        return None
    stated, values = said.get("type"), said.get("enum", [])
    may_be_null = isinstance(stated, list) and len(stated) == 2 and stated[1] == "null"
    base = {
        "type": stated[0] if isinstance(stated, list) and may_be_null else stated,
        "format": said.get("format"),
    }
    plain = {key: value for key, value in base.items() if value is not None}
    kind = next((each for each, schema in TYPES.items() if schema == plain), None)
    if kind is None or not isinstance(values, list):
        return None
    allowed = tuple(value for value in values if value is not None)
    if not name or not all(_can_be_listed(value, kind) for value in allowed):
        return None
    return Row(name, kind, is_required, may_be_null, allowed, str(said.get("description", "")))


def _can_be_listed(value: Any, kind: str) -> bool:
    """Whether it can stand in a field of values with commas between them."""
    if kind == "string":
        return isinstance(value, str) and "," not in value and value == value.strip() != ""
    return kind in WITH_VALUES and isinstance(value, int | float) and not isinstance(value, bool)


def guessed_rows(shape: Mapping[str, Mapping[str, Any]], received: int) -> Rows:
    """What arrived, as a plan: types as they came, required what every event of at least SURE carried. Values are not
    guessed. received: all events of the name. A shape that is full may lack names, so others may come too."""
    rows = [_guessed(name, seen, received) for name, seen in sorted(shape.items())]
    return Rows(tuple(rows), is_open=len(shape) >= MAX_NAMES)


def _guessed(name: str, seen: Mapping[str, Any], received: int) -> Row:
    counts = {kind: seen[kind] for kind in ("string", "date", *_KINDS) if seen.get(kind)}
    valued, nulls = sum(counts.values()), seen.get("null", 0)
    is_required = received >= SURE and valued + nulls >= received
    return Row(name, _kind_of(counts, seen.get("examples", ())), is_required, nulls > 0 and valued > 0)


_KINDS = ("boolean", "integer", "number", "object", "array")


def _kind_of(counts: Mapping[str, int], examples: Iterable[Any]) -> str:
    kinds = set(counts)
    if kinds == {"date"}:
        texts = [each for each in examples if isinstance(each, str)]
        if texts and all(len(text) == len("2026-03-01") for text in texts):
            return "date"
        return "date-time" if texts and all("T" in text and _has_zone(text) for text in texts) else "string"
    if kinds <= {"string", "date"}:
        return "string" if kinds else "any"
    if kinds == {"integer", "number"}:
        return "number"
    return kinds.pop() if len(kinds) == 1 else "any"


def _has_zone(text: str) -> bool:
    return text.endswith("Z") or text[-6] in "+-"
