"""Images that are events: Segment's in `data`, RudderStack's in the query. The image comes whatever became of it."""

import base64
import json
from urllib.parse import urlencode

import pytest
from django.db import OperationalError

from ingestion.rules.dialects.pixel import event_in_data, event_in_query

OPENED = {"userId": "u1", "event": "Mail Opened", "properties": {"campaign": "trial ends >>>???"}}


def packed(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


@pytest.fixture
def see(client):
    """Load the image, as a mail does, and make sure that it is one."""

    def get(path, **query):
        response = client.get(f"{path}?{urlencode(query)}")
        assert (response.status_code, response["Content-Type"]) == (200, "image/gif")
        assert response.content.startswith(b"GIF89a")
        assert response["Cache-Control"] == "no-store"
        return response

    return get


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data,
        lambda data: data.rstrip("="),
        lambda data: data.replace("+", "-").replace("/", "_"),
        lambda data: data.replace("+", " "),
    ],
    ids=["standard", "without padding", "of addresses", "plus read as space"],
)
def test_data_is_base64_of_either_alphabet(change):
    event = {"event": "Ünïcode ~~~ >>> ???"}
    data = base64.b64encode(json.dumps(event, ensure_ascii=False).encode()).decode()
    assert set("+/=") & set(data)
    assert event_in_data(change(data)) == event


@pytest.mark.parametrize("data", ["", "%", "{}", "abc", packed("x")[:-6], "\ud800", "é"])
def test_data_that_cannot_be_read_stays_text(data):
    assert event_in_data(data) == data


def test_parameters_with_dots_are_nested():
    query = {"userId": "u1", "properties.plan": "pro", "context.page.url": "/a", "context.groupId": "acme"}
    assert event_in_query(query.items()) == {
        "userId": "u1",
        "properties": {"plan": "pro"},
        "context": {"page": {"url": "/a"}, "groupId": "acme"},
    }


def test_parameters_that_contradict_each_other_are_all_kept():
    assert event_in_query([("a", "1"), ("a.b", "2"), (".", "3")]) == {"a": "1", "a.b": "2", "": {"": "3"}}


def test_an_anonymous_id_loses_its_quotes():
    assert event_in_query([("anonymousId", '"a1"')]) == {"anonymousId": "a1"}


@pytest.mark.parametrize("slash", ["", "/"])
def test_segments_pixel_stores_its_event_without_the_key(see, product, slash):
    see(f"/v1/pixel/track{slash}", data=packed(OPENED | {"writeKey": product.secret, "messageId": "m1"}))
    assert product.inbox() == [OPENED | {"type": "track", "messageId": "m1"}]


@pytest.mark.parametrize("slash", ["", "/"])
def test_rudderstacks_pixel_stores_the_query_as_an_event(see, product, slash):
    see(f"/pixel/v1/page{slash}", writeKey=product.secret, anonymousId='"a1"', name="Pricing", messageId="m1")
    assert product.inbox() == [{"type": "page", "anonymousId": "a1", "name": "Pricing", "messageId": "m1"}]


def test_the_key_decides_whose_the_event_is(see, product, stranger):
    see("/v1/pixel/track", data=packed(OPENED | {"writeKey": product.secret}))
    see("/pixel/v1/page", writeKey=stranger.secret, userId="u2")
    assert [item["userId"] for item in product.inbox()] == ["u1"]
    assert [item["userId"] for item in stranger.inbox()] == ["u2"]


def test_a_key_in_data_goes_before_one_in_the_query(see, product, stranger):
    see("/v1/pixel/track", data=packed(OPENED | {"writeKey": product.secret}), writeKey=stranger.secret)
    assert (len(product.inbox()), len(stranger.inbox())) == (1, 0)


def test_an_event_that_cannot_be_read_is_kept_in_quarantine(see, product):
    see("/v1/pixel/track", data="not base64", writeKey=product.secret)
    see("/v1/pixel/track", data=packed({"userId": "u1", "writeKey": product.secret}))
    see("/pixel/v1/track", userId="u1", writeKey=product.secret)
    assert product.inbox() == []
    assert [event.code for event in product.quarantined()] == [
        "not_an_object",
        "missing_event",
        "missing_event",
    ]
    assert product.secret not in "".join(event.raw for event in product.quarantined())


@pytest.mark.parametrize("path", ["/v1/pixel/track", "/pixel/v1/track"])
def test_an_image_comes_also_without_a_key_that_is_known(see, db, path):
    see(path, data=packed(OPENED | {"writeKey": "pql_w_none"}))
    see(path, writeKey="pql_w_none", data="%")
    see(path)


def test_an_image_comes_also_when_events_cannot_be_stored(see, product, monkeypatch):
    def fail(**kwargs):
        raise OperationalError("disk full")

    monkeypatch.setattr("ingestion.operations.accept.append_to_inbox", fail)
    see("/v1/pixel/track", data=packed(OPENED | {"writeKey": product.secret}))


@pytest.mark.parametrize("method", ["head", "post"])
def test_only_loading_the_image_is_an_event(client, product, method):
    query = urlencode({"data": packed(OPENED | {"writeKey": product.secret})})
    assert getattr(client, method)(f"/v1/pixel/track?{query}").status_code == 405
    assert product.inbox() == []


def test_an_unknown_pixel_is_404_and_no_redirect(client, db):
    for path in ("/v1/pixel/purchase", "/pixel/v1/purchase", "/pixel"):
        assert client.get(path).json()["code"] == "not_found"
