"""CloudEvents 1.0 in the three ways HTTP carries them."""

import gzip
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given

from ingestion.operations import fold_inbox
from ingestion.rules import Message, Rejection, check_shape, normalise
from ingestion.rules.dialects import Refusal
from ingestion.rules.dialects.cloudevents import translate
from tenants.context import tenant_context
from tests.ingestion_api.test_json_text import JSON_VALUES

EVENT = {
    "specversion": "1.0",
    "id": "1",
    "source": "/billing",
    "type": "report.exported",
    "subject": "u1",
    "group": "acme",
    "time": "2026-03-10T11:00:00Z",
    "data": {"pages": 3},
}
CALL = {
    "type": "track",
    "event": "report.exported",
    "userId": "u1",
    "messageId": "/billing 1",
    "timestamp": "2026-03-10T11:00:00Z",
    "properties": {"pages": 3},
}
HEADERS = {f"ce-{name}": value for name, value in EVENT.items() if name != "data"}
PATH = "/v1/cloudevents"
RECEIVED = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def headers(**attributes):
    return HEADERS | {f"ce-{name}": value for name, value in attributes.items()}


def test_a_cloud_event_is_a_track_call():
    context = {"groupId": "acme", "cloudEvent": {"source": "/billing", "dataschema": "urn:x"}}
    assert translate(EVENT | {"dataschema": "urn:x"}) == CALL | {"context": context}


@pytest.mark.parametrize(
    ("data", "properties"),
    [
        ({"data": "text"}, {"data": "text"}),
        ({"data": [1]}, {"data": [1]}),
        ({"data": None, "data_base64": "AQID"}, {"data_base64": "AQID"}),
        ({"data": {}}, None),
    ],
)
def test_data_that_is_no_object_keeps_its_name(data, properties):
    assert translate(EVENT | data).get("properties") == properties


@pytest.mark.parametrize(
    ("fault", "code", "word"),
    [
        ({"id": ""}, "missing_attribute", "no id"),
        ({"source": None}, "missing_attribute", "no source"),
        ({"type": None}, "missing_attribute", "no type"),
        ({"specversion": "0.3"}, "unknown_specversion", "“0.3”"),
        ({"subject": None}, "missing_user_id", "`subject`"),
    ],
)
def test_what_is_missing_is_named(fault, code, word):
    refusal = translate(EVENT | fault)
    assert refusal.reason.code == code
    assert word in refusal.reason.detail


@given(JSON_VALUES)
def test_any_value_is_translated_or_refused(value):
    for event in (value, EVENT | {"data": value}, EVENT | {"id": value}, EVENT | {"subject": value}):
        translated = translate(event)
        if not isinstance(translated, Refusal) and check_shape(translated) is None:
            assert isinstance(normalise(translated, {}, "server", RECEIVED, {}), Message | Rejection)


WAYS = {
    "structured": (EVENT, "application/cloudevents+json", {}),
    "batched": ([EVENT], "application/cloudevents-batch+json; charset=utf-8", {}),
    "structured by itself": (EVENT, "text/plain", {}),
    "binary": (EVENT["data"], "application/json", HEADERS),
}


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("way", WAYS)
def test_each_way_stores_the_event_once_whatever_the_retries(client, product, stranger, way, slash):
    body, content_type, said = WAYS[way]
    for raw in (json.dumps(body).encode(), gzip.compress(json.dumps(body).encode())):
        sent = {"X-Write-Key": product.secret, **said}
        response = client.post(PATH + slash, raw, content_type=content_type, headers=sent)
        assert (response.status_code, response.json()["accepted"]) == (200, 1)
    item = product.inbox()[0]
    assert item | CALL == item
    with tenant_context(product.tenant.pk):
        folded = fold_inbox(now=datetime.now(UTC))
    assert (folded.events, folded.duplicates, stranger.inbox()) == (1, 1, [])


@pytest.mark.parametrize(
    ("body", "content_type", "properties"),
    [
        (b"", "application/json", None),
        (b"hello", "text/plain", {"data": "hello"}),
        (b"\x01\xff", "application/octet-stream", {"data_base64": "Af8="}),
    ],
)
def test_data_in_binary_mode_may_be_anything(client, product, body, content_type, properties):
    sent = {"X-Write-Key": product.secret, **HEADERS}
    assert client.post(PATH, body, content_type=content_type, headers=sent).json()["accepted"] == 1
    assert product.inbox()[0].get("properties") == properties


@pytest.mark.parametrize(
    ("value", "subject"),
    [
        ("Euro%20%E2%82%AC", "Euro €"),
        ('"a \\"b\\""', 'a "b"'),
        ("Été".encode().decode("latin-1"), "Été"),
        ("50%", "50%"),
    ],
)
def test_attributes_in_headers_are_decoded(client, product, value, subject):
    sent = {"X-Write-Key": product.secret, **headers(subject=value)}
    client.post(PATH, b"{}", content_type="application/json", headers=sent)
    assert product.inbox()[0]["userId"] == subject


def test_the_key_may_come_in_the_query_and_a_property_is_never_the_key(client, product):
    body = json.dumps({"token": "theirs", "pages": 3})
    path = f"{PATH}?writeKey={product.secret}"
    assert client.post(path, body, content_type="application/json", headers=HEADERS).status_code == 200
    assert product.inbox()[0]["properties"]["token"] == "theirs"
    assert client.post(PATH, body, content_type="application/json", headers=HEADERS).status_code == 401


def test_one_bad_event_of_a_batch_waits_in_quarantine(send, product):
    said = send([EVENT, EVENT | {"id": "2", "subject": None}, 7], PATH).said
    assert said["accepted"] == 1
    assert [(error["index"], error["messageId"]) for error in said["rejected"]] == [
        (1, "/billing 2"),
        (2, None),
    ]
    assert json.loads(product.quarantined()[0].raw)["properties"] == {"pages": 3}


def test_a_broken_body_is_400(send):
    assert send(b"{", PATH).said["code"] == "invalid_json"
    assert send(b"{", PATH, **HEADERS).said["code"] == "invalid_json"


def test_a_sender_of_webhooks_may_ask_first(client, db):
    response = client.options(PATH, headers={"WebHook-Request-Origin": "eventgrid.example"})
    assert (response.status_code, response["WebHook-Allowed-Origin"]) == (200, "*")
