"""What a source has used of its quota, and what its keys may do."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from ingestion.api.keys import cache
from ingestion.api.limits import quotas
from ingestion.models import Event
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import SourceUsage, WriteKey
from tenants.operations import add_usage, change_source, issue_write_key
from tenants.quotas import bounds, events_by_day, nearly_used_up, usage_of
from tests.factories.ingestion import fold
from tests.ingestion_api.conftest import TRACK, make_product

BODY = {"batch": [TRACK]}
IDENTIFY = {"type": "identify", "userId": "u1", "messageId": "i1"}
GROUP = {"type": "group", "userId": "u1", "groupId": "acme", "messageId": "g1"}


@pytest.fixture(autouse=True)
def _forgotten():
    quotas.clear()
    yield
    quotas.clear()


def limit(product, **wanted):
    with tenant_context(product.tenant.pk):
        change_source(source=product.source, by=SYSTEM, now=timezone.now(), **wanted)
    cache.clear()
    quotas.clear()


def used(product):
    with tenant_context(product.tenant.pk):
        return list(SourceUsage.objects.values_list("source_id", "events"))


def sent(send, number, **options):
    return send({"batch": [TRACK | {"messageId": f"m{n}"} for n in range(number)]}, **options)


def test_what_is_folded_is_counted_with_duplicates_and_refusals_for_its_own_tenant(send, product, stranger):
    refused_later = TRACK | {"properties": {"n": 10**40}, "messageId": "bad"}
    send({"batch": [TRACK, TRACK, refused_later]})
    send(BODY)
    send(BODY, secret=stranger.secret)
    for tenant in (product.tenant, stranger.tenant):
        fold(tenant)

    assert used(product) == [(product.source.pk, 4)]
    assert used(stranger) == [(stranger.source.pk, 1)]


def test_without_refusing_a_quota_takes_everything(send, product):
    limit(product, quota_events=2)
    sent(send, 3)
    fold(product.tenant)

    assert send(BODY).status_code == 200


def test_a_refusing_quota_answers_429_with_words_and_loses_nothing_it_took(send, product):
    limit(product, quota_events=3, refuses_over_quota=True)
    assert sent(send, 5).said["accepted"] == 5  # what crosses the line is taken whole
    fold(product.tenant)
    quotas.clear()

    response = send(BODY)

    assert (response.status_code, response.said["code"]) == (429, "quota_exceeded")
    assert "5 of its 3 events this month" in response.said["message"]
    assert response["Retry-After"] == "300"
    with tenant_context(product.tenant.pk):
        assert Event.objects.count() == 5
    assert product.inbox() == []


def test_a_used_up_quota_leaves_other_sources_and_tenants_alone(send, product, stranger, now):
    limit(product, quota_events=1, refuses_over_quota=True)
    other = make_product(product.tenant, now, name="Other")
    sent(send, 1)
    fold(product.tenant)
    quotas.clear()

    assert send(BODY).status_code == 429
    assert send(BODY, secret=other.secret).status_code == 200
    assert send(BODY, secret=stranger.secret).status_code == 200


def test_a_raised_quota_takes_events_again(send, product):
    limit(product, quota_events=1, refuses_over_quota=True)
    sent(send, 1)
    fold(product.tenant)
    quotas.clear()
    assert send(BODY).status_code == 429

    limit(product, quota_events=10)

    assert send(BODY).status_code == 200


def test_days_and_months_are_those_of_the_company(product):
    """Acme is in Berlin, two hours ahead of UTC in summer."""
    late = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)  # 1 July in Berlin
    with tenant_context(product.tenant.pk):
        add_usage({(product.source.pk, late - timedelta(hours=1)): 5, (product.source.pk, late): 7})
        july = usage_of(product.source.pk, quota=10, period="month", now=late)
        june = usage_of(product.source.pk, quota=10, period="day", now=late - timedelta(hours=1))
        assert events_by_day(product.source.pk, now=late)[-2:] == [5, 7]

    assert (july.events, july.percent, july.ends) == (7, 70, date(2026, 8, 1))
    assert (june.events, june.starts, june.ends) == (12, date(2026, 6, 30), date(2026, 7, 1))


@pytest.mark.parametrize(
    ("today", "ends"),
    [
        (date(2026, 1, 31), date(2026, 2, 1)),
        (date(2026, 12, 1), date(2027, 1, 1)),
        (date(2028, 2, 29), date(2028, 3, 1)),
    ],
)
def test_a_month_ends_where_the_next_begins(today, ends):
    assert bounds("month", today) == (today.replace(day=1), ends)


@pytest.mark.parametrize(
    ("events", "warned", "over"), [(79, False, False), (80, True, False), (100, True, True)]
)
def test_from_four_fifths_on_a_source_is_named(product, events, warned, over):
    now = timezone.now()
    limit(product, quota_events=100)
    with tenant_context(product.tenant.pk):
        add_usage({(product.source.pk, now): events})
        found = nearly_used_up(now=now)

    assert [(source.pk, usage.is_used_up) for source, usage in found] == [(product.source.pk, over)] * warned


@pytest.fixture
def key_with(product):
    def make(*scopes):
        with tenant_context(product.tenant.pk):
            return issue_write_key(source=product.source, scopes=scopes, by=SYSTEM, now=timezone.now())[1]

    return make


def test_a_key_for_events_alone_sends_the_rest_to_quarantine_with_what_to_do(send, product, key_with):
    secret = key_with(WriteKey.Scope.EVENTS)
    said = send({"batch": [TRACK, IDENTIFY, GROUP]}, secret=secret).said

    assert said["accepted"] == 1
    assert [(each["index"], each["code"]) for each in said["rejected"]] == [
        (1, "not_in_scope"),
        (2, "not_in_scope"),
    ]
    assert "profiles:write" in said["rejected"][0]["message"]
    assert [kept.code for kept in product.quarantined()] == ["not_in_scope"] * 2


def test_a_key_for_profiles_alone_may_not_say_what_happened(send, key_with):
    secret = key_with(WriteKey.Scope.PROFILES)

    assert send(TRACK, "/v1/track", secret=secret).said["rejected"][0]["code"] == "not_in_scope"
    assert send(GROUP, "/v1/group", secret=secret).said["rejected"] == []


@pytest.mark.parametrize(
    "address", ["/v1/projects/{}/settings", "/array/{}/config", "/sourceConfig/?writeKey={}"]
)
def test_only_a_key_that_may_read_settings_reads_them(client, product, key_with, address):
    assert client.get(address.format(product.secret)).status_code == 200
    refused = client.get(address.format(key_with(WriteKey.Scope.EVENTS)))
    assert (refused.status_code, refused.json()["code"]) == (403, "not_in_scope")
