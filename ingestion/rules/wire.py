"""From an item of a Segment-shaped batch to a Message. The same rules serve the HTTP API, imports and replays.

Ids are texts: numbers are written out, "" and null mean absent. An item wins over the batch's own context. What a
client left out is never guessed: a missing type, event or id rejects the item with words on how to mend it.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ingestion.rules.cleaning import Cleaner, SharedCleaner
from ingestion.rules.consent import consent_traits
from ingestion.rules.ids import ids_of
from ingestion.rules.json_text import canonical_json
from ingestion.rules.timestamps import event_time
from ingestion.rules.traits import canonical_traits
from ingestion.rules.types import KIND_BY_TYPE, Kind, Message, Rejected, Rejection, shown

NAME_LIMIT = 255
MESSAGE_ID_LIMIT = 255
CONTEXT_NOTES = "pqlhub"  # our own entry in a message's context: {"notes": [...], "timestamp": as received}
_READ = frozenset(
    (
        "type",
        "event",
        "name",
        "category",
        "userId",
        "anonymousId",
        "previousId",
        "groupId",
        "messageId",
        "timestamp",
        "originalTimestamp",
        "sentAt",
        "traits",
        "traitsOnce",
        "properties",
    )
)
_SHARED = ("context", "integrations")
_TIMES = ("timestamp", "originalTimestamp", "sentAt")


def normalise(
    item: Any,
    envelope: Mapping[str, Any],
    source_kind: str,
    received_at: datetime,
    client: Mapping[str, Any],
) -> Message | Rejection:
    """One item of a batch as a clean message, or why it cannot be one. Never raises for any JSON value.

    `envelope` is the request around the item (`context`, `integrations`, `sentAt`); `source_kind` is server, browser,
    mobile or import; `client` is what the request said about itself (`ip`, `user_agent`, `origin`).
    """
    try:
        return _message(item, envelope, source_kind, received_at, client)
    except Rejected as rejected:
        return rejected.rejection


def without_blocked_group(message: Message, blocked: frozenset[str]) -> Message | Rejection:
    """The message, in no account when its group id is one that the tenant says stands for nobody."""
    if message.group_id not in blocked:
        return message
    if message.kind == Kind.GROUP:
        return Rejection(
            "blocked_id",
            f"`groupId` is {shown(message.group_id)}, which your list under Identity says is no account. "
            "Send the account's own id, or take it off that list, and replay this event.",
        )
    context = dict(message.context)
    ours = dict(context.get(CONTEXT_NOTES) or {})
    context[CONTEXT_NOTES] = ours | {"notes": [*ours.get("notes", ()), "stands_for_nobody:groupId"]}
    return message._replace(group_id=None, context=context)


def check_shape(item: Any, assumed_type: str | None = None) -> Rejection | None:
    """The part of `normalise` that is cheap enough for the request: an object, a known type, its ids and its event.

    `assumed_type` is the type the path names. An item that passes may still be rejected when it is folded."""
    try:
        if not isinstance(item, dict):
            raise Rejected("not_an_object", "An event must be a JSON object.")
        kind = _kind(item, assumed_type)
        context = item.get("context")
        ids_of(kind, item, context if isinstance(context, dict) else {}, lambda _what, _where: None)
        if kind is Kind.TRACK:
            _event_name(item)
    except Rejected as rejected:
        return rejected.rejection
    return None


def message_id_of(item: Any) -> str:
    """The id that `normalise` reads from an item; "" when it states none."""
    cleaner = Cleaner()
    stated = item.get("messageId") if isinstance(item, dict) else None
    return _message_id({"messageId": cleaner.value(stated, "messageId")}, cleaner)


def _message(
    item: Any,
    envelope: Mapping[str, Any],
    source_kind: str,
    received_at: datetime,
    client: Mapping[str, Any],
) -> Message:
    if not isinstance(item, dict):
        raise Rejected("not_an_object", "An event must be a JSON object.")
    read, cleaner = _cleaned(item, envelope)
    context = read["context"]
    kind = _kind(read)
    ids = ids_of(kind, read, context, cleaner.note)
    name, properties = _name_and_properties(kind, read, cleaner)
    traits = _object(read, "traits")
    if kind is not Kind.GROUP:
        traits = _object(context, "traits") | traits
        context.pop("traits", None)
        if "consent" in context:
            traits = consent_traits(kind, name, context) | traits
    traits = canonical_traits(traits)
    once: frozenset[str] = frozenset()
    if kind is not Kind.GROUP and (filling := canonical_traits(_object(read, "traitsOnce"))):
        once = frozenset(filling.keys() - traits.keys())
        traits = filling | traits
    when = event_time(read, envelope, source_kind=source_kind, received_at=received_at, client=client)
    message_id = _message_id(read, cleaner)
    if not message_id:
        stated = read.get("timestamp") or read.get("originalTimestamp") or received_at.isoformat()
        message_id = "hash-" + _digest([int(kind), *ids, name, traits, properties, stated])
    if notes := [*when.notes, *cleaner.notes]:
        received = {field: read[field] for field in _TIMES if field in read} if when.notes else {}
        context[CONTEXT_NOTES] = {"notes": notes, **received}
    else:
        context.pop(CONTEXT_NOTES, None)
    return Message(
        int(kind), name, message_id, when.ts, *ids, traits, properties, context, when.skew_ms, once
    )


def _cleaned(item: Mapping[str, Any], envelope: Mapping[str, Any]) -> tuple[dict[str, Any], Cleaner]:
    """The item with the batch's context under its own, cleaned, and what was noted. Raises Rejected."""
    cleaner = Cleaner()
    try:
        return cleaner.value(_merged(item, envelope, cleaner), "event"), cleaner
    except Rejected:
        shared = SharedCleaner()
        mended = {
            field: shared.value(envelope[field], field, depth=2) for field in _SHARED if field in envelope
        }
        if not shared.notes:
            raise
    cleaner = Cleaner()
    cleaner.notes += shared.notes
    return cleaner.value(_merged(item, {**envelope, **mended}, cleaner), "event"), cleaner


