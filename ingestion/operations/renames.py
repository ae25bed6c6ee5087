"""Event names that count as another one. Stored events keep their name; what counts the other name counts them too.

Mapping and taking back both follow history in slices, and nothing is missed whatever is folded meanwhile: a mapping
changes under the history lock, so what was folded before was committed before the first slice and is found, and
whoever folds after it reads the mapping as it is. An action defined meanwhile asks for the mapped names itself.
"""

import time
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.models import ActionVersion, EventName, EventRename
from ingestion.operations.activity import Stored, count_events, load_matchers
from ingestion.operations.domain_accounts import derived_accounts
from ingestion.operations.environments import sources_not_in_production
from ingestion.operations.locks import lock_history
from ingestion.operations.memory import collector_paused
from ingestion.operations.stored_events import scan_events
from ingestion.operations.touched import touch_holders
from ingestion.queries import close_names
from ingestion.queries.browse import COUNTABLE_KINDS
from ingestion.queries.sql import fetch
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.queries import get_tenant
from tenants.work import wake

_TAKE_AWAY = """
DELETE FROM ingestion_activity WHERE tenant_id = %(tenant_id)s AND event_id = ANY(%(events)s::bigint[])
    AND action_version_id = ANY(%(versions)s::bigint[])
RETURNING identity_id, account_id
"""


@transaction.atomic
def map_event(*, event_kind: int, from_name: str, to_name: str, by: Actor, now: datetime) -> EventRename:
    """Have the events of one name count as those of another, from now on and in all of stored history. Raises
    ValidationError: one step only, so neither name may be at the other end of another mapping."""
    to_name = to_name.strip()
    lock_history()
    _check(event_kind, from_name, to_name)
    rename = EventRename(event_kind=event_kind, from_name=from_name, to_name=to_name, created_at=now)
    rename.save(force_insert=True)
    wake(tenant_id=current_tenant_id(), kind="backfill", at=now)
    audit.record(by=by, verb="event_name.mapped", target=rename, fields=["from_name", "to_name"], now=now)
    return rename


@transaction.atomic
def unmap_event(*, rename: EventRename, by: Actor, now: datetime) -> None:
    """Have it count as itself alone again; what it counted as the other is taken away in the background, as far as its
    events are still stored. Twice changes nothing."""
    row = EventRename.objects.select_for_update().filter(pk=rename.pk, ended_at=None).first()
    lock_history()  # after the row, as follow_renames takes them
    if row is None:
        return
    row.ended_at, row.done_at, row.done_through = now, None, 0
    row.save()
    wake(tenant_id=current_tenant_id(), kind="backfill", at=now)
    audit.record(by=by, verb="event_name.unmapped", target=row, fields=["ended_at"], now=now)


@transaction.atomic
def follow_renames(*, now: datetime, seconds: float = 5) -> bool:
    """Match a slice of stored events as one mapped name says now. Returns whether there is more to do: call again in a
    new transaction. Goes on where the last committed slice ended."""
    deadline = time.monotonic() + seconds
    rename = EventRename.objects.select_for_update().filter(done_at=None).order_by("pk").first()
    if rename is None:
        return False
    with collector_paused():
        key = (rename.event_kind, rename.from_name)
        events, rename.done_through, is_complete = scan_events([key], rename.done_through, deadline)
        lock_history()
        if rename.ended_at is None:
            _count(events, now)
        else:
            _take_away(rename, events, now)
    if not is_complete:
        rename.save()
    elif rename.ended_at is None:
        rename.done_at = now
        rename.save()
    else:
        rename.delete()
    return not is_complete or EventRename.objects.filter(done_at=None).exists()


def _check(kind: int, from_name: str, to_name: str) -> None:
    if kind not in COUNTABLE_KINDS or not from_name:
        raise ValidationError(_("Only track, page and screen events that have a name can be mapped."))
    if not to_name:
        raise ValidationError({"to_name": _("Name the event that it counts as.")})
    if to_name == from_name:
        raise ValidationError({"to_name": _("It counts as itself already. Name another event.")})
    rows = EventRename.objects.filter(event_kind=kind)
    names = {"from": from_name, "to": to_name}
    if known := rows.filter(from_name=from_name).first():
        names["other"] = known.to_name
        if known.ended_at is None:
            text = _("“%(from)s” counts as “%(other)s”. Take that back first.")
        else:
            text = _(
                "That “%(from)s” counted as “%(other)s” is still being taken back. Try again in a moment."
            )
        raise ValidationError({"to_name": text % names})
    if onward := rows.filter(from_name=to_name).first():
        text = _("“%(to)s” itself counts as “%(other)s”. Map “%(from)s” to that one.")
        raise ValidationError({"to_name": text % (names | {"other": onward.to_name})})
    if inward := rows.filter(to_name=from_name).first():
        text = _("“%(other)s” counts as “%(from)s”. Take that back, and map both to “%(to)s”.")
        raise ValidationError({"to_name": text % (names | {"other": inward.from_name})})
    if not _is_known(kind, to_name):
        raise ValidationError({"to_name": _unknown(to_name)})


def _is_known(kind: int, name: str) -> bool:
    return (
        EventName.objects.filter(kind=kind, name=name).exists()
        or ActionVersion.objects.filter(event_kind=kind, event_name=name).exists()
    )


def _unknown(name: str) -> str:
    text = _("No such event “%s” has arrived, and no action counts it.") % name
    if close := close_names(name):
        text += " " + _("Did you mean %s?") % ", ".join(f"“{each}”" for each in close)
    return text


def _count(events: list[Stored], now: datetime) -> None:
    tenant = get_tenant(current_tenant_id())
    derived = derived_accounts(events, tenant)
    matched, _rows = count_events(events, load_matchers(), tenant.zone, sources_not_in_production(), derived)
    touch_holders(
        (event.identity_id for event in matched),
        (event.account_id or derived.get(event.identity_id) for event in matched),
        at=now,
    )


def _take_away(rename: EventRename, events: list[Stored], now: datetime) -> None:
    versions = ActionVersion.objects.filter(event_kind=rename.event_kind, event_name=rename.to_name)
    gone = fetch(
        _TAKE_AWAY,
        events=[event.id for event in events],
        versions=list(versions.values_list("pk", flat=True)),
    )
    touch_holders((identity for identity, _a in gone), (account for _i, account in gone), at=now)
