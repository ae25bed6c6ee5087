"""Filters of an action on the properties of an event. All must hold.

A filter is {"property": name, "op": operator, "value": value}. Texts are compared without regard to case; a number and
a text that writes it are equal; gte and lte compare numbers, and what is not a number passes neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import Any

OPERATORS = ("eq", "ne", "in", "contains", "gte", "lte", "exists")
NUMBER_LIMIT = Decimal(10) ** 29  # numeric(38, 9) has 29 digits before the point
PLACES = Decimal(1).scaleb(-9)
_EXACT = Context(prec=40)

Properties = Mapping[str, Any]


class FilterError(ValueError):
    """A filter that cannot be applied. The message says what to write."""


@dataclass(frozen=True)
class Matcher:
    """What one action version matches."""

    version_id: int
    kind: int
    name: str
    filters: Sequence[Mapping[str, Any]]
    number_property: str

    def matches(self, properties: Properties) -> bool:
        return all(holds(each, properties) for each in self.filters)

    def number(self, properties: Properties) -> Decimal | None:
        return as_number(properties.get(self.number_property)) if self.number_property else None


def check_filters(filters: Any) -> list[dict[str, Any]]:
    """The filters in their stored form. Raises FilterError."""
    if not isinstance(filters, list):
        raise FilterError("Filters are a list of {property, op, value}.")
    return [_checked(each) for each in filters]


def _checked(each: Any) -> dict[str, Any]:
    if not isinstance(each, dict) or not isinstance(each.get("property"), str) or not each["property"]:
        raise FilterError("Each filter names a property.")
    name, operator, value = each["property"], each.get("op"), each.get("value")
    if operator not in OPERATORS:
        raise FilterError(f"“{operator}” is not a test. Use one of {', '.join(OPERATORS)}.")
    if operator == "in" and (not isinstance(value, list) or not value):
        raise FilterError(f"The test “in” on “{name}” needs a list with at least one value.")
    if operator in ("gte", "lte") and as_number(value) is None:
        raise FilterError(f"The test “{operator}” on “{name}” needs a number.")
    if operator == "contains" and (not isinstance(value, str) or not value):
        raise FilterError(f"The test “contains” on “{name}” needs a text.")
    if operator in ("eq", "ne") and (value is None or isinstance(value, list | dict)):
        raise FilterError(f"The test “{operator}” on “{name}” needs a text, a number or true/false.")
    return {"property": name, "op": operator} | ({} if operator == "exists" else {"value": value})


def holds(each: Mapping[str, Any], properties: Properties) -> bool:
    """Whether one checked filter holds. A missing or null property passes only `ne`."""
    value = _property(properties, each["property"])
    operator, wanted = each["op"], each.get("value")
    if operator == "ne":
        return not _equal(value, wanted)
    if value is None:
        return False
    if operator == "eq":
        return _equal(value, wanted)
    if operator == "in":
        return any(_equal(value, one) for one in wanted or ())
    if operator == "contains":
        return _contains(value, as_text(wanted) or "")
    if operator == "exists":
        return True
    number, bound = as_number(value), as_number(wanted)
    if number is None or bound is None:
        return False
    return number >= bound if operator == "gte" else number <= bound


def as_text(value: Any) -> str | None:
    """The value as lowercase text; equal numbers have one text (1, 1.0 and "1"). None for null and structures."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        number = as_number(value)
        return None if number is None else f"{number.normalize():f}"
    return value.lower() if isinstance(value, str) else None


def as_number(value: Any) -> Decimal | None:
    """The value as a number with nine places, from numbers and texts that write one. None for everything else, also for
    what numeric(38, 9) cannot hold."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    if isinstance(value, str) and (len(value) > 60 or "_" in value):
        return None
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
        return number.quantize(PLACES, context=_EXACT) if abs(number) < NUMBER_LIMIT else None
    except (InvalidOperation, ValueError):
        return None


def _property(properties: Properties, path: str) -> Any:
    """The property of this name, or along its dots."""
    if path in properties or "." not in path:
        return properties.get(path)
    value: Any = properties
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(value, str) == isinstance(wanted, str):
        return as_text(value) == as_text(wanted) is not None
    number = as_number(value)
    return as_text(value) == as_text(wanted) is not None or (
        number is not None and number == as_number(wanted)
    )


def _contains(value: Any, wanted: str) -> bool:
    if isinstance(value, list):
        return any(as_text(element) == wanted for element in value)
    text = as_text(value)
    return text is not None and wanted in text
