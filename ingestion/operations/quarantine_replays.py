"""Sends a group of the quarantine again, in slices that a killed worker's successor goes on with."""

from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ingestion.models import QuarantinedEvent, QuarantineReplay
from ingestion.operations.arrivals import let_in_again
from ingestion.operations.governance import QUARANTINED
from ingestion.operations.inbox import append_to_inbox
from ingestion.operations.quarantine import StillUnreadable, sent_again
from ingestion.rules.json_text import dump_json, parse_json
from ingestion.rules.wire import message_id_of
from tenants import audit, work
from tenants.audit import SYSTEM, Actor
from tenants.context import current_tenant_id

SLICE = 500
IN_ONE_REQUEST = 100
REPLAY = "replay"  # names the replay in `client`, so that what comes back is counted


class NothingWaits(ValueError):
    """No event of this group waits any more."""


@transaction.atomic
def begin_quarantine_replay(
    *, source_id: UUID, code: str, event_name: str, by: Actor, now: datetime
) -> QuarantineReplay:
    """Send again all events that wait with this reason, of this source and name, and were received until now. While
    one of the same group runs it is that one. Raises NothingWaits."""
    running = QuarantineReplay.objects.filter(
        source_id=source_id, code=code, event_name=event_name, finished_at=None
    ).first()
    if running is not None:
        return running
    run = QuarantineReplay(source_id=source_id, code=code, event_name=event_name, asked_at=now)
    run.total = waiting_of(run).count()
    if not run.total:
        raise NothingWaits(_("These were sent again already."))
    run.save(force_insert=True)
    audit.record(by=by, verb="quarantine_replay.asked", target=run, fields=["total"], now=now)
    work.wake(tenant_id=current_tenant_id(), kind="requarantine", at=now)
    return run


@transaction.atomic
def continue_quarantine_replays(*, now: datetime) -> bool:
    """Do the next slice of the current tenant's oldest replay. Returns whether there is more."""
    run = QuarantineReplay.objects.select_for_update().filter(finished_at=None).order_by("asked_at").first()
    if run is None:
        return False
    rows = list(waiting_of(run).filter(pk__gt=run.after).order_by("pk").select_for_update()[:SLICE])
    for row_client, group in groupby(sorted(rows, key=_client), key=_client):
        _send(run, row_client, list(group), now)
    if len(rows) == SLICE:
        run.after = rows[-1].pk
    else:
        run.finished_at = now
        audit.record(
            by=SYSTEM, verb="quarantine_replay.done", target=run, fields=["sent", "refused"], now=now
        )
    run.save()
    return run.finished_at is None or QuarantineReplay.objects.filter(finished_at=None).exists()


def waiting_of(run: QuarantineReplay) -> QuerySet[QuarantinedEvent]:
    """What is still to be sent again. What comes back in the meantime was received later and is not among it."""
    return QuarantinedEvent.objects.filter(
        source_id=run.source_id,
        code=run.code,
        event_name=run.event_name,
        replayed_at=None,
        received_at__lte=run.asked_at,
    )


def _client(row: QuarantinedEvent) -> bytes:
    return dump_json(row.client)


def _send(run: QuarantineReplay, client: bytes, rows: list[QuarantinedEvent], now: datetime) -> None:
    sent: list[QuarantinedEvent] = []
    items = []
    for row in rows:
        try:
            items.append(sent_again(row.raw, row.received_at, now))
            sent.append(row)
        except StillUnreadable:
            run.refused += 1
    if run.code.startswith(QUARANTINED):
        let_in_again([(row.source_id, message_id_of(parse_json(row.raw.encode()))) for row in sent])
    for start in range(0, len(items), IN_ONE_REQUEST):
        append_to_inbox(
            source_id=run.source_id,
            payload=dump_json({"batch": items[start : start + IN_ONE_REQUEST]}),
            client=parse_json(client) | {REPLAY: str(run.pk)},
            received_at=now,
        )
    QuarantinedEvent.objects.filter(pk__in=[row.pk for row in sent]).update(replayed_at=now)
    run.sent += len(sent)
