"""What the catalogue learns from the events themselves."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ingestion.models import EventName
from ingestion.queries.browse import event_profile
from ingestion.rules import catalogue as rules
from tests.factories.ingestion import START, identify, make_source, send_and_fold, track

TODAY = date(2026, 3, 30)


def days_ago(*numbers: int) -> dict[str, int]:
    return {(TODAY - timedelta(days=number)).isoformat(): 1 for number in numbers}


def seen(tenant, *properties: dict, event: str = "Export"):
    send_and_fold(tenant, [track("u1", event, properties=each) for each in properties])
    return {row.name: row for row in event_profile(1, event).properties}


def test_each_type_is_counted_and_a_date_is_told_from_a_text(in_acme):
    values = ["csv", "2026-03-01", "2026-03-01T09:00:00Z", True, 5, 1.5, {"a": 1}, [1], None]

    found = seen(in_acme, *({"x": value} for value in values))["x"]

    expected = {"string": 1, "date": 2, "boolean": 1, "integer": 1, "number": 1, "object": 1, "array": 1}
    assert dict(found.types) == expected
    assert found.null_share == 1 / 9


def test_share_is_of_all_events_and_null_is_no_value(in_acme):
    found = seen(in_acme, {"plan": "pro", "rows": 1}, {"plan": None}, {}, {"plan": "team"})

    assert (found["plan"].share, found["plan"].null_share) == (0.5, 0.25)
    assert found["rows"].share == 0.25


def test_a_few_different_examples_are_kept_over_many_slices(in_acme):
    for value in ("csv", "csv", "pdf", "xls", "png"):
        found = seen(in_acme, {"format": value})

    assert found["format"].examples == ("csv", "pdf", "xls")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("email", "x"),
        ("inviteeEmail", "x"),
        ("first_name", "Ann"),
        ("userID", "7"),
        ("shipping address", "x"),
        ("authToken", "x"),
        ("comment", "x"),
        ("label", "ann@acme.test"),
        ("label", "+49 (30) 123 45 67"),
        ("label", "203.0.113.9"),
        ("label", "2001:db8:0:1::7"),
        ("label", "018f2c4e-7a3b-7c11-9d52-0a1b2c3d4e5f"),
        ("label", "https://app.test/?u=ann"),
        ("label", "please call me back tomorrow"),
    ],
)
def test_nothing_that_looks_personal_is_kept_as_an_example(in_acme, name, value):
    assert seen(in_acme, {name: value})[name].examples == ()
    assert value == "x" or value not in str(EventName.objects.get().properties)


@pytest.mark.parametrize("value", ["pro", "2026-03-01", "Europe/Berlin", "v1.2.3", "annual plan", 7, True])
def test_plain_values_are_shown(value):
    assert not rules.is_personal_value(value)


def test_no_trait_of_a_person_is_kept_as_an_example(in_acme):
    send_and_fold(in_acme, [identify("u1", traits={"plan": "pro"})])

    assert "pro" not in str(EventName.objects.get(kind=2).properties)


def test_property_says_on_which_days_it_came_first_and_last(in_acme):
    for day in (3, 1, 5):
        when = START + timedelta(days=day)
        send_and_fold(in_acme, [track("u1", "Export", ts=when, properties={"rows": day})])

    row = event_profile(1, "Export").properties[0]
    assert (row.first, row.last) == (date(2026, 3, 2), date(2026, 3, 6))


def test_at_most_200_properties_are_kept_and_the_profile_says_so(in_acme):
    seen(in_acme, {f"p{n}": n for n in range(150)})
    assert event_profile(1, "Export").has_all_names
    found = seen(in_acme, {f"q{n}": n for n in range(150)})

    assert len(found) == 200
    assert not event_profile(1, "Export").has_all_names


def test_days_are_those_of_the_tenant_and_of_all_sources(in_acme):
    in_acme.time_zone = "Asia/Tokyo"
    in_acme.save()
    late = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)  # the 2nd in Tokyo
    for name in ("App", "Site"):
        sent = [track("u1", "Export", ts=START), track("u1", "Export", ts=late)]
        send_and_fold(in_acme, sent, source=make_source(in_acme, name=name))

    assert event_profile(1, "Export").days == {"2026-03-01": 2, "2026-03-02": 2}


def test_only_the_newest_days_are_kept_whatever_order_they_come_in():
    old, new = {"2026-01-01": 5}, days_ago(*range(rules.MAX_DAYS))

    one_way = rules.add_days(rules.add_days({}, old), new)
    other_way = rules.add_days(rules.add_days({}, new), old)

    assert one_way == other_way == new


def test_a_message_sent_twice_counts_once(in_acme):
    for _ in range(2):
        send_and_fold(in_acme, [track("u1", "Export", id="same")])

    profile = event_profile(1, "Export")
    assert (profile.received, profile.days) == (1, {"2026-03-01": 1})


def test_sdk_and_version_are_counted(in_acme):
    def sent(version):
        return track("u1", "Export", context={"library": {"name": "analytics-go", "version": version}})

    send_and_fold(in_acme, [sent("1"), sent("2"), track("u1", "Export", context={"library": "odd"})])
    send_and_fold(in_acme, [sent("2")])

    profile = event_profile(1, "Export")
    assert {row.label: row.number for row in profile.libraries} == {"analytics-go 1": 1, "analytics-go 2": 2}


def test_the_sdks_seen_last_are_kept():
    many = {f"sdk {n:02}": (1, f"2026-03-{n + 1:02}") for n in range(25)}

    kept = rules.add_libraries({}, many)

    assert sorted(kept) == [f"sdk {n:02}" for n in range(5, 25)]


@pytest.mark.parametrize(
    ("days", "is_quiet"),
    [
        pytest.param(days_ago(7, 8, 9), True, id="three days, then a week of nothing"),
        pytest.param(days_ago(6, 8, 9, 10), False, id="came six days ago"),
        pytest.param(days_ago(7, 8), False, id="never regular"),
        pytest.param(days_ago(28, 29, 30), False, id="regular too long ago"),
        pytest.param({}, False, id="unknown"),
    ],
)
def test_an_event_has_gone_quiet(days, is_quiet):
    assert rules.has_gone_quiet(days, TODAY) is is_quiet


def test_an_example_of_an_older_release_goes_away():
    assert rules.merge({"email": {"string": 1, "example": "a@b.test"}}, {}) == {"email": {"string": 1}}
