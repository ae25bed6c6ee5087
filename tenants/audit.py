"""Writes the audit log: one row for each change, in its transaction, chained by hash within the tenant."""

import hashlib
import json
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model

from tenants.context import current_tenant_id
from tenants.models import AuditEvent, PlatformEvent
from tenants.permissions import business_unit_of

request_id: ContextVar[str] = ContextVar("pqlhub_request_id", default="")
GENESIS = b"\0" * 32


@dataclass(frozen=True)
class Actor:
    """Who does it. `user_id` is None for the system, a command or a service token."""

    label: str
    user_id: UUID | None = None


SYSTEM = Actor("system")


def actor_for(user: Any) -> Actor:
    return Actor("user", user.pk)


def record(*, by: Actor, verb: str, target: Model, fields: Iterable[str] = (), now: datetime) -> AuditEvent:
    """Add one audit row for `target`. Must be called inside the transaction of the change it describes.

    Names of fields only, never values: what a person typed must be erasable, the log is not.
    """
    tenant_id = current_tenant_id()
    with connection.cursor() as cursor:  # one writer a tenant, or two rows would claim the same place
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('audit', %s))", [tenant_id])
    last = AuditEvent.objects.order_by("-sequence").values_list("sequence", "hash").first()
    sequence, previous = (last[0] + 1, bytes(last[1])) if last else (1, GENESIS)
    event = AuditEvent(
        tenant_id=tenant_id,
        sequence=sequence,
        at=now,
        actor_id=by.user_id,
        actor_label=by.label,
        verb=verb,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        fields=sorted(fields),
        business_unit_id=_unit_of(target),
        request_id=request_id.get(),
        previous_hash=previous,
    )
    event.hash = digest_of(event)
    event.save(force_insert=True)
    return event


def digest_of(event: AuditEvent) -> bytes:
    """SHA-256 over the previous hash and everything this row says."""
    content = [
        event.tenant_id,
        event.sequence,
        event.at.isoformat(),
        str(event.actor_id or ""),
        event.actor_label,
        event.verb,
        event.target_type,
        event.target_id,
        event.fields,
        event.request_id,
    ]
    if event.business_unit_id:
        content.append(str(event.business_unit_id))
    return hashlib.sha256(bytes(event.previous_hash) + json.dumps(content).encode()).digest()


def _unit_of(target: Model) -> UUID | None:
    unit = business_unit_of(target)
    return unit.pk if unit else None


def first_broken_link() -> int | None:
    """The sequence number of the first row of this tenant whose hash or place in the chain is wrong, or None."""
    previous, expected = GENESIS, 1
    for event in AuditEvent.objects.order_by("sequence").iterator():
        unbroken = event.sequence == expected and bytes(event.previous_hash) == previous
        if not unbroken or bytes(event.hash) != digest_of(event):
            return int(event.sequence)
        previous, expected = bytes(event.hash), expected + 1
    return None


def record_platform(
    *, by: Actor, verb: str, target: str, now: datetime, detail: dict[str, Any] | None = None
) -> None:
    """Add one row to the platform operators' log."""
    PlatformEvent.objects.create(at=now, actor_id=by.user_id, verb=verb, target=target, detail=detail or {})
