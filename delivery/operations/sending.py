"""Sending what is due: claim in one transaction, call outside any, store what came back in another.

A claim is a lease: it counts the attempt, so that a delivery that kills its worker reaches "gave up" too, and its
`next_at` is when it counts as lost. The result is stored only by whoever still holds the lease.
"""

import random
import ssl
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import cast
from uuid import UUID, uuid4

from django.conf import settings

from delivery.connectors.webhook import build_body, build_headers
from delivery.models import Delivery, DeliveryAttempt, Destination
from delivery.operations.trouble import note_success, note_trouble
from delivery.queries import OPEN_STATES, due_destinations, next_due_at, signing_secrets
from delivery.rules.schedule import (
    BREAKER_OPENS_AT,
    MOST_ATTEMPTS,
    breaker_pause,
    delay_after,
)
from tenants.connectors.http import Answer, post
from tenants.context import tenant_context
from tenants.leaving import why_nothing_leaves
from tenants.rules.retry_after import read_retry_after
from tenants.secret_box import CannotOpen

Clock = Callable[[], datetime]
WhyNot = Callable[[Collection[str]], Mapping[str, str]]
LEASE = timedelta(seconds=60)  # three times what a call may take
AT_ONCE = 16
AT_ONCE_PER_DESTINATION = 4
THROTTLED = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
GIVEN_UP = {"state": Delivery.State.DEAD, "lease_token": None}
LOST = "The worker was lost during every attempt."


@dataclass(frozen=True)
class DeliverResult:
    """What one call did. next_at: when the next attempt is due, None when nothing is open."""

    sent: int
    failed: int
    next_at: datetime | None


@dataclass(frozen=True)
class Push:
    """One leased attempt: all that the call needs, so that it touches no database."""

    delivery_id: UUID
    destination_id: UUID
    token: UUID
    attempts: int
    url: str
    headers: dict[str, str]
    body: bytes


def deliver_due(
    *,
    tenant_id: int,
    clock: Clock,
    why_not: WhyNot,
    limit: int = AT_ONCE,
    ssl_context: ssl.SSLContext | None = None,
) -> DeliverResult:
    """Make the due attempts of a tenant, at most `limit` of them, all at the same time. Call it outside any
    transaction; `clock` answers UTC now. `why_not` is asked before each attempt, as much may have happened since it was
    put here: of these leads, those of which nobody may be told any more, and why. `ssl_context` is for receivers with a
    private certificate."""
    with tenant_context(tenant_id):
        pushes = _claim(now=clock(), limit=limit, why_not=why_not)
    sent = 0
    for push, answer in _call(pushes, ssl_context):
        with tenant_context(tenant_id):
            sent += _finish(push, answer, clock())
    with tenant_context(tenant_id):
        return DeliverResult(sent, len(pushes) - sent, next_due_at())


def _claim(*, now: datetime, limit: int, why_not: WhyNot) -> list[Push]:
    """Lease what is due, and take out what may not be sent any more."""
    due = _due(now=now, limit=limit)
    for_all = why_nothing_leaves() if due else ""
    reasons = why_not({delivery.subject_ref for delivery, _destination in due}) if due else {}
    pushes: list[Push] = []
    for delivery, destination in due:
        if because := for_all or reasons.get(delivery.subject_ref):
            _withhold(delivery, because)
        elif (push := _lease(delivery, destination, now)) is not None:
            pushes.append(push)
    return pushes


def _due(*, now: datetime, limit: int) -> list[tuple[Delivery, Destination]]:
    """Due deliveries, locked: a few of each destination, so that one slow receiver leaves room for the others. One
    whose breaker is about to close is tried with a single delivery."""
    found: list[tuple[Delivery, Destination]] = []
    for destination in due_destinations(now=now):
        probing = destination.failures_in_a_row >= BREAKER_OPENS_AT
        room = min(1 if probing else AT_ONCE_PER_DESTINATION, limit - len(found))
        if room <= 0:
            break
        rows = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            destination=destination, state__in=OPEN_STATES, next_at__lte=now
        )
        found += [(delivery, destination) for delivery in rows.order_by("next_at")[:room]]
    return found


def _withhold(delivery: Delivery, because: str) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(
        state=Delivery.State.WITHHELD, lease_token=None, withheld_because=because[:300]
    )


