"""Actions: tried on stored events while typed, versions, who uses them."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from ingestion.models import Action, ActionVersion, Activity, DataAlert
from ingestion.operations import backfill_actions
from ingestion.queries import browse
from tests.factories.scoring import make_draft, make_live, signal

ADD = "/ingestion/action/add/"
PREVIEW = "/ingestion/action/preview/"


def form(*filters: dict, **fields) -> dict:
    data = {
        "name": "Upgraded",
        "event_name": "Upgraded",
        "event_kind": "1",
        "number_property": "",
        "description": "",
    }
    data |= fields
    for place, row in enumerate(filters):
        data |= {f"filters-{place}-{name}": value for name, value in row.items()}
    return data


def pro(value="pro", op="eq", name="plan"):
    return {"property": name, "op": op, "value": value}


def test_action_is_made_from_an_event_with_conditions(as_user, bob, history, boards):
    response = as_user(bob).post(ADD, form(pro("pro, team", "in"), business_unit=boards.pk))

    made = Action.objects.get(name="Upgraded")
    assert response.url == reverse("admin:ingestion_action_change", args=[made.pk])
    assert made.versions.get().filters == [{"property": "plan", "op": "in", "value": ["pro", "team"]}]


@pytest.mark.parametrize(
    ("row", "matching"),
    [
        pytest.param(pro(), 1, id="is"),
        pytest.param(pro("PRO"), 1, id="in any case"),
        pytest.param(pro("free"), 0, id="is another"),
        pytest.param(pro("free", "ne"), 1, id="is not"),
        pytest.param(pro("5", "gte", "price"), 1, id="at least"),
        pytest.param(pro("", "exists", "price"), 1, id="is there"),
        pytest.param(pro("", "eq"), 1, id="half typed"),
    ],
)
def test_typed_conditions_are_tried_on_the_newest_events(as_user, bob, history, row, matching):
    found = as_user(bob).post(PREVIEW, form(row)).context["found"]

    assert (found.looked_at, found.matching) == (1, matching)


def test_unknown_property_gets_a_did_you_mean(as_user, bob, history):
    page = as_user(bob).post(PREVIEW, form(pro(name="plann"))).content.decode()

    assert "None of them has a property “plann”." in page
    assert "Did you mean plan?" in " ".join(page.split())


def test_number_to_sum_says_how_many_events_carry_it(as_user, bob, history):
    found = as_user(bob).post(PREVIEW, form(number_property="price")).context["found"]

    assert found.with_number == 1


def test_unknown_event_gets_a_did_you_mean_and_may_be_saved(as_user, bob, history, boards):
    data = form(event_name="Upgradet", business_unit=boards.pk)
    client = as_user(bob)

    assert client.post(PREVIEW, data).context["close"] == ["Upgraded"]
    assert client.post(ADD, data).status_code == 302


@pytest.mark.parametrize(
    ("fields", "row", "says"),
    [
        pytest.param({"event_name": ""}, pro(), "Choose the event to count", id="no event"),
        pytest.param({"name": ""}, pro(), "required", id="no name"),
        pytest.param({"event_kind": "2"}, pro(), "Select a valid choice", id="identify is not counted"),
        pytest.param({}, pro(""), "Give a value", id="no value"),
        pytest.param({}, pro("many", "gte"), "is not a number", id="at least many"),
        pytest.param({}, pro(",", "in"), "at least one value", id="one of nothing"),
        pytest.param({}, pro(op="like"), "Select a valid choice", id="unknown test"),
        pytest.param({}, pro(name=""), "required", id="no property"),
    ],
)
def test_wrong_action_is_refused(as_user, bob, history, boards, fields, row, says):
    response = as_user(bob).post(ADD, form(row, business_unit=boards.pk, **fields))

    assert response.status_code == 422
    assert says in response.content.decode()
    assert not Action.objects.filter(business_unit=boards).exists()


def test_name_already_taken_is_refused_in_words(as_user, alice, history, corporate):
    response = as_user(alice).post(ADD, form(name="Signed in", business_unit=corporate.pk))

    assert response.status_code == 422
    assert "Constraint" not in response.content.decode()


def test_conditions_are_added_and_removed_without_saving(as_user, bob, history, boards):
    client = as_user(bob)
    data = form(pro(), business_unit=boards.pk)

    more = client.post(ADD, data | {"do": "filters-add"}).context["filters"].forms
    fewer = client.post(ADD, data | {"do": "filters-remove-0"}).context["filters"].forms

    assert [row["property"].value() for row in more] == ["plan", None]
    assert fewer == []
    assert not Action.objects.filter(business_unit=boards).exists()


def test_editing_makes_the_next_version_and_shows_the_back_fill(as_user, alice, history, today):
    action = history["Invited"]
    address = reverse("admin:ingestion_action_change", args=[action.pk])
    client = as_user(alice)
    while backfill_actions(now=today):
        pass

    client.post(address, form(name="Invited", event_name="Upgraded"))

    assert ActionVersion.objects.filter(action=action).count() == 2
    assert "Matching stored events" in client.get(address).content.decode()
    while backfill_actions(now=today):
        pass
    assert "Matching stored events" not in client.get(address).content.decode()


def test_action_of_corporate_can_be_read_and_not_changed_by_a_unit(as_user, bob, history):
    address = reverse("admin:ingestion_action_change", args=[history["Invited"].pk])
    client = as_user(bob)

    assert "you can use it and not change it" in client.get(address).content.decode()
    assert client.post(address, form(name="Mine")).status_code == 403
    assert client.post(f"/ingestion/action/{history['Invited'].pk}/archive/").status_code == 403


def test_list_says_how_often_and_by_whom_an_action_is_used(as_user, alice, history):
    make_live(signal(history["Signed in"]), name="Keen")
    make_draft(signal(history["Signed in"]), name="Keener")

    page = as_user(alice).get("/ingestion/action/").context["cl"].result_list

    row = next(action for action in page if action.name == "Signed in")
    assert (row.recent.number, row.recent.is_all) == (6, True)
    assert {definition.name for definition in row.users} == {"Keen", "Keener"}


def test_counts_look_at_the_newest_events_and_say_when_there_are_more(as_user, alice, history, monkeypatch):
    monkeypatch.setattr(browse, "LOOKED_AT", 4)  # of six

    page = as_user(alice).get("/ingestion/action/").content.decode()
    action = (
        as_user(alice)
        .get(reverse("admin:ingestion_action_change", args=[history["Signed in"].pk]))
        .content.decode()
    )

    assert ">4+<" in page
    assert "at least 4 events in the last 30 days" in action


def test_counts_leave_out_what_is_old_or_excluded(history, today):
    version = history["Signed in"].versions.get().pk
    rows = Activity.objects.filter(action_version_id=version)
    newest, second = rows.order_by("-ts").values_list("event_id", flat=True)[:2]
    rows.filter(event_id=newest).update(exclusion=1)
    rows.filter(event_id=second).update(ts=today - timedelta(days=31))

    assert browse.recent_counts([version], now=today)[version].number == 4


def test_catalogue_leads_from_an_event_to_a_filled_in_action(as_user, alice, history):
    client = as_user(alice)

    listed = client.get("/ingestion/eventname/").content.decode()
    shown = client.get("/ingestion/eventname/show/?kind=1&name=Upgraded").content.decode()
    added = client.get(f"{ADD}?event=Upgraded&kind=1").context["form"]

    assert "/ingestion/eventname/show/?kind=1&amp;name=Upgraded" in listed
    assert "price" in shown
    assert added["event_name"].value() == "Upgraded"


@pytest.mark.parametrize(
    "query", ["", "?kind=1", "?kind=x&name=Upgraded", "?kind=99&name=Upgraded", "?kind=1&name=No"]
)
def test_event_that_was_never_received_is_not_found(as_user, alice, history, query):
    assert as_user(alice).get(f"/ingestion/eventname/show/{query}").status_code == 404


def test_what_is_wrong_with_its_event_and_since_when_it_counts_is_said(as_user, alice, history, today):
    DataAlert.objects.create(
        kind="event_fell", event_kind=1, event_name="Invited", came=3, expected=120, opened_at=today
    )
    ActionVersion.objects.filter(event_name="Invited").update(counts_from=date(2026, 3, 1))
    client = as_user(alice)

    page = client.get(f"/ingestion/action/{history['Invited'].pk}/change/").content.decode()
    other = client.get(f"/ingestion/action/{history['Signed in'].pk}/change/").content.decode()

    assert "3 in three whole days, about 120 are usual" in page
    assert "It counts events received since Mar 1, 2026" in page
    assert "comes much less often" not in other
    assert "It counts events received since" not in other
