"""From the outbox to a real receiver: signed, retried, once."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from delivery.models import Delivery, DeliveryAttempt, Destination
from delivery.operations import deliver_due, replay_delivery, resume, rotate_secret
from delivery.operations.sending import LEASE, LOST, Answer, _claim, _finish
from delivery.rules.schedule import BREAKER_OPENS_AT, DELAYS, MOST_ATTEMPTS
from tenants.audit import SYSTEM
from tests.factories.delivery import make_delivery, make_destination
from tests.receiver import Reply


class Clock:
    """A clock the test moves."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, wait: timedelta) -> None:
        self.at += wait


@pytest.fixture
def clock(now) -> Clock:
    return Clock(now)


@pytest.fixture
def destination(boards, fake, now) -> Destination:
    return make_destination(boards, fake.url, now=now)[0]


def state() -> tuple[str, int]:
    return Delivery.objects.values_list("state", "attempts").get()


def test_signature_is_verified_by_the_library(acme, boards, fake):
    destination, secret = make_destination(boards, fake.url, now=timezone.now())
    make_delivery(destination, now=timezone.now())

    result = deliver_due(tenant_id=acme.pk, clock=timezone.now, why_not=lambda _leads: {})

    request = fake.received[0]
    body = Webhook(secret).verify(request.body, request.headers)
    assert (result.sent, result.failed, result.next_at) == (1, 0, None)
    assert body["type"] == "pql.created"
    assert body["data"] == {"lead": "Acme GmbH"}
    assert body["timestamp"].endswith("Z")


def test_signature_by_both_secrets_while_they_change(acme, boards, fake):
    destination, old = make_destination(boards, fake.url, now=timezone.now())
    new = rotate_secret(destination=destination, by=SYSTEM, now=timezone.now())
    make_delivery(destination, now=timezone.now())

    deliver_due(tenant_id=acme.pk, clock=timezone.now, why_not=lambda _leads: {})

    request = fake.received[0]
    for secret in (old, new):
        assert Webhook(secret).verify(request.body, request.headers)


def test_retry_keeps_id_and_body_and_renews_the_timestamp(acme, destination, fake, clock):
    make_delivery(destination, now=clock())
    fake.reply = Reply(500)
    deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})
    fake.reply = Reply(200)
    clock.advance(timedelta(seconds=6))

    deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})

    first, second = fake.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 6
    assert state() == ("done", 2)


def test_failures_follow_the_schedule_until_given_up(acme, destination, fake, clock):
    make_delivery(destination, now=clock())
    fake.reply = Reply(500, body=b"broken")
    waits = []
    for _attempt in range(MOST_ATTEMPTS):
        Destination.objects.update(open_again_at=None)  # the breaker has its own test
        result = deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})
        waits.append(result.next_at - clock() if result.next_at else None)
        clock.at = max(result.next_at or clock(), Delivery.objects.get().next_at)

    assert state() == ("dead", MOST_ATTEMPTS)
    assert waits[-1] is None
    for wait, planned in zip(waits[:4], DELAYS[1:5], strict=True):
        assert abs(wait / planned - 1) <= 0.1
    assert DeliveryAttempt.objects.filter(status=500, response="broken").count() == MOST_ATTEMPTS
    stopped = Destination.objects.get()
    assert (stopped.state, stopped.stopped_because) == (
        "broken",
        "It failed for three days without one success.",
    )


def test_dead_letter_replayed_by_hand(acme, destination, fake, clock):
    delivery = make_delivery(destination, now=clock())
    Delivery.objects.update(state="dead", attempts=MOST_ATTEMPTS)

    replay_delivery(delivery=delivery, by=SYSTEM, now=clock())
    deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})

    assert state() == ("done", 1)
    assert fake.effects == {f"msg_{delivery.pk.hex}": 1}


def test_gone_stops_the_destination(acme, destination, fake, clock):
    make_delivery(destination, now=clock())
    make_delivery(destination, now=clock() + timedelta(seconds=1), effect_key="two")
    fake.reply = Reply(410)

    result = deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})

    assert Destination.objects.get().state == "broken"
    assert "410" in Destination.objects.get().stopped_because
    assert result.next_at is None
    assert list(Delivery.objects.order_by("created_at").values_list("state", flat=True)) == [
        "dead",
        "waiting",
    ]


def test_retry_after_holds_the_whole_destination(acme, destination, fake, clock):
    make_delivery(destination, now=clock())
    fake.reply = Reply(429, headers={"Retry-After": "3600"})
    deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})
    make_delivery(destination, now=clock(), effect_key="two")

    result = deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})

    assert (result.sent, result.failed) == (0, 0)
    assert result.next_at == clock() + timedelta(hours=1)


