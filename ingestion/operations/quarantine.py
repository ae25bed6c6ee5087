"""Events that could not be read are kept whole with the reason, to be mended and replayed. Nothing is dropped."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.models import QuarantinedEvent
from ingestion.operations.arrivals import let_in_again
from ingestion.operations.governance import QUARANTINED
from ingestion.operations.inbox import append_to_inbox
from ingestion.operations.suppression import without_suppressed
from ingestion.rules.cleaning import Cleaner
from ingestion.rules.json_text import JsonError, dump_json, parse_json
from ingestion.rules.timestamps import parse_instant
from ingestion.rules.types import Rejection
from ingestion.rules.wire import check_shape, message_id_of
from tenants import audit
from tenants.audit import Actor

LABEL_LIMIT = 255


class AlreadyReplayed(ValueError):
    """The event went back into the stream before."""


class StillUnreadable(ValueError):
    """The event, as mended, would be rejected again. The message says why."""


def quarantine_all(
    *,
    source_id: UUID,
    rejected: Iterable[tuple[Any, Rejection]],
    received_at: datetime,
    client: Mapping[str, Any],
    envelope: Mapping[str, Any] | None = None,
    import_run_id: UUID | None = None,
    rows: Sequence[int] = (),
) -> list[QuarantinedEvent]:
    """Keep unreadable items of one request, in one statement. What the batch said for all of them (its context) is
    written into each, so that each can be replayed alone. Those of a file name their import and `rows`, one each. Those
    of who was erased are dropped."""
    whole = [
        (_standing_alone(raw, envelope or {}), (rejection, row))
        for (raw, rejection), row in zip_longest(rejected, rows)
    ]
    return QuarantinedEvent.objects.bulk_create(
        QuarantinedEvent(
            source_id=source_id,
            received_at=received_at,
            message_id=_label(raw, "messageId"),
            event_name=_label(raw, "event") or _label(raw, "name"),
            code=rejection.code,
            detail=rejection.detail,
            raw=dump_json(raw).decode(),
            client=dict(client),
            import_run_id=import_run_id,
            row_number=row,
        )
        for raw, (rejection, row) in without_suppressed(whole, received_at)
    )


@transaction.atomic
def replay_quarantined(*, event: QuarantinedEvent, by: Actor, now: datetime, raw: str | None = None) -> None:
    """Send the event through the inbox again, as it was or as mended (`raw`, JSON text).

    It keeps its time: without one of its own it happened when it was first received. Raises AlreadyReplayed, or
    StillUnreadable when the request that brought it would still reject it; the fold may yet find more.
    """
    event = QuarantinedEvent.objects.select_for_update().get(pk=event.pk)
    if event.replayed_at is not None:
        raise AlreadyReplayed(_("This event was replayed already."))
    mended = event.raw if raw is None else raw
    item = sent_again(mended, event.received_at, now)
    if event.code.startswith(QUARANTINED):
        let_in_again([(event.source_id, message_id_of(parse_json(event.raw.encode())))])
    append_to_inbox(
        source_id=event.source_id,
        payload=dump_json({"batch": [item]}),
        client=event.client,
        received_at=now,
    )
    QuarantinedEvent.objects.filter(pk=event.pk).update(replayed_at=now, raw=mended)
    fields = ["raw", "replayed_at"] if mended != event.raw else ["replayed_at"]
    audit.record(by=by, verb="quarantined_event.replayed", target=event, fields=fields, now=now)


def sent_again(raw: str, received_at: datetime, now: datetime) -> dict[str, Any]:
    """The item of this JSON text as if it were sent now. Raises StillUnreadable."""
    try:
        item = parse_json(raw.encode("utf-8", "surrogatepass"))
    except JsonError as error:
        raise StillUnreadable(str(error)) from error
    rejection = check_shape(item)
    if rejection is not None:
        raise StillUnreadable(rejection.detail)
    return _moved(item, received_at, now)


def _label(raw: Any, field: str) -> str:
    value = raw.get(field) if isinstance(raw, dict) else None
    return Cleaner().text(value, field)[:LABEL_LIMIT] if isinstance(value, str) else ""


def _standing_alone(raw: Any, envelope: Mapping[str, Any]) -> Any:
    """The item with what its batch said for all items; the item wins."""
    if not isinstance(raw, dict):
        return raw
    whole = dict(raw)
    for field in ("context", "integrations"):
        shared, own = envelope.get(field), raw.get(field) or {}
        if shared and isinstance(shared, dict) and isinstance(own, dict):
            whole[field] = shared | own
    if envelope.get("sentAt"):
        whole.setdefault("sentAt", envelope["sentAt"])
    return whole


def _moved(item: dict[str, Any], received_at: datetime, now: datetime) -> dict[str, Any]:
    """The item as if sent now: its sentAt moves by the wait, so that the skew of its clock stays what it was."""
    moved = dict(item)
    if not (item.get("timestamp") or item.get("originalTimestamp")):
        moved["timestamp"] = received_at.isoformat()
    sent_at = parse_instant(item.get("sentAt"))
    if sent_at is not None:
        moved["sentAt"] = (sent_at + (now - received_at)).isoformat()
    return moved
