"""Mapping an event name to another one by clicks."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ingestion.models import Event, EventRename
from ingestion.operations import follow_renames, map_event
from tenants.audit import SYSTEM
from tenants.models import Role
from tests.conftest import member
from tests.factories.ingestion import RECEIVED, make_action, make_source, send_and_fold, track
from tests.factories.tracking import live_plan, planned

OLD, NEW = "Invite Sent", "Teammate Invited"


@pytest.fixture
def events(acme, in_acme):
    make_action(NEW)
    send_and_fold(acme, [track("u1", OLD), track("u2", NEW)])


@pytest.fixture
def client(as_user, acme, now):
    return as_user(member(acme, "eli@acme.test", Role.PRODUCT_ENGINEER, "Corporate", now))


def shown(client, name=OLD, **query):
    response = client.get(reverse("admin:ingestion_eventname_show"), {"kind": 1, "name": name} | query)
    return response.content.decode()


def press(client, what, to="", name=OLD, kind=1):
    data = {"kind": kind, "name": name, "to": to}
    return client.post(reverse(f"admin:ingestion_eventname_{what}"), data, follow=True)


def test_mapping_shows_on_both_pages_and_in_the_catalogue(client, events):
    page = press(client, "map", NEW).content.decode()

    assert "It counts as “Teammate Invited” from now on" in page
    assert "Matching stored events" in page
    assert OLD in shown(client, NEW).split('id="counts-as"')[1]
    assert "counts as Teammate Invited" in client.get("/ingestion/eventname/").content.decode()


def test_what_counts_the_other_shows_on_the_mapped_page(client, events):
    assert "No action counts it yet" in shown(client)

    press(client, "map", NEW)

    assert "No action counts it yet" not in shown(client)


def test_a_refusal_says_why_and_keeps_what_was_typed(client, events):
    page = press(client, "map", "Teammate Invted").content.decode()

    assert "Did you mean “Teammate Invited”?" in page
    assert 'value="Teammate Invted"' in page
    assert not EventRename.objects.exists()


def test_it_is_taken_back(client, events):
    press(client, "map", NEW)

    page = press(client, "unmap").content.decode()

    assert "What it counted there is being taken away" in page
    assert follow_renames(now=RECEIVED) is False
    assert 'name="to"' in shown(client)


def test_progress_is_asked_for_until_history_has_followed(client, events):
    press(client, "map", NEW)
    address = reverse("admin:ingestion_eventname_mapping")
    assert b"hx-trigger" in client.get(address, {"kind": 1, "name": OLD}).content

    follow_renames(now=RECEIVED)

    assert b"hx-trigger" not in client.get(address, {"kind": 1, "name": OLD}).content


def test_an_unplanned_event_leads_to_mapping_it(client, acme, in_acme, events):
    live_plan(make_source(acme), events=[planned(NEW)])
    send_and_fold(acme, [track("u3", OLD)])

    page = client.get("/ingestion/violation/").content.decode()
    assert f"name={OLD.replace(' ', '%20')}#counts-as" in page

    press(client, "map", NEW)
    page = client.get("/ingestion/violation/").content.decode()
    assert "#counts-as" not in page
    assert "counts as Teammate Invited" in page


def test_the_debugger_says_what_an_event_counts_as(client, acme, in_acme, events):
    press(client, "map", NEW)

    page = client.get(reverse("admin:ingestion_event_show", args=[Event.objects.get(name=OLD).pk]))

    assert f"<dt>Counts as</dt><dd>{NEW}</dd>" in page.content.decode()


@pytest.mark.parametrize("role", [Role.BU_OWNER, Role.ANALYST])
def test_who_may_only_look_maps_nothing(as_user, acme, in_acme, now, events, role):
    looker = as_user(member(acme, "looks@acme.test", role, "Corporate", now))

    assert 'name="to"' not in shown(looker)
    assert press(looker, "map", NEW).status_code == 403
    assert press(looker, "unmap").status_code == 403
    assert not EventRename.objects.exists()


@pytest.mark.parametrize("kind", ["", "x", "99999999999999999999", "-1"])
def test_no_kind_is_no_page(client, events, kind):
    assert press(client, "map", NEW, kind=kind).status_code == 404
    assert client.get(reverse("admin:ingestion_eventname_mapping"), {"kind": kind}).status_code == 404


def test_another_tenants_mapping_does_not_exist(as_user, charlie, acme, in_acme, globex, events):
    map_event(event_kind=1, from_name=OLD, to_name=NEW, by=SYSTEM, now=RECEIVED)

    press(as_user(charlie), "unmap")

    assert EventRename.objects.get().ended_at is None


def test_the_catalogue_asks_as_often_for_many_mappings(client, acme, in_acme, events):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get("/ingestion/eventname/")
        return len(captured)

    queries()
    before = queries()
    send_and_fold(acme, [track("u1", f"Old {number}") for number in range(5)])
    for number in range(5):
        map_event(event_kind=1, from_name=f"Old {number}", to_name=NEW, by=SYSTEM, now=RECEIVED)

    assert queries() == before
