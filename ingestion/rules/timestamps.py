"""When an event happened, from what clients say about it (reference: Segment and RudderStack specifications).

Event time is the first readable of `timestamp` and `originalTimestamp`, else the moment of receipt. The client's clock
is corrected by `receivedAt - sentAt` only where that clock is a browser's or a phone's, or provably fast: server
libraries repeat a stale sentAt when they retry, and correcting those would move events forward by the outage.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FUTURE_LIMIT = timedelta(hours=24)
FAST_CLOCK = timedelta(seconds=60)
CLIENT_KINDS = ("browser", "mobile")
CLIENT_LIBRARIES = (
    "analytics.js",
    "analytics-next",
    "analytics-android",
    "analytics-ios",
    "analytics-swift",
    "analytics-kotlin",
    "analytics-react-native",
    "@segment/analytics-react-native",
    "analytics-flutter",
    "rudderlabs javascript sdk",
    "com.rudderstack.android.sdk.core",
    "rudder-ios-library",
    "posthog-js",
    "posthog-android",
    "posthog-ios",
    "posthog-react-native",
    "posthog-flutter",
)
_NUMBER = re.compile(r"-?\d{9,17}(\.\d+)?")
_LEAP_SECOND = re.compile(r"(?<=:59):60(?=\D|$)")
_SPACED_ZONE = re.compile(r" ?(UTC|GMT)$| (?=[+-]\d\d:?\d\d$)", re.IGNORECASE)


class EventTime(NamedTuple):
    """`skew_ms` is receivedAt - sentAt where it was applied. `notes` say what was not taken as it came."""

    ts: datetime
    skew_ms: int | None
    notes: tuple[str, ...]


def parse_instant(value: Any, zone: tzinfo = UTC) -> datetime | None:
    """A UTC instant from ISO 8601 (any offset, none means `zone`; a leap second is the one after it) or an epoch in
    seconds, milliseconds or microseconds, as number or digits. None when it is none of these or outside the years 1 to
    9999."""
    if value is None or isinstance(value, bool):
        return None
    try:
        if isinstance(value, str):
            return _from_text(value.strip(), zone)
        if isinstance(value, int | float):
            return _from_epoch(value)
    except (ValueError, OverflowError):
        return None
    return None


def event_time(
    item: Mapping[str, Any],
    envelope: Mapping[str, Any],
    *,
    source_kind: str,
    received_at: datetime,
    client: Mapping[str, Any],
) -> EventTime:
    """When the item happened. The item's own sentAt goes before the envelope's."""
    notes = []
    stated = None
    for field in ("timestamp", "originalTimestamp"):
        raw = item.get(field)
        if raw in (None, ""):
            continue
        stated = parse_instant(raw)
        if stated is not None:
            break
        notes.append(f"{field}_invalid")
    if stated is None:
        return EventTime(received_at, None, tuple(notes))
    sent_at = parse_instant(item.get("sentAt")) or parse_instant(envelope.get("sentAt"))
    ts, skew_ms = stated, None
    if sent_at is not None and _clock_is_corrected(item, source_kind, sent_at - received_at, client):
        skew = received_at - sent_at
        skew_ms = round(skew.total_seconds() * 1000)
        ts = _shifted(stated, skew)
    if ts > received_at + FUTURE_LIMIT:
        ts = received_at
        notes.append("timestamp_in_future")
    if ts < EPOCH:
        ts = EPOCH
        notes.append("timestamp_before_1970")
    return EventTime(ts, skew_ms, tuple(notes))


def _from_epoch(number: float) -> datetime | None:
    size = abs(number)
    for limit, unit in ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000)):
        if size < limit:
            return EPOCH + timedelta(microseconds=round(number * (1_000_000 // unit)))
    return None


def _from_text(text: str, zone: tzinfo) -> datetime | None:
    if len(text) > 64:
        return None
    if _NUMBER.fullmatch(text):
        return _from_epoch(float(text) if "." in text else int(text))
    leaps = 0
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        text, leaps = _LEAP_SECOND.subn(":59", text)
        parsed = datetime.fromisoformat(
            _SPACED_ZONE.sub(lambda found: "+00:00" if found.group(1) else "", text)
        )
    aware = parsed.replace(tzinfo=zone) if parsed.tzinfo is None else parsed
    return aware.astimezone(UTC) + timedelta(seconds=leaps)


def _clock_is_corrected(
    item: Mapping[str, Any], source_kind: str, ahead: timedelta, client: Mapping[str, Any]
) -> bool:
    if source_kind == "import":
        return False
    return ahead > FAST_CLOCK or is_client_side(item, source_kind, client)


def is_client_side(item: Mapping[str, Any], source_kind: str, client: Mapping[str, Any]) -> bool:
    """True when a browser or a phone sent it: its clock is a stranger's."""
    if source_kind in CLIENT_KINDS or client.get("origin"):
        return True
    if str(client.get("user_agent", "")).startswith("Mozilla/"):
        return True
    context = item.get("context")
    library = context.get("library") if isinstance(context, Mapping) else None
    name = library.get("name") if isinstance(library, Mapping) else None
    return isinstance(name, str) and name.lower() in CLIENT_LIBRARIES


def _shifted(instant: datetime, by: timedelta) -> datetime:
    try:
        return instant + by
    except OverflowError:
        return instant
