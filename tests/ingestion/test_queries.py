from datetime import timedelta

import pytest

from ingestion import queries
from ingestion.models import Account, Identity
from tests.factories.ingestion import (
    RECEIVED,
    START,
    group,
    identify,
    send_and_fold,
    track,
)

PERSON, ACCOUNT = 1, 2
HOUR = timedelta(hours=1)


def person_id(value: str) -> int:
    return Identity.objects.get(value=value).person_id


@pytest.fixture
def company(in_acme):
    items = [
        track(None, "visit", anon="x"),
        identify("u1", anon="x", ts=START + HOUR, traits={"name": "Ann", "plan": "free"}),
        group("u1", "a1", ts=START + 2 * HOUR, traits={"name": "Initech"}),
        track("u1", "Report Exported", ts=START + 3 * HOUR, account="a1", properties={"rows": 5}),
        identify("u1", ts=START + 4 * HOUR, traits={"plan": "pro"}),
        track("u2", "Report Exported", ts=START + 5 * HOUR, account="a1"),
        track("u2", "login", ts=START + 6 * HOUR, account="a2"),
    ]
    send_and_fold(in_acme, items)


def test_labels_of_persons_and_accounts(company, in_acme):
    send_and_fold(in_acme, [track(None, "visit", anon="y")])
    ids = [person_id("u1"), person_id("u2"), person_id("y")]

    expected = dict(zip(ids, ["Ann", "u2", f"Unknown visitor {ids[2]}"], strict=True))
    assert queries.subject_labels(PERSON, ids) == expected
    accounts = dict(Account.objects.values_list("key", "pk"))
    assert queries.subject_labels(ACCOUNT, accounts.values()) == {
        accounts["a1"]: "Initech",
        accounts["a2"]: "a2",
    }


def test_the_timeline_of_a_person_covers_all_identities_newest_first(company):
    events = queries.subject_events(PERSON, person_id("u1"), before=RECEIVED, limit=10)

    assert [event.name for event in events] == ["", "Report Exported", "", "", "visit"]
    assert events[1].properties == {"rows": 5}


def test_the_timeline_goes_on_after_its_last_row(company):
    account = Account.objects.get(key="a1").pk
    first = queries.subject_events(ACCOUNT, account, before=RECEIVED, limit=2)
    last = first[-1]

    rest = queries.subject_events(ACCOUNT, account, before=last.at, before_id=last.id, limit=10)

    assert [event.at - START for event in first + rest] == [5 * HOUR, 4 * HOUR, 3 * HOUR, 2 * HOUR]


def test_event_names_by_prefix_and_by_a_slip_of_the_pen(company):
    assert [(known.name, known.received) for known in queries.event_names("Rep")] == [("Report Exported", 2)]
    assert queries.close_names("report exportd") == ["Report Exported"]
    assert queries.close_names("zzz") == []


@pytest.mark.parametrize("number", [1, 2])
def test_the_number_of_queries_does_not_grow(company, django_assert_num_queries, number):
    ids = [person_id("u1"), person_id("u2")][:number]
    with django_assert_num_queries(1):
        queries.subject_labels(PERSON, ids)
