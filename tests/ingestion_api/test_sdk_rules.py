"""What SDKs do with our answers. Each rule broken one loses data with a mainstream SDK.

Rule 7 (chunked bodies) needs a socket: test_live.py. Rule 14 (duplicates) is the fold's and the SDK tests'.
Rule 16 (time stamps) is test_timestamps.py.
"""

import base64
import gzip
import json
import zlib

import pytest

from tests.ingestion_api.conftest import TRACK

BATCH_PATHS = ["batch", "import", "b"]
SINGLE = {
    "track": {"userId": "u1", "event": "Report Exported"},
    "identify": {"userId": "u1", "traits": {"plan": "pro"}},
    "group": {"userId": "u1", "groupId": "acme"},
    "page": {"anonymousId": "a1"},
    "screen": {"anonymousId": "a1", "name": "Home"},
    "alias": {"userId": "u1", "previousId": "a1"},
}
FORBIDDEN = {201, 202, 204, 301, 302, 303, 307, 308, 408, 410, 501, 505, 511}


def basic(text):
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", BATCH_PATHS)
def test_rules_1_and_3_a_batch_is_answered_200_with_a_json_object_with_and_without_slash(
    send, product, path, slash
):
    response = send({"batch": [TRACK]}, f"/v1/{path}{slash}")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    assert response.said == {"success": True, "accepted": 1, "rejected": []}
    assert product.inbox() == [TRACK]


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("name", [*SINGLE, *(name[0] for name in SINGLE)])
def test_rules_1_and_3_single_calls_take_their_type_from_the_path(send, product, name, slash):
    kind = next(kind for kind in SINGLE if kind.startswith(name))
    response = send(SINGLE[kind] | {"messageId": "m", "type": None}, f"/v1/{name}{slash}")
    assert (response.status_code, response.said["accepted"]) == (200, 1)
    assert product.inbox() == [SINGLE[kind] | {"messageId": "m", "type": kind}]


@pytest.mark.parametrize(
    "path",
    ["/v1", "/v1/", "/v1/nothing", "/v1/batch/x", "/v1//batch", "/s/", "/e/x", "/i/v0/ai/batch/", "/flags/x"],
)
def test_rule_2_an_unknown_path_is_never_redirected(send, path):
    response = send({"batch": [TRACK]}, path)
    assert response.status_code == 404
    assert response.said["code"] == "not_found"


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", {}, 400, "invalid_json"),
        (b"", {}, 400, "invalid_json"),
        (b"3", {}, 400, "invalid_batch"),
        (b"{}", {}, 400, "invalid_batch"),
        (b'{"batch": 3}', {}, 400, "invalid_batch"),
        (b"{}", {"authorization": "Bearer pql_w_unknown"}, 401, "invalid_write_key"),
        (b"{}", {"Content-Encoding": "br"}, 415, "unsupported_encoding"),
        (b"\x1f\x8bnonsense", {}, 400, "invalid_compression"),
    ],
)
def test_rule_4_errors_are_objects_with_code_and_message(send, body, headers, status, code):
    response = send(body, **headers)
    assert response.status_code == status
    assert set(response.said) == {"success", "code", "message"}
    assert (response.said["success"], response.said["code"]) == (False, code)


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
def test_rule_4_a_wrong_method_is_405_in_json(client, db, method):
    response = getattr(client, method)("/v1/batch")
    assert response.status_code == 405
    assert response["Allow"] == "POST, OPTIONS"
    if method != "head":
        assert response.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "image/png"],
)
def test_rule_5_the_content_type_is_not_looked_at(client, product, content_type):
    body = json.dumps({"batch": [TRACK], "writeKey": product.secret})
    assert client.post("/v1/batch", body, content_type=content_type).json()["accepted"] == 1
    assert product.inbox() == [TRACK]


@pytest.mark.parametrize("query", ["", "?format=csv"])
def test_rule_5_what_a_client_would_like_to_get_is_not_looked_at_either(send, query):
    response = send({"batch": [TRACK]}, "/v1/batch" + query, Accept="text/html")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")


def raw_deflate(data):
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


@pytest.mark.parametrize(
    ("squeeze", "encoding"),
    [
        (gzip.compress, "gzip"),
        (gzip.compress, ""),
        (gzip.compress, "deflate"),
        (zlib.compress, "deflate"),
        (raw_deflate, "deflate"),
        (bytes, "gzip"),
        (bytes, "identity"),
    ],
)
def test_rule_6_bodies_are_inflated_by_header_or_first_bytes(send, product, squeeze, encoding):
    headers = {"Content-Encoding": encoding} if encoding else {}
    response = send(squeeze(json.dumps({"batch": [TRACK]}).encode()), **headers)
    assert response.status_code == 200
    assert product.inbox() == [TRACK]


def test_rule_8_the_key_is_taken_from_wherever_an_sdk_puts_it(client, product):
    key = product.secret
    places = [
        ({"headers": basic(f"{key}:")}, {}, ""),
        ({"headers": basic(key)}, {}, ""),
        ({"headers": basic(f"{key}:secret")}, {}, ""),
        ({"headers": {"authorization": f"Bearer {key}"}}, {}, ""),
        ({"headers": {"authorization": f"bearer {key}"}}, {}, ""),
        ({"headers": {"X-Write-Key": f"{key}:secret"}}, {}, ""),
        ({}, {"writeKey": key}, ""),
        ({}, {"api_key": key}, ""),
        ({}, {"token": key}, ""),
        ({}, {}, f"?writeKey={key}"),
    ]
    for options, fields, query in places:
        body = json.dumps({"batch": [TRACK], **fields})
        response = client.post("/v1/batch" + query, body, content_type="text/plain", **options)
        assert response.status_code == 200, (options, fields, query)
    assert len(product.inbox()) == len(places)


