import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from ingestion.models import (
    Account,
    Activity,
    Event,
    EventName,
    Inbox,
    Person,
    QuarantinedEvent,
    Touched,
    TraitValue,
)
from ingestion.operations import fold_inbox, take_touched
from ingestion.operations.inbox import append_to_inbox
from tenants.context import tenant_context
from tenants.models import Work
from tests.factories.ingestion import (
    RECEIVED,
    START,
    count_instead,
    fold,
    group,
    identify,
    make_action,
    make_source,
    message,
    send,
    send_and_fold,
    track,
)
from tests.ingestion.state import snapshot


def test_an_event_lands_whole(in_acme):
    send_and_fold(in_acme, [track("u1", "Board Viewed", id="m1", account="a1", properties={"n": 3})])

    event = Event.objects.get()
    assert (event.message_id, event.name, event.ts, event.properties) == (
        "m1",
        "Board Viewed",
        START,
        {"n": 3},
    )
    assert event.received_at == RECEIVED
    assert Account.objects.get(pk=event.account_id).key == "a1"
    assert not Inbox.objects.exists()


def test_the_same_message_twice_counts_once(in_acme):
    one = track("u1", "login", id="m1")

    result = send_and_fold(in_acme, [one, one])
    again = send_and_fold(in_acme, [one])

    assert (result.events, result.duplicates) == (1, 1)
    assert (again.events, again.duplicates) == (0, 1)
    assert Event.objects.count() == 1


def test_the_same_message_id_from_two_sources_is_two_events(in_acme):
    for name in ("Web", "Server"):
        send(in_acme, [track("u1", "login", id="m1")], source=make_source(in_acme, name=name))

    assert fold(in_acme).events == 2


def test_activity_has_the_local_day_and_the_number(in_acme, corporate, now):
    action = make_action("Upload", number_property="mb")
    night = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # 00:30 on the 2nd in Berlin

    result = send_and_fold(in_acme, [track("u1", "Upload", ts=night, properties={"mb": "12.5"})])

    row = Activity.objects.get(action_version_id=action.versions.get().pk)
    assert (row.local_day, row.number, row.ts) == (date(2026, 3, 2), Decimal("12.5"), night)
    assert result.activity == 1


def test_filters_decide_what_an_action_counts(in_acme, corporate):
    make_action("Export", filters=[{"property": "rows", "op": "gte", "value": 100}])

    result = send_and_fold(in_acme, [track("u1", "Export", properties={"rows": n}) for n in (99, 100, None)])

    assert (result.events, result.activity) == (3, 1)


def test_old_versions_of_an_action_go_on_counting(in_acme, corporate, now):
    action = make_action("login")
    count_instead(action, "sign in")

    result = send_and_fold(in_acme, [track("u1", "login"), track("u1", "sign in")])

    assert result.activity == 2


def test_what_cannot_be_read_is_kept_with_its_reason_and_the_rest_lands(in_acme):
    bad = message("track", "u1", event="x", properties="not an object", id="bad")

    result = send_and_fold(in_acme, [track("u1", "login"), bad, track("u2", "login")])

    assert (result.events, result.quarantined) == (2, 1)
    kept = QuarantinedEvent.objects.get()
    assert (kept.code, kept.message_id) == ("invalid_properties", "bad")


def test_a_stored_request_that_is_no_json_is_quarantined(in_acme, now):
    source = make_source(in_acme)
    append_to_inbox(source_id=source.pk, payload=b"{broken", client={}, received_at=now)
    send(in_acme, [track("u1", "login")])

    assert fold(in_acme).events == 1
    assert QuarantinedEvent.objects.get().code == "unreadable_request"


def test_scoring_is_woken_for_those_who_did_something_that_counts(in_acme, corporate, now):
    make_action("login")
    send_and_fold(in_acme, [track("u1", "login", account="a1"), track("u2", "other")])

    u1, a1 = Person.objects.get(label="u1").pk, Account.objects.get().pk
    assert list(take_touched(limit=10)) == [(1, u1), (2, a1)]
    assert take_touched(limit=10) == {}
    assert Work.objects.filter(kind="score").exists()


def test_nobody_is_touched_by_events_nobody_counts(in_acme):
    send_and_fold(in_acme, [track("u1", "login")])

    assert not Touched.objects.exists()


def test_a_slice_is_bounded_and_says_that_there_is_more(in_acme, now):
    for _request in range(5):
        send(in_acme, [track("u1", "login") for _ in range(4)])

    first = fold_inbox(now=now, limit_events=10)

    assert (first.events, first.more) == (12, True)
    assert Inbox.objects.count() == 2
    assert fold(in_acme).events == 8