def test_breaker_opens_then_tries_one(acme, destination, fake, clock):
    for number in range(8):
        make_delivery(destination, now=clock(), effect_key=str(number))
    fake.reply = Reply(503)
    deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})
    deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})
    assert len(fake.received) == 8
    assert Destination.objects.get().open_again_at == clock() + timedelta(
        seconds=30 * 2 ** (8 - BREAKER_OPENS_AT)
    )

    clock.advance(timedelta(minutes=4))
    fake.reply = Reply(200)
    deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})
    assert len(fake.received) == 9  # one to try
    deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})
    assert len(fake.received) == 13
    assert Destination.objects.get().failures_in_a_row == 0


def test_slow_destination_leaves_room_for_others(acme, boards, destination, fake, clock):
    for number in range(30):
        make_delivery(destination, now=clock(), effect_key=str(number))
    other, _secret = make_destination(boards, fake.url, now=clock(), name="Other")
    make_delivery(other, now=clock() + timedelta(seconds=1))
    clock.advance(timedelta(seconds=1))

    deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})

    assert len(fake.received) == 5
    assert Delivery.objects.get(destination=other).state == "done"


def test_worker_lost_after_claim_is_retried_and_counts_the_attempt(acme, destination, fake, clock):
    """kill -9 before the call: nothing was sent, and the lease runs out."""
    make_delivery(destination, now=clock())
    _claim(now=clock(), limit=16, why_not=lambda _leads: {})

    result = deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})
    assert (result.sent, len(fake.received)) == (0, 0)
    assert result.next_at == clock() + LEASE

    clock.advance(LEASE)
    deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})
    assert state() == ("done", 2)
    assert list(fake.effects.values()) == [1]


def test_worker_lost_after_the_call_sends_the_same_id_again(acme, destination, fake, clock, monkeypatch):
    """kill -9 after the receiver said yes: it is sent twice under one webhook-id, so its effect happens once."""
    make_delivery(destination, now=clock())
    with monkeypatch.context() as patched:
        patched.setattr("delivery.operations.sending._finish", lambda *args: True)
        deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})

    clock.advance(LEASE)
    deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})

    assert state() == ("done", 2)
    assert list(fake.effects.values()) == [2]
    assert len(fake.effects) == 1


def test_result_of_a_lost_lease_changes_nothing(acme, destination, fake, clock):
    """A worker that was thought dead comes back with a failure after another delivered."""
    make_delivery(destination, now=clock())

    pushes = _claim(now=clock(), limit=16, why_not=lambda _leads: {})
    Delivery.objects.update(state="done", lease_token=None, done_at=clock())
    answer = Answer(500, "", "", "", 5)
    for push in pushes:
        _finish(push, answer, clock())

    assert state() == ("done", 1)
    assert Destination.objects.get().failures_in_a_row == 0
    assert DeliveryAttempt.objects.count() == 1


def test_delivery_that_kills_every_worker_is_given_up(acme, destination, fake, clock):
    make_delivery(destination, now=clock())
    for _attempt in range(MOST_ATTEMPTS):
        _claim(now=clock(), limit=16, why_not=lambda _leads: {})
        clock.advance(LEASE)

    deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})

    assert state() == ("dead", MOST_ATTEMPTS)
    assert DeliveryAttempt.objects.get().error == LOST
    assert fake.received == []


def test_private_address_is_refused_when_sending(acme, boards, fake, clock, settings):
    """Created while allowed, or the name moved: the check is made at every attempt."""
    destination, _secret = make_destination(boards, fake.url, now=clock())
    make_delivery(destination, now=clock())
    settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES = False

    deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})

    assert fake.received == []
    assert "not allowed" in DeliveryAttempt.objects.get().error


def test_secret_that_cannot_be_opened_stops_the_destination(acme, destination, fake, clock, settings):
    make_delivery(destination, now=clock())
    settings.ENCRYPTION_KEYS = ["another key"]

    deliver_due(tenant_id=acme.pk, clock=clock, why_not=lambda _leads: {})

    assert "ENCRYPTION_KEYS" in Destination.objects.get().stopped_because
    resume(destination=destination, by=SYSTEM, now=clock())
    assert state()[0] == "waiting"


def test_deliver_due_other_tenant_sends_nothing(globex, destination, fake, clock):
    make_delivery(destination, now=clock())

    result = deliver_due(tenant_id=globex.pk, clock=clock, why_not=lambda _leads: {})

    assert (result.sent, result.next_at, fake.received) == (0, None, [])
