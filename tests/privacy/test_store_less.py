"""What is not wanted is dropped before it is stored."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.api.keys import cache
from ingestion.models import Event, Identity, QuarantinedEvent
from ingestion.rules.minimise import shortened
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.operations import change_source, change_tenant_settings
from tests.factories.ingestion import fold, make_source
from tests.factories.tenants import make_write_key
from tests.privacy.everything import mentions

ITEMS = [
    {"type": "track", "event": "Paid", "userId": "u1", 
     "properties": {"price": 9, "card": "4111-XYZZY", "ip": "203.0.113.77"},
     "context": {"ip": "2001:db8:aaaa:bbbb::77", "traits": {"created_at": "2026", "ssn": "078-XYZZY"}}},
    {"type": "identify", "userId": "u1", "traits": {"plan": "pro", "nick": "XYZZY"}},
    {"type": "track", "event": "Broken", "properties": {"card": "4111-XYZZY"}},
]  # fmt: skip


@pytest.fixture
def key(acme, now):
    cache.clear()
    source = make_source(acme, kind="browser")
    with tenant_context(acme.pk):
        return source, make_write_key(source=source, now=now)[1]


def post(client, key, items=ITEMS):
    body = {"batch": items, "context": {"ip": "198.51.100.9", "traits": {"hobby": "XYZZY"}}}
    return client.post("/v1/batch", json.dumps(body), "application/json", headers={"X-Write-Key": key[1]},
                       REMOTE_ADDR="192.0.2.55")  # fmt: skip


def allow(source, now, *names):
    with tenant_context(source.tenant_id):
        change_source(source=source, drops_unlisted=True, allowed_fields=list(names), by=SYSTEM, now=now)
    cache.clear()


def shorten(acme, now):
    with tenant_context(acme.pk):
        change_tenant_settings(
            tenant=acme,
            name="Acme",
            time_zone="UTC",
            currency="EUR",
            shortens_addresses=True,
            by=SYSTEM,
            now=now,
        )
    cache.clear()


def test_only_listed_properties_and_traits_are_stored_anywhere(client, acme, key, now):
    allow(key[0], now, "price", "plan", "createdAt")

    assert post(client, key).json()["accepted"] == 2
    assert mentions(acme, ["XYZZY"]) == []  # not in the inbox, not in the quarantine
    fold(acme)

    with tenant_context(acme.pk):
        assert Event.objects.get(name="Paid").properties == {"price": 9}
        assert Identity.objects.get().person.traits == {"createdAt": "2026", "plan": "pro"}
        assert QuarantinedEvent.objects.count() == 1


def test_an_empty_list_stores_none(client, acme, key, now):
    allow(key[0], now)
    post(client, key)
    fold(acme)

    with tenant_context(acme.pk):
        assert set(map(str, Event.objects.values_list("properties", flat=True))) == {"{}"}


def test_addresses_are_shortened_before_anything_is_stored(client, acme, key, now):
    shorten(acme, now)

    post(client, key)

    assert mentions(acme, ["203.0.113.77", "aaaa:bbbb", "198.51.100.9", "192.0.2.55"]) == []
    assert mentions(acme, ["203.0.113.0", "2001:db8:aaaa::", "192.0.2.0"])


def test_without_these_settings_all_is_kept(client, acme, key):
    post(client, key)

    assert len(mentions(acme, ["XYZZY", "203.0.113.77"])) > 2


def test_another_company_keeps_all(client, acme, globex, key, now):
    shorten(acme, now)
    source = make_source(globex)
    with tenant_context(globex.pk):
        secret = make_write_key(source=source, now=now)[1]

    post(client, (source, secret))

    assert mentions(globex, ["203.0.113.77"])


@given(st.ip_addresses())
def test_a_shortened_address_tells_the_network_and_no_more(address):
    short = shortened(str(address))
    length = 24 if "." in short else 48

    assert shortened(short) == short
    if getattr(address, "ipv4_mapped", None) is None:
        import ipaddress

        assert address in ipaddress.ip_network(f"{short}/{length}")


@pytest.mark.parametrize(
    ("given_", "kept"), [("::ffff:203.0.113.9", "203.0.113.0"), ("nonsense", ""), (7, 7), (None, None)]
)
def test_odd_addresses(given_, kept):
    assert shortened(given_) == kept
