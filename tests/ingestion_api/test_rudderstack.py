"""What RudderStack's SDKs ask for and send beside the calls that they share with Segment's."""

import base64
import json

import pytest

from ingestion.operations import replay_quarantined
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tests.ingestion_api.conftest import TRACK

MERGE = {
    "mergeProperties": [{"type": "anonymousId", "value": "a1"}, {"type": "userId", "value": "u1"}],
    "messageId": "m1",
}


def basic(key):
    return {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_source_config_says_that_the_source_is_on_and_nothing_else(client, product, slash):
    response = client.get(
        f"/sourceConfig{slash}?p=npm&v=3.34.1&writeKey={product.secret}", headers=basic(product.secret)
    )
    source = response.json()["source"]
    assert (source["id"], source["writeKey"], source["enabled"]) == (
        str(product.source.pk),
        product.secret,
        True,
    )
    assert source["destinations"] == []
    assert product.tenant.name not in response.content.decode()
    assert response["Access-Control-Allow-Origin"] == "*"


def test_the_source_config_takes_its_key_from_the_headers_or_the_query(client, product, stranger):
    of_headers = client.get("/sourceConfig/", headers=basic(product.secret))
    of_query = client.get(f"/sourceConfig/?writeKey={stranger.secret}")
    assert of_headers.json()["source"]["id"] == str(product.source.pk)
    assert of_query.json()["source"]["id"] == str(stranger.source.pk)


@pytest.mark.parametrize("query", ["", "?writeKey=pql_w_none"])
def test_the_source_config_of_an_unknown_key_is_401(client, db, query):
    response = client.get("/sourceConfig/" + query)
    assert (response.status_code, response.json()["code"]) == (401, "invalid_write_key")


def test_a_source_config_is_asked_for_with_a_preflight(client, db):
    response = client.options("/sourceConfig/", headers={"Access-Control-Request-Headers": "authorization"})
    assert response["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert "authorization" in response["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_beacon_is_a_batch_with_its_key_in_the_query(client, product, slash):
    body = json.dumps({"batch": [TRACK]})
    path = f"/beacon/v1/batch{slash}?writeKey={product.secret}"
    response = client.post(path, body, content_type="text/plain;charset=UTF-8")
    assert response.json() == {"success": True, "accepted": 1, "rejected": []}
    assert product.inbox() == [TRACK]


@pytest.mark.parametrize("body", [MERGE, MERGE | {"type": "track", "userId": "u1", "event": "x"}])
def test_a_merge_is_answered_200_and_kept_in_quarantine_with_what_to_do(send, product, body):
    response = send(body, "/v1/merge")
    assert response.status_code == 200
    assert [error["code"] for error in response.said["rejected"]] == ["unknown_type"]
    assert "alias" in response.said["rejected"][0]["message"]
    assert [json.loads(event.raw) for event in product.quarantined()] == [body]


def test_a_merge_can_be_replayed_as_an_alias(send, product, now):
    send(MERGE, "/v1/merge")
    (merge,) = product.quarantined()
    alias = {"type": "alias", "userId": "u1", "previousId": "a1", "messageId": "m1"}
    with tenant_context(product.tenant.pk):
        replay_quarantined(event=merge, by=SYSTEM, now=now, raw=json.dumps(alias))
    assert [item["type"] for item in product.inbox()] == ["alias"]


@pytest.mark.parametrize("body", [b"3", b"{", {"batch": 3}])
def test_a_merge_that_cannot_be_read_is_400(send, body):
    assert send(body, "/v1/merge").status_code == 400


@pytest.mark.parametrize("path", ["/beacon", "/beacon/v1", "/beacon/v1/track", "/sourceConfig/x"])
def test_addresses_beside_these_are_404_and_no_redirect(send, path):
    response = send({"batch": [TRACK]}, path)
    assert (response.status_code, response.said["code"]) == (404, "not_found")
