"""Messages as a product sends them, and the way they take: inbox, then fold."""

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from ingestion.models import Action, ActionVersion
from ingestion.models.events import EventKind
from ingestion.operations import FoldResult, accept_batch, create_action, edit_action, fold_inbox
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import BusinessUnit, Source, Tenant
from tenants.operations import create_source
from tenants.queries import KeyOwner

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)  # when things happen, unless said otherwise
RECEIVED = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
_numbers = itertools.count(1)

Item = dict[str, Any]


def message(type: str, user: str | None = None, *, ts: datetime | str | None = None, **fields: Any) -> Item:
    """An item of a batch. Ids that are not given are left out; without `id` it gets one of its own."""
    stamp = ts.isoformat() if isinstance(ts, datetime) else ts or START.isoformat()
    item = {"type": type, "userId": user, "messageId": fields.pop("id", None) or f"m{next(_numbers)}"}
    item |= {"timestamp": stamp, "anonymousId": fields.pop("anon", None), **fields}
    return {key: value for key, value in item.items() if value is not None}


def track(user: str | None, event: str, *, account: str | None = None, **fields: Any) -> Item:
    context = {"groupId": account} if account is not None else {}
    context |= fields.pop("context", {})
    return message("track", user, event=event, context=context, **fields)


def identify(user: str | None, *, anon: str | None = None, **fields: Any) -> Item:
    traits = fields.pop("traits", {})
    return message("identify", user, anon=anon, traits=traits, **fields)


def group(user: str, account: str, **fields: Any) -> Item:
    traits = fields.pop("traits", {})
    return message("group", user, groupId=account, traits=traits, **fields)


def alias(user: str, previous: str, **fields: Any) -> Item:
    return message("alias", user, previousId=previous, **fields)


def make_source(tenant: Tenant, *, kind: str = "server", name: str = "App") -> Source:
    """The tenant's source of this name, made when it is missing."""
    with tenant_context(tenant.pk):
        source = Source.objects.filter(name=name).first()
        return source or create_source(name=name, kind=kind, by=SYSTEM, now=START)


def make_action(
    event: str,
    *,
    name: str = "",
    kind: int = EventKind.TRACK,
    filters: Iterable[Item] = (),
    number_property: str = "",
) -> Action:
    """A corporate action of the tenant we are in, named as the event it counts."""
    return create_action(
        business_unit=BusinessUnit.objects.get(parent__isnull=True),
        name=name or event,
        event_kind=kind,
        event_name=event,
        filters=list(filters),
        number_property=number_property,
        by=SYSTEM,
        now=START,
    )


def count_instead(action: Action, event: str) -> ActionVersion:
    """Edit the action so that it counts another event."""
    return edit_action(
        action=action,
        name=action.name,
        event_kind=EventKind.TRACK,
        event_name=event,
        filters=[],
        number_property="",
        by=SYSTEM,
        now=START,
    )


def send(
    tenant: Tenant,
    items: Iterable[Item],
    *,
    received_at: datetime = RECEIVED,
    source: Source | None = None,
    client: dict[str, Any] | None = None,
) -> None:
    """Accept one request, as the API does."""
    source = source or make_source(tenant)
    owner = KeyOwner(tenant.pk, source.pk, source.pk, source.kind)
    accept_batch(owner=owner, items=list(items), envelope={}, client=client or {}, received_at=received_at)


def fold(tenant: Tenant, *, now: datetime = RECEIVED, limit_events: int = 5000) -> FoldResult:
    """Fold the tenant's inbox until it is empty. Returns the sum."""
    total = FoldResult(0, 0, 0, 0, more=True)
    while total.more:
        with tenant_context(tenant.pk):
            one = fold_inbox(now=now, limit_events=limit_events)
        total = FoldResult(
            total.events + one.events,
            total.duplicates + one.duplicates,
            total.quarantined + one.quarantined,
            total.activity + one.activity,
            one.more,
        )
    return total


def send_and_fold(tenant: Tenant, items: Iterable[Item], **options: Any) -> FoldResult:
    send(tenant, items, **options)
    return fold(tenant)
