"""Websites a key is taken from, and events a second."""

import pytest

from ingestion.api.answers import IngestError
from ingestion.api.keys import cache
from ingestion.api.limits import (
    LONGEST_WAIT,
    OVERLOAD_SECONDS,
    Backlogs,
    Buckets,
    Overloaded,
    TooMany,
    backlogs,
    buckets,
)
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.operations import change_source
from tests.factories.ingestion import fold
from tests.ingestion_api.conftest import TRACK

BODY = {"batch": [TRACK]}


@pytest.fixture(autouse=True)
def _full_buckets():
    buckets.clear()
    yield
    buckets.clear()


@pytest.fixture
def limit(product, now):
    def change(**wanted):
        with tenant_context(product.tenant.pk):
            change_source(source=product.source, by=SYSTEM, now=now, **wanted)
        cache.clear()

    return change


def test_a_website_on_the_list_may_send_however_its_origin_is_spelt(send, product, limit):
    limit(allowed_origins=["https://App.acme.com/"])

    assert send(BODY, origin="https://app.acme.com").status_code == 200
    assert len(product.inbox()) == 1


@pytest.mark.parametrize(
    "origin", ["https://evil.com", "http://app.acme.com", "https://app.acme.com:8443", "null"]
)
def test_another_website_is_403_with_what_to_do_and_stores_nothing(send, product, limit, origin):
    limit(allowed_origins=["https://app.acme.com"])

    response = send(BODY, origin=origin)

    assert (response.status_code, response.said["code"]) == (403, "origin_not_allowed")
    assert "Sources and keys" in response.said["message"]
    assert product.inbox() == []


def test_a_server_says_no_website_and_is_taken(send, limit):
    limit(allowed_origins=["https://app.acme.com"])

    assert send(BODY).status_code == 200


def test_without_a_list_every_website_may_send(send, product):
    assert send(BODY, origin="https://anywhere.example").status_code == 200


def test_above_its_rate_a_key_is_429_and_told_when_to_come_back(send, product, limit):
    limit(events_per_second=1)
    many = {"batch": [TRACK | {"messageId": f"m{n}"} for n in range(30)]}

    assert send(many).status_code == 200
    response = send(BODY)

    assert (response.status_code, response.said["code"]) == (429, "rate_limited")
    assert 15 <= int(response["Retry-After"]) <= 21
    assert len(product.inbox()) == 30


def test_the_rate_of_one_tenant_leaves_another_alone(send, stranger, limit):
    limit(events_per_second=1)
    send({"batch": [TRACK | {"messageId": f"m{n}"} for n in range(30)]})

    assert send(BODY).status_code == 429
    assert send(BODY, secret=stranger.secret).status_code == 200


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_bucket_fills_with_time_up_to_ten_seconds_worth():
    clock = Clock()
    full = Buckets(clock)
    full.take("key", 2, 20)
    with pytest.raises(TooMany):
        full.take("key", 2, 1)
    clock.now = 0.6
    full.take("key", 2, 1)
    clock.now = 1000.0
    full.take("key", 2, 20)
    with pytest.raises(TooMany):
        full.take("key", 2, 1)


def test_a_refused_call_costs_nothing_and_the_wait_has_an_end():
    full = Buckets(Clock())
    full.take("key", 1, 10_000)
    for _ in range(3):
        with pytest.raises(TooMany) as refused:
            full.take("key", 1, 10_000)
        assert refused.value.retry_after == LONGEST_WAIT


def test_a_refusal_is_an_answer_of_the_ingestion_api():
    assert issubclass(TooMany, IngestError)


def test_a_full_inbox_says_503_stores_nothing_and_takes_events_again_once_read(send, product, settings):
    settings.INBOX_MOST_REQUESTS = 2
    for _ in range(2):
        backlogs.clear()
        assert send(BODY).status_code == 200
    backlogs.clear()

    response = send(BODY)

    assert (response.status_code, response.said["code"]) == (503, "overloaded")
    assert OVERLOAD_SECONDS[0] <= int(response["Retry-After"]) <= OVERLOAD_SECONDS[1]
    assert len(product.inbox()) == 2
    fold(product.tenant)
    backlogs.clear()
    assert send(BODY).status_code == 200


def test_another_companys_full_inbox_holds_nobody_up(send, acme, globex, settings):
    settings.INBOX_MOST_REQUESTS = 1
    backlogs.clear()
    assert send(BODY).status_code == 200
    backlogs.clear()

    backlogs.check(globex.pk)
    with pytest.raises(Overloaded):
        backlogs.check(acme.pk)


def test_a_full_inbox_is_looked_at_again_after_ten_seconds(send, acme, settings):
    settings.INBOX_MOST_REQUESTS = 1
    now = [0.0]
    memory = Backlogs(lambda: now[0])
    memory.check(acme.pk)
    assert send(BODY).status_code == 200
    memory.check(acme.pk)

    now[0] = 11.0

    with pytest.raises(Overloaded):
        memory.check(acme.pk)