def test_rule_8_the_first_place_that_names_a_key_decides(client, product):
    body = json.dumps(TRACK | {"writeKey": product.secret})
    response = client.post("/v1/track", body, content_type="text/plain", headers=basic("pql_w_other:"))
    assert response.status_code == 401


def test_rule_8_a_key_in_the_body_is_not_stored(send, product):
    send(TRACK | {"writeKey": product.secret}, "/v1/track")
    send({"batch": [TRACK | {"writeKey": product.secret}, {"writeKey": product.secret}]})
    kept = json.dumps(product.inbox()) + "".join(event.raw for event in product.quarantined())
    assert product.secret not in kept


def test_rule_9_one_bad_event_does_not_cost_the_others(send, product):
    bad = {"type": "track", "userId": "u1", "messageId": "m-bad"}
    response = send({"batch": [TRACK, bad, "text", TRACK | {"messageId": "m2"}]})
    assert response.status_code == 200
    assert response.said["accepted"] == 2
    assert [(error["index"], error["messageId"], error["code"]) for error in response.said["rejected"]] == [
        (1, "m-bad", "missing_event"),
        (2, None, "not_an_object"),
    ]
    assert [item["messageId"] for item in product.inbox()] == ["m1", "m2"]
    assert [json.loads(event.raw) for event in product.quarantined()] == [bad, "text"]


def test_rule_9_a_batch_of_nothing_but_bad_events_is_still_200(send, product):
    assert send({"batch": [1]}).status_code == 200
    assert send({"userId": "u"}, "/v1/track").said["rejected"][0]["code"] == "missing_event"
    assert product.inbox() == []
    assert len(product.quarantined()) == 2


@pytest.mark.parametrize("message_id", ['"\\ud800"', "1" + "0" * 30, '{"a": 1}', "NaN"])
def test_rule_9_a_rejected_event_is_named_whatever_its_id_is(send, message_id):
    response = send(b'{"batch": [{"type": "track", "messageId": %s}]}' % message_id.encode())
    assert response.said["rejected"][0]["code"] == "missing_user_id"


def test_rule_10_nan_and_infinity_are_null(send, product):
    send(
        b'{"batch": [{"type": "page", "userId": "u", "messageId": "m", "properties": {"a": NaN, "b": -Infinity}}]}'
    )
    assert product.inbox()[0]["properties"] == {"a": None, "b": None}


def test_rule_11_nul_and_lone_surrogates_reach_the_inbox_whole(send, product):
    send(b'{"batch": [{"type": "page", "userId": "u", "properties": {"a\\u0000": "b\\ud800\\u0000"}}]}')
    assert product.inbox()[0]["properties"] == {"a\0": "b\ud800\0"}


def test_rules_12_and_13_large_bodies_and_large_events_are_taken(send, product):
    large = TRACK | {"properties": {"text": "x" * 500_000}}
    assert send({"batch": [large] * 30}).said["accepted"] == 30
    assert len(product.inbox()) == 30


def test_rule_12_a_body_over_the_limit_is_413(send):
    response = send(b'{"batch": ["' + b"x" * 21_000_000 + b'"]}')
    assert (response.status_code, response.said["code"]) == (413, "payload_too_large")


def test_rule_15_a_preflight_allows_what_sdks_send(client, db):
    asked = {"Origin": "https://app.test", "Access-Control-Request-Headers": "authorization,x-new-sdk-header"}
    response = client.options("/v1/t", headers=asked)
    allowed = response["Access-Control-Allow-Headers"].split(", ")
    assert response.status_code == 200
    named = {
        "authorization",
        "content-type",
        "x-retry-count",
        "anonymousid",
        "sentat",
        "x-write-key",
        "x-ip-policy",
    }
    assert named <= set(allowed)
    assert "x-new-sdk-header" in allowed
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Access-Control-Allow-Methods"] == "POST, OPTIONS"
    assert int(response["Access-Control-Max-Age"]) > 0


def test_rule_15_a_preflight_echoes_no_nonsense(client, db):
    response = client.options(
        "/v1/t", headers={"Access-Control-Request-Headers": "a\tb, <script>, " + "x" * 99}
    )
    assert "script" not in response["Access-Control-Allow-Headers"]
    assert "xxx" not in response["Access-Control-Allow-Headers"]


def test_rule_15_answers_and_errors_alike_are_open_to_browsers(send):
    for response in (send({"batch": []}), send(b"{"), send({}, "/v1/nothing")):
        assert response["Access-Control-Allow-Origin"] == "*"
        assert response["Access-Control-Expose-Headers"] == "Retry-After"


def test_no_answer_has_a_status_that_sdks_misread(send, client):
    answers = [
        send(body, path) for body in (b"", b"{", {"batch": [1]}) for path in ("/v1/batch", "/v1/t", "/v1/x")
    ]
    answers += [client.get("/v1/batch"), client.get("/v1/projects/none/settings")]
    assert {answer.status_code for answer in answers} & FORBIDDEN == set()
