"""Actions and their versions, and matching what is stored already against new versions.

No event is missed and none counted twice, whatever is folded meanwhile: making a version takes the history lock, so
every slice of events was committed before it (and is found here) or reads the versions after it (and is matched as it
is folded). Where both happen, the key of activity makes one row of it.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.models import Action, ActionVersion
from ingestion.models.events import EventKind
from ingestion.operations.activity import Stored, count_events, load_matchers
from ingestion.operations.domain_accounts import derived_accounts
from ingestion.operations.environments import sources_not_in_production
from ingestion.operations.locks import lock_history
from ingestion.operations.memory import collector_paused
from ingestion.operations.stored_events import scan_events
from ingestion.operations.touched import touch_holders
from ingestion.queries.renames import Key, canonical_names
from ingestion.rules.filters import FilterError, check_filters
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.models import BusinessUnit
from tenants.queries import get_tenant
from tenants.work import wake


@transaction.atomic
def create_action(
    *,
    business_unit: BusinessUnit,
    name: str,
    event_kind: int,
    event_name: str,
    filters: list[dict[str, Any]],
    number_property: str,
    by: Actor,
    now: datetime,
    description: str = "",
) -> Action:
    """An action and its first version; stored events are matched in the background. Raises ValidationError."""
    action = Action(business_unit=business_unit, name=name, description=description, created_at=now)
    action.full_clean()
    lock_history()
    action.save(force_insert=True)
    version = ActionVersion(
        number=1, **_matching(event_kind, event_name, filters, number_property), created_at=now
    )
    _save_version(action, version, now)
    audit.record(by=by, verb="action.created", target=action, fields=["name", "event_name"], now=now)
    return action


@transaction.atomic
def edit_action(
    *,
    action: Action,
    name: str,
    event_kind: int,
    event_name: str,
    filters: list[dict[str, Any]],
    number_property: str,
    by: Actor,
    now: datetime,
    description: str = "",
) -> ActionVersion:
    """Change an action. Another match makes the next version, matched against stored events in the background; another
    name does not. Definitions keep the version they were published with. Returns the newest version. An edit that
    changes nothing leaves no row. Raises ValidationError."""
    lock_history()
    words = {"name": name, "description": description}
    changed = [field for field, value in words.items() if getattr(action, field) != value]
    action.name, action.description = name, description
    action.full_clean()
    action.save(update_fields=["name", "description"])
    newest: ActionVersion = action.versions.order_by("-number")[0]
    wanted = _matching(event_kind, event_name, filters, number_property)
    rematched = [field for field, value in wanted.items() if getattr(newest, field) != value]
    if rematched:
        newest = ActionVersion(number=newest.number + 1, **wanted, created_at=now)
        _save_version(action, newest, now)
    if changed or rematched:
        audit.record(by=by, verb="action.changed", target=action, fields=[*changed, *rematched], now=now)
    return newest


@transaction.atomic
def archive_action(*, action: Action, by: Actor, now: datetime) -> None:
    """Hide it from whoever defines something new. Its versions go on counting for definitions that use them."""
    changed = Action.objects.filter(pk=action.pk, archived_at__isnull=True).update(archived_at=now)
    if changed:
        audit.record(by=by, verb="action.archived", target=action, fields=["archived_at"], now=now)


def _matching(event_kind: int, event_name: str, filters: Any, number_property: str) -> dict[str, Any]:
    """The checked fields of a version that say what it matches. Raises ValidationError."""
    if event_kind == EventKind.TRACK and not event_name.strip():
        raise ValidationError({"event_name": _("Name the event, exactly as the product sends it.")})
    try:
        checked = check_filters(filters)
    except FilterError as error:
        raise ValidationError({"filters": str(error)}) from error
    return {
        "event_kind": int(event_kind),
        "event_name": event_name,
        "filters": checked,
        "number_property": number_property,
    }


def _save_version(action: Action, version: ActionVersion, now: datetime) -> None:
    version.action = action
    version.full_clean(exclude=["filters", "backfilled_through", "backfill_done_at", "counts_from"])
    version.save(force_insert=True)
    wake(tenant_id=current_tenant_id(), kind="backfill", at=now)


def backfill_actions(*, now: datetime, seconds: float = 5) -> bool:
    """Match a slice of stored events, oldest first, against versions that have not seen them. Returns whether there is
    more to do: call again in a new transaction. Goes on where the last committed slice ended."""
    deadline = time.monotonic() + seconds
    pending = list(ActionVersion.objects.select_for_update().filter(backfill_done_at__isnull=True))
    if not pending:
        return False
    start = min(version.backfilled_through or 0 for version in pending)
    versions = [version for version in pending if (version.backfilled_through or 0) == start]
    with collector_paused():
        events, through, is_complete = scan_events(_names(versions), start, deadline)
        if events:
            _count(events, versions, now)
    done = ActionVersion.objects.filter(pk__in=[version.pk for version in versions])
    done.update(backfilled_through=through)
    if is_complete:
        tenant = get_tenant(current_tenant_id())
        done.update(backfill_done_at=now, counts_from=tenant.events_missing_before)
    return not is_complete or len(versions) < len(pending)


def _names(versions: Sequence[ActionVersion]) -> set[Key]:
    """Of the events these versions look for, with the names that count as those."""
    wanted = {(version.event_kind, version.event_name) for version in versions}
    return wanted | {
        (kind, name) for (kind, name), other in canonical_names().items() if (kind, other) in wanted
    }


def _count(events: list[Stored], versions: Sequence[ActionVersion], now: datetime) -> None:
    lock_history()
    tenant = get_tenant(current_tenant_id())
    derived = derived_accounts(events, tenant)
    index = load_matchers(version.pk for version in versions)
    matched, _rows = count_events(events, index, tenant.zone, sources_not_in_production(), derived)
    touch_holders(
        (event.identity_id for event in matched),
        (event.account_id or derived.get(event.identity_id) for event in matched),
        at=now,
    )
