"""The outbox: rows written in the transaction that decides, sent later by `deliver_due`."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from delivery.connectors.webhook import LARGEST_BODY, build_body
from delivery.models import Delivery, Destination
from delivery.operations.trouble import CLOSED_BREAKER, NO_TROUBLE
from delivery.queries import FINISHED_STATES
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.work import wake


class PayloadTooLarge(ValueError):
    """The body would be larger than receivers of Standard Webhooks accept (20 kB)."""


@transaction.atomic
def enqueue(
    *,
    destination: Destination,
    effect_key: str,
    event_type: str,
    subject_ref: str,
    payload: dict[str, Any],
    now: datetime,
) -> Delivery | None:
    """Push `payload` to the destination once. The same effect_key again adds nothing and answers None.

    Call it in the transaction that decides. A paused destination keeps it until resumed. Raises PayloadTooLarge.
    """
    size = len(build_body(event_type=event_type, created_at=now, data=payload))
    if size > LARGEST_BODY:
        raise PayloadTooLarge(f"{event_type} is {size} bytes; {LARGEST_BODY} is the most.")
    row = Delivery(
        destination=destination,
        effect_key=effect_key,
        event_type=event_type,
        subject_ref=subject_ref,
        payload=payload,
        next_at=now,
        created_at=now,
    )
    Delivery.objects.bulk_create([row], ignore_conflicts=True)
    if not Delivery.objects.filter(pk=row.pk).exists():
        return None
    wake(tenant_id=current_tenant_id(), kind="deliver", at=now)
    return row


@transaction.atomic
def replay_delivery(*, delivery: Delivery, by: Actor, now: datetime) -> None:
    """Send it again from the first attempt, under the same webhook-id: a receiver that had it may drop it. What still
    may not be sent is withheld again. Raises ValueError while it is still being tried."""
    changed = Delivery.objects.filter(pk=delivery.pk, state__in=FINISHED_STATES).update(
        state=Delivery.State.WAITING, attempts=0, next_at=now, done_at=None, withheld_because=""
    )
    if not changed:
        raise ValueError(_("This delivery is still being tried. Wait until it is delivered or given up."))
    audit.record(by=by, verb="delivery.replayed", target=delivery, now=now)
    wake(tenant_id=current_tenant_id(), kind="deliver", at=now)


@transaction.atomic
def replay_dead(*, destination: Destination, by: Actor, now: datetime) -> int:
    """Somebody has mended the receiver: send everything again that was given up, without waiting for the breaker.
    Returns how many. A stopped or paused destination sends it when it is resumed."""
    changed = Delivery.objects.filter(destination=destination, state=Delivery.State.DEAD).update(
        state=Delivery.State.WAITING, attempts=0, next_at=now
    )
    if changed:
        Destination.objects.filter(pk=destination.pk).update(**CLOSED_BREAKER, **NO_TROUBLE)
        audit.record(by=by, verb="destination.replayed", target=destination, now=now)
        wake(tenant_id=current_tenant_id(), kind="deliver", at=now)
    return int(changed)
