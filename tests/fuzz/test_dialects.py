"""Poison in the shapes of other products: the event that holds it is stored or kept in quarantine, its neighbours are
stored, and what is stored can be read."""

import base64

import pytest

from ingestion.models import Event, QuarantinedEvent
from tests.factories.ingestion import fold
from tests.ingestion_api.conftest import make_product, send  # noqa: F401
from tests.ingestion_api.test_bodies import POISON

POSTHOG = b'{"event": "Poured", "distinct_id": "u", "uuid": "%s", "properties": {"a": %s}}'
JITSU = b'{"type": "track", "event": "Poured", "userId": "u", "messageId": "%s", "properties": {"a": %s}}'
CLOUD = (
    b'{"specversion": "1.0", "id": "%s", "source": "/s", "type": "Poured", "subject": "u", "data": {"a": %s}}'
)
BATCHES = {
    "/batch/": (POSTHOG, b'{"batch": [%s]}', "application/json"),
    "/i/v1/analytics/events": (POSTHOG, b'{"batch": [%s]}', "application/json"),
    "/e/": (POSTHOG, b"[%s]", "text/plain"),
    "/beacon/v1/batch": (JITSU, b'{"batch": [%s]}', "text/plain"),
    "/v1/cloudevents": (CLOUD, b"[%s]", "application/cloudevents-batch+json"),
}
ALONE = {
    "/api/s/s2s/track": (JITSU, "application/json"),
    "/v1/track": (JITSU, "text/plain"),
    "/v1/cloudevents": (CLOUD, "application/cloudevents+json"),
    "/capture/": (POSTHOG, "application/json"),
}


@pytest.fixture
def product(acme, now):
    return make_product(acme, now)


def stored_and_kept() -> tuple[int, int]:
    assert not QuarantinedEvent.objects.filter(code__in=["not_storable", "not_understood"]).exists()
    return len(Event.objects.values("properties", "context")), QuarantinedEvent.objects.count()


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
@pytest.mark.parametrize("path", BATCHES)
def test_neighbours_of_poison_are_stored(send, in_acme, path, poison):  # noqa: F811
    item, batch, content_type = BATCHES[path]
    events = [item % (b"m1", b"1"), item % (b"m2", poison), item % (b"m3", b"1")]

    answer = send(batch % b", ".join(events), path, **{"Content-Type": content_type})
    fold(in_acme)

    assert answer.status_code == 200
    assert stored_and_kept() in [(3, 0), (2, 1)]


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
@pytest.mark.parametrize("path", ALONE)
def test_poison_alone_is_stored_or_kept(send, in_acme, path, poison):  # noqa: F811
    item, content_type = ALONE[path]

    answer = send(item % (b"m1", poison), path, **{"Content-Type": content_type})
    fold(in_acme)

    assert answer.status_code == 200
    assert stored_and_kept() in [(1, 0), (0, 1)]


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
def test_poison_in_an_image_is_stored_or_kept(client, product, in_acme, poison):
    data = base64.urlsafe_b64encode(JITSU % (b"m1", poison)).decode()

    answer = client.get("/v1/pixel/track", {"data": data, "writeKey": product.secret})
    fold(in_acme)

    assert (answer.status_code, answer["Content-Type"]) == (200, "image/gif")
    assert stored_and_kept() in [(1, 0), (0, 1)]