def _lease(delivery: Delivery, destination: Destination, now: datetime) -> Push | None:
    if delivery.attempts >= MOST_ATTEMPTS:
        Delivery.objects.filter(pk=delivery.pk).update(**GIVEN_UP)
        _note(delivery.pk, now, Answer(None, "", LOST, "", 0))
        note_trouble(destination, _given_up(delivery.attempts, LOST), now=now)
        return None
    try:
        signing = signing_secrets(destination, now=now)
    except CannotOpen as error:
        _stop(destination, str(error), now)
        return None
    delivery.state, delivery.lease_token = Delivery.State.SENDING, uuid4()
    delivery.attempts, delivery.next_at = delivery.attempts + 1, now + LEASE
    delivery.save(update_fields=["state", "lease_token", "attempts", "next_at"])
    body = build_body(event_type=delivery.event_type, created_at=delivery.created_at, data=delivery.payload)
    headers = build_headers(delivery_id=delivery.pk, now=now, body=body, signing=signing)
    return Push(
        delivery.pk, destination.pk, delivery.lease_token, delivery.attempts, destination.url, headers, body
    )


def _call(pushes: list[Push], ssl_context: ssl.SSLContext | None) -> list[tuple[Push, Answer]]:
    if not pushes:
        return []
    allow_private = settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES

    def call(push: Push) -> Answer:
        return post(
            url=push.url,
            headers=push.headers,
            body=push.body,
            allow_private=allow_private,
            ssl_context=ssl_context,
        )

    with ThreadPoolExecutor(max_workers=len(pushes)) as hands:
        return list(zip(pushes, hands.map(call, pushes), strict=True))


def _finish(push: Push, answer: Answer, now: datetime) -> bool:
    """Store the answer. True when it was delivered. If the lease was lost meanwhile, only the attempt is noted."""
    _note(push.delivery_id, now, answer)
    mine = Delivery.objects.filter(pk=push.delivery_id, lease_token=push.token)
    if answer.is_success:
        mine.update(state=Delivery.State.DONE, done_at=now, lease_token=None)
        note_success(push.destination_id, now=now)
        return True
    wait = delay_after(push.attempts, spread=random.uniform(-1, 1), status=answer.status)
    asked = read_retry_after(answer.retry_after, now=now)
    destination = cast(Destination, Destination.objects.select_for_update().get(pk=push.destination_id))
    if not mine.exists():
        return False
    if answer.status == HTTPStatus.GONE:
        mine.update(**GIVEN_UP)
        _stop(destination, "The receiver answered 410 Gone: it wants no more.", now)
    elif wait is None:
        mine.update(**GIVEN_UP)
        note_trouble(destination, _given_up(push.attempts, words_for(answer)), now=now)
        _count_failure(destination, now, asked, answer)
        if min(push.attempts, destination.failures_in_a_row) >= MOST_ATTEMPTS:
            _stop(destination, "It failed for three days without one success.", now)
    else:
        mine.update(state=Delivery.State.WAITING, next_at=now + max(wait, asked or wait), lease_token=None)
        _count_failure(destination, now, asked if answer.status in THROTTLED else None, answer)
    return False


def words_for(answer: Answer) -> str:
    """What came back, in short."""
    return f"HTTP {answer.status}" if answer.status else answer.error


def _given_up(attempts: int, last: str) -> str:
    return f"A delivery was given up after {attempts} attempts. The last one: {last}"


def _count_failure(destination: Destination, now: datetime, asked: timedelta | None, answer: Answer) -> None:
    """Open the breaker after several failures in a row, or for as long as the receiver asks."""
    destination.failures_in_a_row += 1
    tired = breaker_pause(destination.failures_in_a_row)
    if tired is not None:
        failures = destination.failures_in_a_row
        note_trouble(
            destination, f"{failures} attempts in a row failed. The last one: {words_for(answer)}", now=now
        )
    pauses = [pause for pause in (tired, asked) if pause is not None]
    if pauses:
        destination.open_again_at = now + max(pauses)
    destination.save(update_fields=["failures_in_a_row", "open_again_at"])


def _stop(destination: Destination, reason: str, now: datetime) -> None:
    note_trouble(destination, reason, now=now)
    destination.state, destination.stopped_because = Destination.State.BROKEN, reason[:200]
    destination.save(update_fields=["state", "stopped_because"])


def _note(delivery_id: UUID, now: datetime, answer: Answer) -> None:
    DeliveryAttempt.objects.create(
        delivery_id=delivery_id,
        at=now,
        duration_ms=answer.duration_ms,
        status=answer.status,
        error=answer.error,
        response=answer.body,
    )
