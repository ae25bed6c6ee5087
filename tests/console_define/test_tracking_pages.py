"""The pages of tracking plans and violations, for a data owner who reads no JSON."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ingestion.models import Event, TrackingPlan, Violation
from ingestion.queries.tracking import draft_of
from ingestion.rules.tracking import key_of
from ingestion.rules.tracking_rows import Row, rows_of
from tenants.context import tenant_context
from tenants.models import Role
from tests.conftest import member
from tests.factories.ingestion import make_source, send_and_fold, track
from tests.factories.tracking import SIGNED_UP, live_plan, make_plan, planned

PROPERTY = {"type": "string", "allowed": "", "description": ""}


@pytest.fixture
def eli(acme, now):
    return member(acme, "eli@acme.test", Role.PRODUCT_ENGINEER, "Corporate", now)


@pytest.fixture
def client(as_user, eli):
    return as_user(eli)


@pytest.fixture
def source(in_acme):
    return make_source(in_acme)


def url(name, *args):
    return reverse(f"admin:ingestion_trackingplan_{name}", args=args)


def posted(name="Paid", seen=1, **rows):
    """The form of an event with a property for each keyword: its fields beyond those of a text."""
    data = {"do": "save", "type": "track", "name": name, "seen": "" if seen is None else seen}
    for place, (prop, fields) in enumerate(rows.items()):
        data |= {
            f"properties-{place}-{key}": value for key, value in ({"name": prop} | PROPERTY | fields).items()
        }
    return data


def events_of(plan):
    return {key_of(event): event for event in draft_of(plan).document["events"]}


def text_of(response):
    return response.content.decode()


def test_a_plan_begins_with_what_arrives(client, in_acme, source):
    send_and_fold(in_acme, [track("u1", "Paid", properties={"amount": 5})])

    data = {"name": "App", "sources": [source.pk], "begin": "arrived"}
    response = client.post(url("add"), data, follow=True)

    assert "Nothing is checked before it is published" in text_of(response)
    assert list(events_of(TrackingPlan.objects.get())) == [(1, "Paid")]


def test_a_plan_without_a_name_says_so(client, in_acme):
    assert client.post(url("add"), {"name": "", "begin": "empty"}).status_code == 422


def test_the_whole_way_by_clicks(client, in_acme, source):
    """Plan from what arrives, require a property, publish, see what departs, add it, publish again."""
    send_and_fold(in_acme, [track("u1", "Paid", properties={"amount": 5})])
    client.post(url("add"), {"name": "App", "sources": [source.pk], "begin": "arrived"})
    plan = TrackingPlan.objects.get()
    page = f"{url('event', plan.pk)}?kind=1&name=Paid"
    client.post(page, posted(amount={"type": "integer", "is_required": "on"}))
    client.post(url("publish", plan.pk), {"seen": draft_of(plan).edition})
    send_and_fold(in_acme, [track("u1", "Paid", properties={"colour": "red"})])
    found = text_of(client.get(reverse("admin:ingestion_violation_changelist")))

    for row in Violation.objects.all():
        client.post(reverse("admin:ingestion_violation_accept", args=[row.pk]))
    client.post(url("publish", plan.pk), {"seen": draft_of(plan).edition})
    before = Violation.objects.count()
    send_and_fold(in_acme, [track("u1", "Paid", properties={"colour": "blue"})])

    assert "colour" in found
    assert "required property is missing" in found
    assert {row.number for row in Violation.objects.all()} == {1}
    assert (before, Event.objects.count()) == (2, 3)


def test_the_form_of_an_event_makes_its_schema(client, in_acme):
    plan = make_plan()
    rows = {
        "plan": {"allowed": "free, pro", "is_required": "on"},
        "seats": {"type": "integer", "allowed": "1, 5", "may_be_null": "on"},
    }

    assert client.post(url("event", plan.pk), posted(**rows)).status_code == 302

    table = rows_of(events_of(plan)[1, "Paid"]["schema"])
    assert table.rows == (
        Row("plan", "string", is_required=True, allowed=("free", "pro")),
        Row("seats", "integer", may_be_null=True, allowed=(1, 5)),
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (posted(name=""), "needs its name"),
        (posted(name="Signed Up"), "in the plan already"),
        (posted(seen=7), "somebody else has changed"),
        (posted(a={"type": "boolean", "allowed": "x"}), "texts and numbers only"),
        (posted(a={"type": "number", "allowed": "1, inf"}), "“inf” is not a number"),
        (posted() | {"properties-0-name": "a", "properties-0-type": "string", "properties-1-name": "a",
                     "properties-1-type": "string"}, "there twice"),
        ({"do": "json", "json": "{", "seen": 1}, "This is not JSON"),
        ({"do": "json", "json": '{"name": "A", "schema": {"type": "text"}}', "seen": 1}, "“type”: “object”"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_stays(client, in_acme, data, words):
    plan = make_plan()

    response = client.post(url("event", plan.pk), data)

    assert (response.status_code, words in text_of(response)) == (422, True)
    assert list(events_of(plan)) == [(1, "Signed Up")]


def test_rows_are_added_and_removed_as_typed(client, in_acme):
    plan = make_plan()
    data = posted(a={}, b={})

    added = client.post(
        url("event", plan.pk), data | {"do": "properties-add"}, headers={"HX-Request": "true"}
    )
    removed = client.post(url("event", plan.pk), data | {"do": "properties-remove-0"})

    assert "properties-2-name" in text_of(added)
    assert text_of(added).lstrip().startswith("<div")
    assert 'value="b"' in text_of(removed)
    assert 'value="a"' not in text_of(removed)


def test_a_schema_beyond_the_form_is_edited_as_json(client, in_acme):
    schema = {"properties": {"seats": {"type": "integer", "minimum": 1}}}
    plan = make_plan(events=[{"name": "Paid", "schema": schema}])
    page = f"{url('event', plan.pk)}?kind=1&name=Paid"

    shown = text_of(client.get(page))
    schema["properties"]["seats"]["minimum"] = 2
    pasted = {"do": "json", "json": json.dumps({"name": "Paid", "schema": schema}), "seen": 1}
    client.post(page, pasted)

    assert "more than a form can" in shown
    assert events_of(plan)[1, "Paid"]["schema"]["properties"]["seats"]["minimum"] == 2


def test_what_is_downloaded_can_be_pasted(client, in_acme):
    plan = live_plan(mode="flag", event_naming="object_action")
    other = make_plan(events=(), name="Other")

    file = client.get(url("download", plan.pk, 1))
    client.post(url("json", other.pk), {"json": file.content.decode(), "seen": 1})

    assert draft_of(other).document == plan.versions.get().document


def test_settings_hold_at_once_or_with_the_draft(client, in_acme, source):
    plan = live_plan()
    client.post(url("settings", plan.pk), {"do": "plan", "name": "Web", "sources": [source.pk]})
    client.post(url("settings", plan.pk), {"do": "rules", "mode": "omit", "seen": ""})

    plan.refresh_from_db()
    assert (plan.name, plan.planned_sources.get().source_id) == ("Web", source.pk)
    assert (draft_of(plan).document["mode"], plan.versions.get(state="live").document["mode"]) == (
        "omit",
        "observe",
    )


def test_publishing_says_in_words_what_changes(client, in_acme):
    plan = live_plan()
    client.post(url("settings", plan.pk), {"do": "rules", "mode": "quarantine", "seen": ""})
    client.post(url("event", plan.pk), posted(seen=1))

    shown = text_of(client.get(url("publish", plan.pk)))

    assert "Mode is Quarantine instead of Observe." in shown
    assert "“Paid”: added, with 0 properties." in shown


def test_an_event_is_taken_out(client, in_acme):
    plan = make_plan(events=[SIGNED_UP, planned("Paid")])

    client.post(url("remove", plan.pk), {"kind": 1, "name": "Paid", "seen": 1})

    assert list(events_of(plan)) == [(1, "Signed Up")]


def test_chosen_events_are_collected(client, in_acme, source):
    plan = make_plan(source)
    send_and_fold(in_acme, [track("u1", "Paid", properties={"amount": 1}), track("u1", "Left")])

    shown = text_of(client.get(url("collect", plan.pk)))
    client.post(url("collect", plan.pk), {"event": ["1 Paid", "9 x", "nonsense"]})

    assert "Left" in shown
    assert list(events_of(plan)) == [(1, "Paid"), (1, "Signed Up")]


@pytest.mark.parametrize("name", ["discard", "archive"])
def test_destructive_steps_ask_first(client, in_acme, name):
    plan = make_plan()

    assert client.get(url(name, plan.pk)).status_code == 200
    assert (draft_of(plan).edition, TrackingPlan.objects.get().archived_at) == (1, None)
    assert client.post(url(name, plan.pk)).status_code == 302


@pytest.mark.parametrize("mode", ["observe", "quarantine"])
def test_an_unplanned_event_is_added_as_it_came(client, in_acme, source, mode):
    plan = live_plan(source, mode=mode)
    send_and_fold(in_acme, [track("u1", "Paid", properties={"amount": 5})])

    client.post(reverse("admin:ingestion_violation_accept", args=[Violation.objects.get().pk]))

    assert rows_of(events_of(plan)[1, "Paid"]["schema"]).rows == (Row("amount", "integer"),)


@pytest.mark.parametrize(
    ("sent", "row"),
    [
        ({"plan": "pro", "seats": 2.5}, Row("seats", "number", may_be_null=True)),
        ({"plan": "pro", "seats": "x"}, Row("seats", "any")),
        ({"plan": "gold"}, Row("plan", "string", is_required=True, allowed=("free", "pro", "gold"))),
        ({"seats": 1}, Row("plan", "string", allowed=("free", "pro"))),
        ({"plan": "pro", "on": True}, Row("on", "boolean")),
    ],
)
def test_add_to_plan_takes_it_as_it_came(client, in_acme, source, sent, row):
    plan = live_plan(source)
    send_and_fold(in_acme, [track("u1", "Signed Up", properties=sent)])

    client.post(reverse("admin:ingestion_violation_accept", args=[Violation.objects.get().pk]))

    rows = {each.name: each for each in rows_of(events_of(plan)[1, "Signed Up"]["schema"]).rows}
    assert rows[row.name] == row


def test_what_one_click_cannot_say_is_refused_with_words(client, in_acme, source):
    schema = {"properties": {"seats": {"minimum": 1}}}
    live_plan(source, events=[{"name": "Paid", "schema": schema}])
    send_and_fold(in_acme, [track("u1", "Paid", properties={"seats": 0})])

    key = Violation.objects.get().pk
    response = client.post(reverse("admin:ingestion_violation_accept", args=[key]), follow=True)

    assert "One click cannot" in text_of(response)


def test_violations_are_filtered_and_downloaded(client, in_acme, source):
    live_plan(source)
    send_and_fold(in_acme, [track("u1", "Paid"), track("u1", "Left")])
    page = reverse("admin:ingestion_violation_changelist")

    found = client.get(page, {"event": "Paid", "source": source.pk, "code": "unplanned_event"})
    nonsense = client.get(page, {"plan": "x", "source": "y", "code": "z", "kind": "q"})

    assert [row.violation.event_name for row, _spark in found.context["rows"]] == ["Paid"]
    assert len(nonsense.context["rows"]) == 2
    assert "Paid" in text_of(client.get(page, {"format": "csv"}))


def test_the_lists_ask_as_often_for_many_as_for_few(client, in_acme, source):
    pages = [url("changelist"), reverse("admin:ingestion_violation_changelist")]
    live_plan(source)
    client.get(pages[0])
    counts = []
    for number in range(2):
        live_plan(name=f"Other {number}")
        send_and_fold(in_acme, [track("u1", f"E{number}-{n}") for n in range(5)])
        with CaptureQueriesContext(connection) as queries:
            assert {client.get(page).status_code for page in pages} == {200}
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_who_may_only_look_changes_nothing(as_user, acme, in_acme, now):
    plan = live_plan()
    client = as_user(member(acme, "ana@acme.test", Role.ANALYST, "Corporate", now))

    assert client.get(url("page", plan.pk)).status_code == 200
    for name in ("settings", "event", "remove", "collect", "json", "publish", "discard", "archive"):
        assert client.post(url(name, plan.pk)).status_code == 403


def test_the_plan_of_another_tenant_does_not_exist(as_user, charlie, acme):
    with tenant_context(acme.pk):
        plan = live_plan()

    for name in ("page", "settings", "event", "collect", "json", "publish", "discard", "archive"):
        assert as_user(charlie).get(url(name, plan.pk)).status_code == 404
