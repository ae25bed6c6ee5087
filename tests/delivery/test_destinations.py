"""Destinations: their secret is sealed, shown once and bound to its row."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from delivery.models import Delivery, Destination
from delivery.operations import (
    BadUrl,
    edit_destination,
    pause,
    replay_dead,
    replay_delivery,
    resume,
    rotate_secret,
    send_test,
)
from delivery.queries import destinations_for_leads_of, next_due_at, signing_secrets
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent, BusinessUnit, Work
from tenants.secret_box import CannotOpen, open_sealed, seal
from tests.factories.delivery import make_delivery, make_destination


def test_create_destination_seals_the_secret(boards, now):
    destination, secret = make_destination(boards, now=now)

    stored = Destination.objects.get()
    assert secret.startswith("whsec_")
    assert secret.encode() not in bytes(stored.secret)
    assert signing_secrets(stored, now=now) == [secret]
    assert AuditEvent.objects.filter(verb="destination.created", target_id=str(destination.pk)).exists()


def test_secret_copied_to_another_row_does_not_open(boards, now):
    first, _secret = make_destination(boards, now=now)
    second, _secret = make_destination(boards, now=now, name="Other")
    Destination.objects.filter(pk=second.pk).update(secret=bytes(first.secret))

    with pytest.raises(CannotOpen):
        signing_secrets(Destination.objects.get(pk=second.pk), now=now)


def test_secret_copied_to_another_tenant_does_not_open(boards, globex, now):
    sealed = seal("whsec_x", table="t", key="1", field="secret")
    with tenant_context(globex.pk), pytest.raises(CannotOpen):
        open_sealed(sealed, table="t", key="1", field="secret")


def test_secret_opens_after_a_new_key_is_put_in_front(boards, settings):
    settings.ENCRYPTION_KEYS = ["old"]
    sealed = seal("whsec_x", table="t", key="1", field="secret")

    settings.ENCRYPTION_KEYS = ["new", "old"]
    assert open_sealed(sealed, table="t", key="1", field="secret") == "whsec_x"
    settings.ENCRYPTION_KEYS = ["new"]
    with pytest.raises(CannotOpen, match="ENCRYPTION_KEYS"):
        open_sealed(sealed, table="t", key="1", field="secret")


def test_rotate_secret_both_sign_for_a_day(boards, now):
    destination, old = make_destination(boards, now=now)

    new = rotate_secret(destination=destination, by=SYSTEM, now=now)

    changed = Destination.objects.get()
    assert signing_secrets(changed, now=now) == [new, old]
    assert signing_secrets(changed, now=now + timedelta(hours=24)) == [new]


@pytest.mark.parametrize(
    "url", ["http://hooks.example.com", "https://127.0.0.1/", "https://a:b@example.com/"]
)
def test_create_destination_refuses_url(boards, now, url):
    with pytest.raises(BadUrl) as refusal:
        make_destination(boards, url, now=now)

    assert "url" in refusal.value.message_dict


def test_edit_destination_checks_too(boards, now):
    destination, _secret = make_destination(boards, now=now)

    with pytest.raises(BadUrl):
        edit_destination(
            destination=destination,
            name="X",
            url="http://x.test",
            receives_all_leads=True,
            by=SYSTEM,
            now=now,
        )


def test_create_destination_name_once(boards, now):
    make_destination(boards, now=now)

    with pytest.raises(ValidationError):
        make_destination(boards, now=now)


def test_destinations_for_leads_are_of_the_unit_and_above(corporate, boards, insights, now):
    wide, _secret = make_destination(corporate, now=now)
    own, _secret = make_destination(boards, now=now)
    make_destination(boards, now=now, name="Only by rule", receives_all_leads=False)
    make_destination(insights, now=now)

    assert list(destinations_for_leads_of(boards)) == [wide, own]


def test_enqueue_once_per_effect(boards, now):
    destination, _secret = make_destination(boards, now=now)

    assert make_delivery(destination, now=now) is not None
    assert make_delivery(destination, now=now, payload={"other": 1}) is None
    assert Delivery.objects.get().payload == {"lead": "Acme GmbH"}
    assert Work.objects.get(kind="deliver").next_at == now


def test_enqueue_refuses_more_than_20_kb(boards, now):
    destination, _secret = make_destination(boards, now=now)

    with pytest.raises(ValueError, match="20000 is the most"):
        make_delivery(destination, now=now, payload={"x": "y" * 20_000})


def test_paused_destination_keeps_what_comes(boards, now):
    destination, _secret = make_destination(boards, now=now)
    pause(destination=destination, by=SYSTEM, now=now)
    make_delivery(destination, now=now)
    assert next_due_at() is None

    resume(destination=destination, by=SYSTEM, now=now)

    assert next_due_at() == now


def test_replay_only_what_is_finished(boards, now):
    destination, _secret = make_destination(boards, now=now)
    delivery = make_delivery(destination, now=now)

    with pytest.raises(ValueError, match="still being tried"):
        replay_delivery(delivery=delivery, by=SYSTEM, now=now)
    Delivery.objects.update(state="dead", attempts=10)
    assert replay_dead(destination=destination, by=SYSTEM, now=now) == 1
    assert replay_dead(destination=destination, by=SYSTEM, now=now) == 0


def test_send_test_goes_through_the_outbox(boards, now):
    destination, _secret = make_destination(boards, now=now)

    send_test(destination=destination, by=SYSTEM, now=now)
    send_test(destination=destination, by=SYSTEM, now=now)

    assert Delivery.objects.filter(event_type="test.sent", state="waiting").count() == 2


def test_destinations_of_another_tenant_are_not_there(boards, globex, now):
    make_destination(boards, now=now)

    with tenant_context(globex.pk):
        assert list(destinations_for_leads_of(BusinessUnit.objects.get())) == []
        assert Destination.objects.count() == Delivery.objects.count() == 0
