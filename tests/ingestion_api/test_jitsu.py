"""Jitsu's addresses and answers: @jitsu/js reports every answer that is not 200 with a JSON object as an error."""

import pytest

from tests.ingestion_api.conftest import TRACK

SEEN = {"anonymousId": "a1", "messageId": "m1"}
SIGNED_UP = {"type": "track", "userId": 7, "event": "Signed Up", "messageId": "m1", "groupId": "acme"}


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("folder", ["/api/s/", "/api/s/s2s/"])
@pytest.mark.parametrize("kind", ["page", "p"])
def test_an_event_is_of_the_type_that_the_path_names(send, product, folder, kind, slash):
    response = send(SEEN, folder + kind + slash)
    assert (response.status_code, response.said) == (200, {"ok": True})
    assert product.inbox() == [SEEN | {"type": "page"}]


@pytest.mark.parametrize("path", ["/api/s/track", "/api/s/event", "/api/s/s2s/e"])
def test_an_event_may_name_its_type_itself(send, product, path):
    assert send(SIGNED_UP, path).said == {"ok": True}
    assert product.inbox() == [SIGNED_UP]


def test_the_key_is_taken_from_the_header_though_the_body_shows_it_masked(send, product, stranger):
    body = SIGNED_UP | {"writeKey": f"{product.secret}:***"}
    send(body, "/api/s/track", **{"X-Write-Key": f"{product.secret}:-"})
    send(body, "/api/s/track", secret=stranger.secret)
    assert product.inbox() == stranger.inbox() == [SIGNED_UP]


def test_a_rejected_event_is_not_ok_and_kept_in_quarantine(send, product):
    response = send(SEEN, "/api/s/track")
    assert (response.status_code, response.said["ok"]) == (200, False)
    assert response.said["code"] == "missing_event"
    assert [event.message_id for event in product.quarantined()] == ["m1"]


def test_a_batch_is_answered_with_its_counts(send, product):
    response = send({"batch": [TRACK, SIGNED_UP | {"messageId": "m2"}]}, "/api/s/s2s/batch")
    assert response.said == {"ok": True, "receivedEvents": 2, "okEvents": 2}
    assert len(product.inbox()) == 2


def test_a_batch_names_the_events_that_are_rejected(send, product):
    response = send({"batch": [TRACK, SEEN | {"type": "track"}]}, "/api/s/s2s/batch/")
    assert (response.said["ok"], response.said["receivedEvents"], response.said["okEvents"]) == (False, 2, 1)
    assert response.said["errors"] == [
        "Message ID: m1: A track call needs `event`, the name of what happened."
    ]
    assert len(product.quarantined()) == 1


@pytest.mark.parametrize("path", ["/api/s", "/api/s/", "/api/s/purchase", "/api/s/s2s/", "/api/s/s2s/x/y"])
def test_addresses_beside_these_are_404_and_no_redirect(send, path):
    response = send(SIGNED_UP, path)
    assert (response.status_code, response.said["code"]) == (404, "not_found")


def test_an_unknown_key_is_401(send):
    assert send(SIGNED_UP, "/api/s/track", secret="pql_w_none").status_code == 401
