"""The page of a source: keys with scopes and an end, what to do while a key is changed, and usage against the quota."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import WriteKey
from tenants.operations import add_usage, change_source, issue_write_key, rotate_write_key
from tests.factories.tenants import make_source, make_write_key


@pytest.fixture
def source(acme):
    with tenant_context(acme.pk):
        return make_source(now=timezone.now())


@pytest.fixture
def address(source):
    return reverse("admin:tenants_source_keys", args=[source.pk])


@pytest.fixture
def said(client, alice, address):
    client.force_login(alice)
    return lambda: " ".join(client.get(address).content.decode().split())


def test_a_key_is_made_with_what_it_may_and_an_end(client, acme, said, address):
    client.post(address, {"scopes": ["events:write"], "days": "30"})

    with tenant_context(acme.pk):
        key = WriteKey.objects.get()
    assert key.scopes == ["events:write"]
    assert timedelta(days=29) < key.expires_at - timezone.now() <= timedelta(days=30)


@pytest.mark.parametrize(
    "wanted", [{}, {"scopes": ["everything"]}, {"scopes": ["events:write"], "days": "7000"}]
)
def test_a_key_that_makes_no_sense_is_refused_with_words(client, acme, said, address, wanted):
    page = client.post(address, wanted, follow=True).content.decode()

    assert "Say what the key may do" in page or "Select a valid choice" in page
    with tenant_context(acme.pk):
        assert not WriteKey.objects.exists()


def test_while_the_old_key_is_used_the_page_says_so_and_then_that_it_can_go(acme, source, said):
    now = timezone.now()
    with tenant_context(acme.pk):
        old, _secret = make_write_key(source=source, now=now - timedelta(days=3))
        WriteKey.objects.filter(pk=old.pk).update(last_used_at=now - timedelta(minutes=4))
        rotate_write_key(key=old, by=SYSTEM, now=now - timedelta(days=2))
    assert "Still used 4 minutes ago: deploy the newer key" in said()

    with tenant_context(acme.pk):
        WriteKey.objects.filter(pk=old.pk).update(last_used_at=now - timedelta(days=2))
    assert "Not used for 2 days: it can be revoked" in said()


def test_a_key_without_a_successor_gets_no_advice(acme, source, said):
    with tenant_context(acme.pk):
        make_write_key(source=source, now=timezone.now())

    assert "Never used since" not in said()


def test_a_rotated_key_may_do_the_same_for_as_long(in_acme, source, now):
    old, _secret = issue_write_key(
        source=source, scopes=["events:write"], expires_at=now + timedelta(days=90), by=SYSTEM, now=now
    )
    later = now + timedelta(days=80)
    fresh, _secret = rotate_write_key(key=old, by=SYSTEM, now=later)

    assert (fresh.scopes, fresh.expires_at) == (["events:write"], later + timedelta(days=90))


@pytest.mark.parametrize(
    ("events", "refuses", "words"),
    [
        (500, True, "500 of 1,000 events this month"),
        (850, True, "85 % of the quota is used"),
        (1_200, False, "Events are still taken"),
        (1_200, True, "senders get 429 until"),
    ],
)
def test_usage_is_shown_against_the_quota_and_on_the_home_page(
    client, acme, source, said, events, refuses, words
):
    now = timezone.now()
    with tenant_context(acme.pk):
        change_source(source=source, quota_events=1_000, refuses_over_quota=refuses, by=SYSTEM, now=now)
        add_usage({(source.pk, now): events})

    assert words in said()
    home = client.get("/").content.decode()
    assert (f"Quota of {source}" in home) == (events >= 800)


def test_the_page_waits_for_the_first_event_and_says_when_it_has_come(acme, source, said):
    with tenant_context(acme.pk):
        key, _secret = make_write_key(source=source, now=timezone.now())
    assert "Waiting for the first event" in said()

    with tenant_context(acme.pk):
        WriteKey.objects.filter(pk=key.pk).update(last_used_at=timezone.now())

    assert "Waiting" not in said()


@pytest.mark.parametrize(("used", "words"), [(False, "every 2s"), (True, "The first event has come")])
def test_what_waits_asks_until_the_key_is_used(client, acme, source, alice, used, words):
    with tenant_context(acme.pk):
        key, _secret = make_write_key(source=source, now=timezone.now())
        WriteKey.objects.update(last_used_at=timezone.now() if used else None)
    client.force_login(alice)

    part = client.get(reverse("admin:tenants_source_waiting", args=[source.pk, key.pk]))

    assert words in part.content.decode()
    assert client.get(reverse("admin:tenants_source_waiting", args=[source.pk, source.pk])).status_code == 404
