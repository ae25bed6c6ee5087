"""What a request costs and stores, and what it answers when the database does not."""

import json
from datetime import datetime

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test.utils import CaptureQueriesContext

from ingestion import operations
from ingestion.models import Inbox
from tenants.context import tenant_context
from tenants.models import Work
from tests.ingestion_api.conftest import TRACK, make_product


def statements(queries):
    return [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]


@pytest.mark.parametrize("size", [1, 500])
def test_the_number_of_statements_does_not_grow_with_the_batch(send, product, size):
    send({"batch": [TRACK]})
    with CaptureQueriesContext(connection) as captured:
        send({"batch": [TRACK] * size})
    assert len(statements(captured)) == 1


@pytest.mark.parametrize("size", [1, 500])
def test_rejected_events_cost_one_statement_more(send, product, size):
    send({"batch": [TRACK]})
    with CaptureQueriesContext(connection) as captured:
        send({"batch": [TRACK, *([1] * size)]})
    assert len(statements(captured)) == 2


def test_the_inbox_row_says_where_from_when_and_who(client, product):
    body = json.dumps({"batch": [TRACK], "sentAt": "2026-03-10T11:00:00Z", "context": {"groupId": "g"}})
    headers = {"User-Agent": "sdk/1", "Origin": "https://app.test", "X-Write-Key": product.secret}
    client.post("/v1/batch", body, content_type="application/json", headers=headers)
    with tenant_context(product.tenant.pk):
        row = Inbox.objects.get()
    assert row.source_id == product.source.pk
    assert row.client == {"ip": "127.0.0.1", "user_agent": "sdk/1", "origin": "https://app.test"}
    assert isinstance(row.received_at, datetime)
    assert json.loads(bytes(row.payload)) == json.loads(body)


@pytest.mark.parametrize(("proxy", "address"), [(None, "127.0.0.1"), (("X-Proto", "https"), "5.6.7.8")])
def test_a_forwarded_address_counts_behind_a_proxy_only(client, product, settings, proxy, address):
    settings.SECURE_PROXY_SSL_HEADER = proxy
    headers = {"X-Forwarded-For": "1.2.3.4, 5.6.7.8", "X-Write-Key": product.secret}
    client.post("/v1/track", json.dumps(TRACK), content_type="text/plain", headers=headers)
    with tenant_context(product.tenant.pk):
        assert Inbox.objects.get().client["ip"] == address


def test_accepting_wakes_the_fold_of_this_tenant(send, product, stranger):
    send({"batch": [TRACK]})
    assert [(work.tenant_id, work.kind) for work in Work.objects.all()] == [(product.tenant.pk, "fold")]


def test_nothing_accepted_wakes_nobody(send, product):
    send({"batch": [1]})
    assert not Work.objects.exists()


def test_two_events_alike_without_id_and_time_are_two(send, product):
    alike = {"type": "track", "userId": "u", "event": "e"}
    send({"batch": [alike, alike]})
    ids = [item["messageId"] for item in product.inbox()]
    assert len(set(ids)) == 2
    send({"batch": [alike | {"timestamp": "2026-03-10T11:00:00Z"}]})
    assert "messageId" not in product.inbox()[2]


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_a_database_that_is_down_is_503_with_whole_seconds_to_wait(send, product, monkeypatch, error):
    def fail(**kwargs):
        raise error

    monkeypatch.setattr(operations, "accept_batch", fail)
    response = send({"batch": [TRACK]})
    assert (response.status_code, response.said["code"]) == (503, "unavailable")
    assert 1 <= int(response["Retry-After"]) <= 300


def test_our_own_fault_is_a_500_that_sdks_retry(send, product, monkeypatch):
    monkeypatch.setattr(operations, "accept_batch", lambda **kwargs: 1 / 0)
    response = send({"batch": [TRACK]})
    assert (response.status_code, response.said["code"]) == (500, "internal_error")


def test_a_failed_quarantine_takes_back_the_whole_request(send, product, monkeypatch):
    def fail(**kwargs):
        raise OperationalError("disk full")

    monkeypatch.setattr("ingestion.operations.accept.quarantine_all", fail)
    assert send({"batch": [TRACK, 1]}).status_code == 503
    assert product.inbox() == []


def test_settings_tell_browser_sdks_to_send_here(client, acme, now):
    key = make_product(acme, now, kind="browser").secret
    for path in (f"/v1/projects/{key}/settings", f"/projects/{key}/settings/"):
        response = client.get(path)
        destination = response.json()["integrations"]["Segment.io"]
        assert (destination["apiHost"], destination["protocol"]) == ("testserver/v1", "http")
        assert response["Access-Control-Allow-Origin"] == "*"


def test_settings_of_an_unknown_key_are_404(client, db):
    assert client.get("/v1/projects/pql_w_none/settings").json()["code"] == "invalid_write_key"


def test_metrics_of_browser_sdks_are_taken_without_a_key(client, db):
    assert client.post("/v1/m", "{}", content_type="text/plain").json() == {"success": True}
