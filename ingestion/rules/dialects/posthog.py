"""PostHog's capture API, translated into items of the Segment shape (ingestion/api/posthog.py is its address).

PostHog names everybody by a `distinct_id`. It is a user's id, unless the SDK says that nobody has logged in yet; then
it is an anonymous id. PostHog knows groups of several types; an account is the group of one of ACCOUNT_TYPES.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ingestion.rules.dialects import Ignored, Refusal
from ingestion.rules.types import Rejection, shown

ACCOUNT_TYPES = (
    *("company", "account", "organization", "organisation", "workspace", "customer", "tenant"),
)  # the first that an event names is its account
IGNORED = frozenset(
    (
        *("$feature_flag_called", "$experiment_exposure", "$exception", "$client_ingestion_warning"),
        *("$snapshot", "$snapshot_items", "$$heatmap", "$heatmap", "$performance_event", "$web_vitals"),
    )
)
TYPES = {
    "$identify": "identify",
    "$set": "identify",
    "$set_once": "identify",
    "$groupidentify": "group",
    "$pageview": "page",
    "$screen": "screen",
    "$create_alias": "alias",
    "$merge_dangerously": "alias",
}
_TAKEN_APART = ("distinct_id", "token", "$set", "$set_once", "$unset")
_PAGE = {"url": "$current_url", "path": "$pathname", "referrer": "$referrer", "title": "title"}
_CONTEXT = {
    "userAgent": "$raw_user_agent",
    "ip": "$ip",
    "timezone": "$timezone",
    "locale": "$browser_language",
}
_RANDOM_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_LONGEST_OFFSET = timedelta(days=365)


def translate(
    item: Any, *, received_at: datetime, sent_at: Any = None, library: Any = None
) -> dict[str, Any] | Refusal | Ignored:
    """One PostHog event as an item of the Segment shape. Never raises for any JSON value.

    `sent_at` is the client's clock when it sent the request, None where the times are not to be corrected by it;
    `library` is "name/version" as the request's headers say it.
    """
    if not isinstance(item, dict):
        return Refusal(item, Rejection("not_an_object", "An event must be a JSON object."))
    event, stated = item.get("event"), item.get("properties")
    if isinstance(event, str) and event in IGNORED:
        return Ignored(event, item.get("uuid"))
    properties = stated if isinstance(stated, dict) else {}
    kind = TYPES.get(event, "track") if isinstance(event, str) else "track"
    translated: dict[str, Any] = {
        "type": kind,
        "messageId": item.get("uuid") or properties.get("uuid") or properties.get("$insert_id"),
        "timestamp": _timestamp(item, properties, received_at),
        "properties": _kept(properties) if isinstance(stated, dict | None) else stated,
        "context": _context(properties, library),
    }
    if kind == "track":
        translated["event"] = event
    if sent_at is not None and not _keeps_its_time(item, properties):
        translated["sentAt"] = sent_at
    _who(translated, kind, item, properties)
    reason = _fill(translated, item, properties)
    translated = {name: value for name, value in translated.items() if value not in (None, {})}
    return translated if reason is None else Refusal(translated, reason)


def _fill(
    translated: dict[str, Any], item: Mapping[str, Any], properties: Mapping[str, Any]
) -> Rejection | None:
    """Add what only some kinds have. Returns why it cannot be done."""
    kind = translated["type"]
    traits, once = _traits(item, properties)
    if "userId" not in translated and "anonymousId" not in translated:
        return Rejection("missing_user_id", "Send `distinct_id`: who did it, as text or number.")
    if kind == "group":
        if traits or once:  # kept, but a group call sets the account's
            translated["context"]["person"] = {"$set": traits, "$set_once": once}
        return _fill_group(translated, properties)
    translated["traits"], translated["traitsOnce"] = traits, once
    if kind == "alias":
        translated["previousId"] = properties.get("alias")
        if not translated["previousId"]:
            return Rejection("missing_previous_id", "An alias needs `properties.alias`, the other id.")
    elif kind == "screen":
        translated["name"] = properties.get("$screen_name")
    elif kind == "page" and isinstance(translated["properties"], dict):
        translated["properties"] |= translated["context"].get("page", {})
    return None


def _fill_group(translated: dict[str, Any], properties: Mapping[str, Any]) -> Rejection | None:
    translated["traits"] = properties.get("$group_set")
    named = properties.get("$group_type")
    if not isinstance(named, str) or named.lower() not in ACCOUNT_TYPES:
        return Rejection(
            "unknown_group_type",
            f"`$group_type` is {shown(named)}. An account is a group of type {', '.join(ACCOUNT_TYPES)}.",
        )
    translated["groupId"] = properties.get("$group_key")
    return None


def _who(
    translated: dict[str, Any], kind: str, item: Mapping[str, Any], properties: Mapping[str, Any]
) -> None:
    """Whose event it is, and in which account it happened."""
    distinct_id = item.get("distinct_id") or properties.get("distinct_id")
    anonymous_id = properties.get("$anon_distinct_id")
    nobody = f"${properties.get('$group_type')}_{properties.get('$group_key')}"  # as most server SDKs name it
    if kind == "group" and (
        distinct_id == nobody or _is_made_up(distinct_id, properties, translated["context"])
    ):
        translated["anonymousId"] = nobody
    elif distinct_id and kind != "alias" and not _is_user(item, properties):
        translated["anonymousId"] = distinct_id
    elif distinct_id:
        translated["userId"] = distinct_id
        if anonymous_id and anonymous_id != distinct_id:
            translated["anonymousId"] = anonymous_id
    if (account := _account(properties.get("$groups"))) is not None:
        translated["context"]["groupId"] = account


def _account(groups: Any) -> Any:
    if not isinstance(groups, dict):
        return None
    by_type = {name.lower(): key for name, key in groups.items() if key not in (None, "")}
    return next((by_type[name] for name in ACCOUNT_TYPES if name in by_type), None)


def _is_user(item: Mapping[str, Any], properties: Mapping[str, Any]) -> bool:
    """Whether the distinct id is that of someone who is logged in. Servers do not say; theirs are users."""
    if item.get("event") == "$identify":
        return True
    options = item.get("options")
    if isinstance(options, dict) and options.get("process_person_profile") is False:
        return False
    if properties.get("$process_person_profile") is False:
        return False
    if isinstance(properties.get("$is_identified"), bool):
        return bool(properties["$is_identified"])
    return not properties.get("$device_id") or bool(properties.get("$user_id"))


def _is_made_up(distinct_id: Any, properties: Mapping[str, Any], context: Mapping[str, Any]) -> bool:
    """posthog-python gives a group that is told of without a person a new random UUID each time. Each would become a
    member of the account."""
    library = context.get("library", {}).get("name")
    return (
        library == "posthog-python"
        and not properties.get("$groups")
        and isinstance(distinct_id, str)
        and _RANDOM_UUID.fullmatch(distinct_id) is not None
    )


def _traits(item: Mapping[str, Any], properties: Mapping[str, Any]) -> tuple[Any, Any]:
    """What `$set` and `$unset` say of the person, and what `$set_once` says while nothing else does. There null says
    nothing."""
    traits, once = (_united(properties.get(name), item.get(name)) for name in ("$set", "$set_once"))
    if isinstance(once, dict):
        once = {name: value for name, value in once.items() if value is not None}
    emptied = properties.get("$unset") or item.get("$unset")
    if isinstance(emptied, list) and isinstance(traits, dict):
        traits |= {name: None for name in emptied if isinstance(name, str)}
    return traits, once


def _united(*said: Any) -> Any:
    """The objects as one, the later winning; what is no object is handed on, to be refused as traits."""
    wrong = next((each for each in said if each and not isinstance(each, dict)), None)
    return wrong or {name: value for each in said if each for name, value in each.items()}


def _kept(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of the event, without the key and what is said elsewhere."""
    return {name: value for name, value in properties.items() if name not in _TAKEN_APART}