def test_the_catalogue_learns_names_times_and_types(in_acme):
    later = START + timedelta(hours=1)
    send_and_fold(in_acme, [track("u1", "Export", properties={"rows": 5, "format": "csv"})])
    send_and_fold(in_acme, [track("u1", "Export", ts=later, properties={"rows": "many"})])

    name = EventName.objects.get()
    assert (name.received, name.first_seen_at, name.last_seen_at) == (2, START, later)
    days = {"first": "2026-03-01", "last": "2026-03-01"}
    counts = {"integer": 1, "string": 1, "at": {"integer": "2026-03-01", "string": "2026-03-01"}}
    assert name.properties["rows"] == {**counts, "examples": [5, "many"], **days}


def filling(user, hour, **traits):
    return identify(user, ts=START + timedelta(hours=hour), traitsOnce=traits)


@pytest.mark.parametrize("slices", [1, 4])
def test_traits_once_fill_what_is_not_known_and_never_replace_it(in_acme, slices):
    items = [
        filling("u1", 0, campaign="ads", plan="free"),
        filling("u1", 1, campaign="mail", plan="trial"),
        identify("u1", ts=START + timedelta(hours=2), traits={"plan": "pro"}),
        filling("u1", 3, campaign="fair", plan="free"),
    ]
    for start in range(0, 4, 4 // slices):
        send_and_fold(in_acme, items[start : start + 4 // slices])

    assert Person.objects.get().traits == {"campaign": "ads", "plan": "pro"}
    assert TraitValue.objects.filter(name="campaign").count() == 1


def test_persons_and_accounts_look_like_their_latest_traits(in_acme):
    hour = timedelta(hours=1)
    send_and_fold(in_acme, [identify("u1", ts=START + hour, traits={"name": "Ann Lee", "plan": "pro"})])
    send_and_fold(in_acme, [identify("u1", ts=START, traits={"name": "A.", "email": "ann@a.test"})])
    send_and_fold(in_acme, [group("u1", "a1", traits={"name": "Initech", "employees": "50"})])

    person = Person.objects.get()
    assert (person.label, person.email, person.search) == ("Ann Lee", "ann@a.test", "ann lee ann@a.test")
    assert person.traits == {"name": "Ann Lee", "plan": "pro", "email": "ann@a.test"}
    assert Account.objects.get().search == "initech a1"


def test_an_explicit_null_empties_a_trait(in_acme):
    send_and_fold(in_acme, [identify("u1", traits={"plan": "pro"})])
    send_and_fold(in_acme, [identify("u1", ts=START + timedelta(hours=1), traits={"plan": None})])

    assert Person.objects.get().traits == {"plan": None}


def test_an_event_without_group_counts_for_the_only_account_of_its_time(in_acme):
    day = timedelta(days=1)
    send_and_fold(in_acme, [group("u1", "a1", ts=START), group("u1", "a2", ts=START + 2 * day)])

    events = [track("u1", f"day {n}", ts=START + n * day - timedelta(hours=1)) for n in range(4)]
    send_and_fold(in_acme, events)

    keys = dict(Account.objects.values_list("pk", "key")) | {None: None}
    found = {event.name: keys[event.account_id] for event in Event.objects.filter(kind=1)}
    assert found == {"day 0": None, "day 1": "a1", "day 2": "a1", "day 3": None}


def test_a_membership_learned_later_does_not_rewrite_events(in_acme):
    send_and_fold(in_acme, [track("u1", "login", ts=START)])
    send_and_fold(in_acme, [group("u1", "a1", ts=START - timedelta(days=1))])

    assert Event.objects.get(name="login").account_id is None


class Killed(BaseException):
    """Nothing catches it, as nothing catches a killed process."""


@pytest.mark.django_db(transaction=True)
def test_a_fold_that_dies_at_any_statement_leaves_everything_as_it_was(acme):
    with tenant_context(acme.pk):
        make_action("login")
    bad = message("track", "u1", event="x", properties="no object")
    send(acme, [identify("u1", anon="x", traits={"plan": "pro"}), track("u1", "login", account="a1"), bad])
    statement = itertools.count()
    deadly = 0

    def die(execute, sql, params, many, context):
        if next(statement) == deadly:
            raise Killed
        return execute(sql, params, many, context)

    with tenant_context(acme.pk):
        before = snapshot()
    for deadly in itertools.count():  # noqa: B007 - read by die
        statement = itertools.count()
        try:
            with connection.execute_wrapper(die):
                assert fold(acme).events == 2
            break
        except Killed:
            with tenant_context(acme.pk):
                assert snapshot() == before
                assert Inbox.objects.count() == 1
    assert deadly > 20
    assert fold(acme).events == 0
