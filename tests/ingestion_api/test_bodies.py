"""Bombs, poison and nonsense: a clear answer, never a server error, and good events of the same batch are kept."""

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.api.body import MAX_BODY
from ingestion.models import Event, Identity
from tests.factories.ingestion import fold
from tests.ingestion_api.conftest import TRACK
from tests.ingestion_api.test_json_text import JSON_VALUES

ITEM = b'{"type": "track", "userId": "u", "event": "e", "messageId": "bad", "properties": {"a": %s}}'
POISON = {
    "nul": b'"\\u0000"',
    "lone surrogate": b'"\\ud800"',
    "nan": b"NaN",
    "too large a float": b"1e400",
    "large float": b"1e308",
    "beyond bigint": b"9223372036854775808",
    "5000 digits": b"9" * 5000,
    "4000 digits": b"9" * 4000,
    "depth 100k": b"[" * 100_000 + b"]" * 100_000,
    "depth 1000": b"[" * 1_000 + b"]" * 1_000,
    "depth 20k objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "10 kB text": b'"' + b"\xc3\xbc" * 5_000 + b'"',
    "duplicate keys": b'{"a": 1, "a": 2}',
    "no UTF-8": b'"caf\xe9"',
    "no UTF-8, cut short": b'"caf\xc3"',
    "raw control character": b'"\x01"',
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
def test_poison_neither_fails_the_request_nor_its_neighbours(send, product, poison):
    good = json.dumps(TRACK).encode()
    response = send(b'{"batch": [' + good + b"," + ITEM % poison + b"," + good + b"]}")
    assert response.status_code == 200
    kept = [item["messageId"] for item in product.inbox()]
    assert kept in (["m1", "bad", "m1"], ["m1", "m1"])
    assert len(kept) + len(product.quarantined()) == 3


def test_letters_that_are_no_utf_8_are_read_as_windows_writes_them_and_noted(send, product, in_acme):
    good = json.dumps(
        {"batch": [TRACK, TRACK | {"messageId": "m2", "userId": "Jos\xe9", "event": "caf\u2019"}]}
    )
    send(good.replace("\\u00e9", "\xe9").replace("\\u2019", "\x92").encode("latin-1"))

    fold(in_acme)

    event = Event.objects.get(message_id="m2")
    assert event.name == "caf\u2019"
    assert Identity.objects.filter(pk=event.identity_id, value="Jos\xe9").exists()
    assert event.context["pqlhub"]["notes"] == ["characters_removed:userId", "characters_removed:event"]
    assert Event.objects.filter(message_id="m1").exists()


def test_another_encoding_altogether_is_told(send):
    response = send(json.dumps({"batch": [TRACK]}).encode("utf-16"))
    assert (response.status_code, response.said["code"]) == (400, "invalid_json")
    assert "UTF-8" in response.said["message"]


@pytest.mark.parametrize(
    "bomb",
    [
        gzip.compress(b" " * 200_000_000),
        gzip.compress(b'{"batch": [' + b"1," * 50_000_000 + b"1]}"),
    ],
    ids=["spaces", "items"],
)
def test_a_bomb_is_413_and_is_not_inflated(send, bomb):
    assert len(bomb) < 300_000
    assert send(bomb).said["code"] == "payload_too_large"


def test_a_body_of_millions_of_objects_is_413_before_it_is_parsed(send):
    assert send(b'{"batch": [[' + b"{}," * 600_000 + b"1]]}").said["code"] == "payload_too_large"


def test_a_repetitive_honest_batch_is_no_bomb(send):
    body = json.dumps({"batch": [TRACK] * 9_000}).encode()
    assert send(gzip.compress(body)).said["accepted"] == 9_000


def test_a_chunked_body_where_its_end_cannot_be_known_is_told(client, product):
    headers = {"X-Write-Key": product.secret, "Transfer-Encoding": "chunked"}
    response = client.post("/v1/batch", b"{}", content_type="text/plain", headers=headers, CONTENT_LENGTH="")
    assert (response.status_code, response.json()["code"]) == (411, "length_required")


def test_too_many_events_are_413(send):
    assert send({"batch": [1] * 10_001}).said["code"] == "payload_too_large"


@pytest.mark.parametrize(
    "cut", [gzip.compress(b"{}" * 100)[:-4], gzip.compress(b"{}") + b"more"], ids=["cut-short", "with-a-tail"]
)
def test_a_broken_gzip_is_told(send, cut):
    assert send(cut).said["code"] == "invalid_compression"


def test_a_body_of_exactly_the_limit_is_read(send):
    body = b'{"batch": []' + b" " * (MAX_BODY - 13) + b"}"
    assert len(body) == MAX_BODY
    assert send(body).status_code == 200


@pytest.mark.parametrize(
    "body", [b"[]", b'[{"type": "page", "userId": "u"}]', b'{"type": "page", "userId": "u"}']
)
def test_a_bare_list_or_event_is_taken_as_a_batch(send, body):
    assert send(body).status_code == 200


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    raw=st.binary(max_size=200) | JSON_VALUES.map(lambda value: json.dumps(value).encode()),
    path=st.sampled_from(["/v1/batch", "/v1/track", "/v1/identify/", "/v1/g", "/v1/m"]),
    encoding=st.sampled_from(["", "gzip", "deflate", "br"]),
)
def test_any_bytes_get_an_answer_and_never_a_server_error(send, raw, path, encoding):
    response = send(raw, path, **({"Content-Encoding": encoding} if encoding else {}))
    assert response.status_code in (200, 400, 413, 415)
    assert "success" in response.said


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    others=st.lists(
        JSON_VALUES | st.fixed_dictionaries({"type": JSON_VALUES, "userId": JSON_VALUES}), max_size=4
    )
)
def test_no_neighbour_ever_loses_a_good_event(send, product, others):
    before = len(product.inbox()), len(product.quarantined())
    response = send({"batch": [TRACK, *others, TRACK]})
    assert response.status_code == 200
    after = len(product.inbox()), len(product.quarantined())
    assert response.said["accepted"] == after[0] - before[0] >= 2
    assert sum(after) - sum(before) == len(others) + 2
