"""CloudEvents 1.0, translated into track calls of the Segment shape (ingestion/api/cloudevents.py is its address)."""

from collections.abc import Mapping
from typing import Any

from ingestion.rules.dialects import Refusal
from ingestion.rules.types import Rejection, shown

REQUIRED = ("id", "source", "specversion", "type")
_TAKEN_APART = frozenset(("data", "data_base64", "group", "id", "specversion", "subject", "time", "type"))


def translate(event: Any) -> dict[str, Any] | Refusal:
    """One CloudEvent in its JSON form as a track call. Never raises for any JSON value.

    `subject` is the user and the extension `group` the account. `source` and `id` together name the event, so they are
    its message id: a source is a URI and has no space in it. What else it says of itself stays in the context.
    """
    if not isinstance(event, dict):
        return Refusal(event, Rejection("not_an_object", "An event must be a JSON object."))
    context: dict[str, Any] = {"groupId": event.get("group")}
    if more := {name: value for name, value in event.items() if name not in _TAKEN_APART}:
        context["cloudEvent"] = more
    item = {
        "type": "track",
        "event": event.get("type"),
        "userId": event.get("subject"),
        "timestamp": event.get("time"),
        "properties": _properties(event),
        "context": {name: value for name, value in context.items() if value is not None},
    }
    if event.get("id") and event.get("source"):
        item["messageId"] = f"{event['source']} {event['id']}"
    item = {name: value for name, value in item.items() if value not in (None, {})}
    reason = _reason(event)
    return item if reason is None else Refusal(item, reason)


def _properties(event: Mapping[str, Any]) -> dict[str, Any]:
    """The data, if it is an object; under the name CloudEvents gives it otherwise."""
    data = event.get("data")
    if isinstance(data, dict):
        return data
    return {name: event[name] for name in ("data", "data_base64") if event.get(name) is not None}


def _reason(event: Mapping[str, Any]) -> Rejection | None:
    missing = [name for name in REQUIRED if event.get(name) in (None, "")]
    if missing:
        needed = f"A CloudEvent needs {', '.join(REQUIRED)}."
        return Rejection("missing_attribute", f"{needed} There is no {' and no '.join(missing)}.")
    if not str(event["specversion"]).startswith("1."):
        version = shown(event["specversion"])
        return Rejection("unknown_specversion", f"`specversion` is {version}. Send CloudEvents 1.0.")
    if event.get("subject") in (None, ""):
        return Rejection("missing_user_id", "Send `subject`: the id of the person who did it.")
    return None
