"""Which keys are let in, how long one is remembered, and that a key opens only its own tenant."""

import json
from datetime import timedelta

import pytest

from ingestion.api import keys
from ingestion.api.keys import REMEMBERED_KEYS, REMEMBERED_SECONDS, KeyCache, cache
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import Source, Tenant, WriteKey
from tenants.operations import issue_write_key, revoke_write_key
from tests.ingestion_api.conftest import TRACK

BODY = {"batch": [TRACK]}


def revoke(product, now):
    with tenant_context(product.tenant.pk):
        revoke_write_key(key=product.key, by=SYSTEM, now=now)


def disable(product, now):
    with tenant_context(product.tenant.pk):
        Source.objects.update(is_enabled=False)


def suspend(product, now):
    Tenant.objects.filter(pk=product.tenant.pk).update(status=Tenant.Status.SUSPENDED)


def expire(product, now):
    with tenant_context(product.tenant.pk):
        WriteKey.objects.update(expires_at=now - timedelta(days=1))


@pytest.mark.parametrize("close", [revoke, disable, suspend, expire])
def test_a_key_that_is_no_longer_good_is_401(send, product, now, close):
    close(product, now)
    response = send(BODY)
    assert (response.status_code, response.said["code"]) == (401, "invalid_write_key")
    assert product.inbox() == []


@pytest.mark.parametrize("secret", ["pql_w_unknown", "ü" * 5, "x" * 10_000, "\ud800"])
def test_an_unknown_key_is_401_wherever_it_is(client, product, secret):
    body = json.dumps(BODY | {"writeKey": secret})
    assert client.post("/v1/batch", body, content_type="application/json").status_code == 401


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic w7w=", "Bearer", "Digest x", "Basic Og=="])
def test_a_header_without_a_key_leaves_it_to_the_body(client, product, header):
    body = json.dumps(BODY | {"writeKey": product.secret})
    response = client.post(
        "/v1/batch", body, content_type="application/json", headers={"authorization": header}
    )
    assert response.status_code in (200, 401)
    assert (response.status_code == 401) == (header == "Basic w7w=")  # that one names the key “ü”


def test_no_key_at_all_says_where_to_put_one(client, db):
    response = client.post("/v1/batch", "{}", content_type="application/json")
    assert response.status_code == 401
    assert "writeKey" in response.json()["message"]


def test_an_answer_never_repeats_a_key(send):
    assert "pql_w_0123456789abcdef" not in send(BODY, secret="pql_w_0123456789abcdef").content.decode()


def test_a_key_opens_its_own_tenant_only(send, product, stranger):
    send(BODY)
    send({"batch": [TRACK | {"userId": "theirs"}, 3]}, secret=stranger.secret)
    assert [item["userId"] for item in product.inbox()] == ["u1"]
    assert [item["userId"] for item in stranger.inbox()] == ["theirs"]
    assert (len(product.quarantined()), len(stranger.quarantined())) == (0, 1)


def test_two_live_keys_of_a_source_both_work(send, product, now):
    with tenant_context(product.tenant.pk):
        _, second = issue_write_key(source=product.source, by=SYSTEM, now=now)
    assert send(BODY).status_code == send(BODY, secret=second).status_code == 200


def test_a_revoked_key_is_forgotten_after_the_time_it_is_remembered(send, product, now, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(cache, "_clock", lambda: clock[0])
    assert send(BODY).status_code == 200
    revoke(product, now)
    clock[0] = REMEMBERED_SECONDS - 1
    assert send(BODY).status_code == 200
    clock[0] = REMEMBERED_SECONDS
    assert send(BODY).status_code == 401


def test_use_of_a_key_is_marked_once_in_five_minutes(send, product, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(cache, "_clock", lambda: clock[0])
    marks = []
    for seconds in (0, 1, 299, 301):
        clock[0] = seconds
        send(BODY)
        with tenant_context(product.tenant.pk):
            marks.append(WriteKey.objects.get(pk=product.key.pk).last_used_at)
            WriteKey.objects.update(last_used_at=None)
    assert [mark is not None for mark in marks] == [True, False, False, True]


def test_the_cache_is_bounded_and_guesses_do_not_push_good_keys_out(now):
    asked = []
    good = keys.KeyOwner(1, "key", "source", "server")

    def look_up(secret, *, now):
        asked.append(secret)
        return good if secret == "good" else None

    remembered = KeyCache(look_up)
    remembered.find("good", now=now)
    for number in range(REMEMBERED_KEYS + 10):
        remembered.find(f"guess-{number}", now=now)
    assert remembered.find("good", now=now) is good
    assert asked.count("good") == 1
    assert len(remembered._unknown) == REMEMBERED_KEYS
