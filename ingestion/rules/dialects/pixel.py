"""Events in the address of an image: Segment's pixel has one in `data`, RudderStack's has a field in each parameter."""

import base64
import binascii
from collections.abc import Iterable
from typing import Any

from ingestion.rules.json_text import JsonError, parse_json

_STANDARD = str.maketrans(" -_", "++/")  # a plus becomes a space on its way through a query


def event_in_data(data: str) -> Any:
    """The JSON value whose base64, of either alphabet and padded or not, is `data`. What cannot be read stays the text
    that it is: an event that is no object, which is rejected and kept."""
    letters = data.translate(_STANDARD).rstrip("=")
    try:
        return parse_json(base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True))
    except (binascii.Error, ValueError, JsonError):
        return data


def event_in_query(parameters: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The event whose fields are the parameters; `properties.plan` is `plan` in `properties`. Some senders put their
    anonymousId in quotes, which are not part of it."""
    event: dict[str, Any] = {}
    for name, value in parameters:
        *path, last = name.split(".")
        holder: Any = event
        for step in path:
            holder = holder.setdefault(step, {})
            if not isinstance(holder, dict):  # both `a` and `a.b`
                holder, last = event, name
                break
        holder[last] = value
    if isinstance(event.get("anonymousId"), str):
        event["anonymousId"] = event["anonymousId"].strip('"')
    return event