def _merged(item: Mapping[str, Any], envelope: Mapping[str, Any], cleaner: Cleaner) -> dict[str, Any]:
    """What we read of the item, with the batch's context under its own."""
    read = {field: value for field, value in item.items() if field in _READ and value is not None}
    context = _of_batch(envelope, "context", cleaner) | _object(item, "context")
    integrations = _of_batch(envelope, "integrations", cleaner) | _object(item, "integrations")
    if integrations and integrations != {"All": True}:
        context["integrations"] = integrations
    read["context"] = context
    return read


def _of_batch(envelope: Mapping[str, Any], field: str, cleaner: Cleaner) -> dict[str, Any]:
    """What the batch says for all of its items. Nonsense there costs no item, but is noted on each."""
    value = envelope.get(field)
    if isinstance(value, dict):
        return value
    if value:
        cleaner.note("ignored", f"batch.{field}")
    return {}


def _kind(item: Mapping[str, Any], assumed_type: str | None = None) -> Kind:
    stated = item.get("type") or assumed_type
    if stated is None:
        raise Rejected("missing_type", f"Set `type` to one of {', '.join(KIND_BY_TYPE)}.")
    kind = KIND_BY_TYPE.get(stated.lower()) if isinstance(stated, str) else None
    if kind is None:
        raise Rejected("unknown_type", f"`type` is {shown(stated)}. Use one of {', '.join(KIND_BY_TYPE)}.")
    if assumed_type is not None and kind is not KIND_BY_TYPE[assumed_type]:
        raise Rejected(
            "type_conflict",
            f"`type` is {shown(stated)} but the path says {assumed_type}. Send one or the other.",
        )
    return kind


def _name_and_properties(kind: Kind, item: Mapping[str, Any], cleaner: Cleaner) -> tuple[str, dict[str, Any]]:
    """The event of a track call or the name of a page (its category goes to the properties), and the properties."""
    properties = _object(item, "properties")
    name = ""
    if kind is Kind.TRACK:
        name = _event_name(item)
    elif kind in (Kind.PAGE, Kind.SCREEN):
        stated = item.get("name") or properties.get("name")
        name = stated.strip() if isinstance(stated, str) else ""
        if item.get("category") and "category" not in properties:
            properties["category"] = item["category"]
    if len(name) > NAME_LIMIT:
        cleaner.note("name_truncated", name)
        name = name[:NAME_LIMIT]
    return name, properties


def _event_name(item: Mapping[str, Any]) -> str:
    stated = item.get("event")
    name = str(stated) if isinstance(stated, int | float) and not isinstance(stated, bool) else stated
    if name is None or name == "" or (isinstance(name, str) and not name.strip()):
        raise Rejected("missing_event", "A track call needs `event`, the name of what happened.")
    if not isinstance(name, str):
        raise Rejected("invalid_event", f"`event` is {shown(stated)}. Send a text.")
    return name.strip()


def _message_id(item: Mapping[str, Any], cleaner: Cleaner) -> str:
    """The client's id, "" when there is none. A long one is replaced by its digest: equal ids stay equal."""
    stated = item.get("messageId")
    if isinstance(stated, bool) or not isinstance(stated, str | int):
        return ""
    text = str(stated).strip()
    if len(text) > MESSAGE_ID_LIMIT:
        cleaner.note("message_id_replaced", "messageId")
        return "sha256-" + _digest(text)
    return text


def _object(holder: Mapping[str, Any], field: str) -> dict[str, Any]:
    """A JSON object; absent, null and PHP's empty array are the empty one."""
    value = holder.get(field)
    if isinstance(value, dict):
        return value
    if value is None or value == [] or value == "":
        return {}
    raise Rejected(f"invalid_{field}", f"`{field}` is {shown(value)}. Send a JSON object.")


def _digest(value: Any) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()