def _context(properties: Mapping[str, Any], library: Any) -> dict[str, Any]:
    context: dict[str, Any] = _renamed(properties, _CONTEXT)
    if page := _renamed(properties, _PAGE):
        context["page"] = page
    name, version = properties.get("$lib"), properties.get("$lib_version")
    if not name and isinstance(library, str):
        name, _, version = library.partition("/")
    if name:
        context["library"] = {"name": "posthog-js" if name in ("web", "js") else name, "version": version}
    return context


def _renamed(properties: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        ours: properties[theirs]
        for ours, theirs in names.items()
        if isinstance(properties.get(theirs), str) and properties[theirs] not in ("", "$direct")
    }


def _timestamp(item: Mapping[str, Any], properties: Mapping[str, Any], received_at: datetime) -> Any:
    """When it happened. Older browser SDKs say how many milliseconds ago instead."""
    stated = item.get("timestamp") or properties.get("timestamp")
    offset = item.get("offset")
    if (
        not stated
        and isinstance(offset, int | float)
        and 0 <= offset < _LONGEST_OFFSET.total_seconds() * 1000
    ):
        return (received_at - timedelta(milliseconds=offset)).isoformat()
    return stated


def _keeps_its_time(item: Mapping[str, Any], properties: Mapping[str, Any]) -> bool:
    options = item.get("options")
    disabled = isinstance(options, dict) and options.get("disable_skew_correction") is True
    return disabled or properties.get("$ignore_sent_at") is True or not item.get("timestamp")
