"""The shape of an event's properties, learned from the events: for each name how often which type came."""

from collections.abc import Mapping
from typing import Any

MAX_NAMES = 200
EXAMPLE_LENGTH = 80
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}

Shape = dict[str, dict[str, Any]]


def observe(shape: Shape, properties: Mapping[str, Any]) -> None:
    """Add one event's properties to a shape: {name: {type: count, "example": a value}}, at most MAX_NAMES names."""
    for name, value in properties.items():
        seen = shape.get(name)
        if seen is None:
            if len(shape) >= MAX_NAMES:
                continue
            seen = shape[name] = {}
        kind = _TYPES.get(type(value), "null")
        seen[kind] = seen.get(kind, 0) + 1
        if "example" not in seen and type(value) in (str, bool, int, float):
            seen["example"] = value[:EXAMPLE_LENGTH] if isinstance(value, str) else value


def merge(known: Shape, new: Shape) -> Shape:
    """Both shapes as one; what was known keeps its example and its place."""
    merged = {name: dict(seen) for name, seen in known.items()}
    for name, seen in new.items():
        if name not in merged and len(merged) >= MAX_NAMES:
            continue
        target = merged.setdefault(name, {})
        for key, count in seen.items():
            if key == "example":
                target.setdefault(key, count)
            else:
                target[key] = target.get(key, 0) + count
    return merged
