"""The event debugger: did it arrive, what became of it, and why not."""

import json
import shlex
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from ingestion.models import Event
from ingestion.operations import quarantine_all
from ingestion.queries.stream import _OF_IDENTITIES
from ingestion.rules import Rejection
from ingestion.rules.curl import as_curl
from tenants.context import tenant_context
from tenants.models import Role
from tests.conftest import member
from tests.factories import ingestion

STREAM = "/ingestion/event/"


def names(response) -> list[str]:
    return [row.event.name for row in response.context["page"].rows]


def shown(client, name: str):
    return client.get(reverse("admin:ingestion_event_show", args=[Event.objects.get(name=name).pk]))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"user": "bea", "name": "Upgraded"}, ["Upgraded"]),
        ({"user": "ann", "account": "acme-co", "name": "Invited"}, ["Invited"]),
        ({"user": "Ann"}, []),
        ({"user": "\0"}, None),
        ({"account": "nobody"}, []),
        ({"kind": "2"}, []),
        ({"kind": "1", "name": "Invited"}, ["Invited"]),
    ],
)
def test_filters_by_user_account_and_call(as_user, alice, history, query, found):
    listed = names(as_user(alice).get(STREAM, query))

    assert listed == found if found is not None else len(listed) == 8


@pytest.mark.parametrize("query", [{"kind": "9"}, {"kind": "x"}, {"source": "x"}, {"before": "-1"}])
def test_an_address_that_means_nothing_does_not_exist(as_user, alice, history, query):
    assert as_user(alice).get(STREAM, query).status_code == 404


def test_a_users_events_go_back_in_time_page_by_page(as_user, alice, acme, in_acme, today):
    sent = [ingestion.track("ann", f"E{n}", ts=today - timedelta(seconds=n)) for n in range(60)]
    ingestion.send_and_fold(acme, [*sent, ingestion.track("bea", "B", ts=today)], received_at=today)
    client = as_user(alice)

    first = client.get(STREAM, {"user": "ann"})
    rest = client.get(STREAM, {"user": "ann", "before": first.context["page"].next})

    assert sorted(names(first) + names(rest)) == sorted(f"E{n}" for n in range(60))


def test_a_users_events_are_found_by_index(history, in_acme):
    values = {"identities": [1], "limit": 10, "tenant_id": in_acme.pk}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + _OF_IDENTITIES, values)
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "(identity_id = i.id)" in plan
    assert "Seq Scan" not in plan


def test_event_says_what_it_became(as_user, alice, history):
    page = shown(as_user(alice), "Invited")

    found = page.context["found"]
    assert [version.action.name for version in found.actions] == ["Invited"]
    assert (found.row.person, str(found.account), found.excluded_by) == ("ann", "acme-co", "")
    assert page.context["item"]["userId"] == "ann"


def test_event_that_does_not_count_says_whose_mark_it_is(as_user, alice, acme, in_acme, today):
    bot = {"userAgent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}
    ingestion.send_and_fold(acme, [ingestion.track("c", "Crawled", ts=today, context=bot)], received_at=today)

    assert "the event is marked bot" in shown(as_user(alice), "Crawled").content.decode()


def test_htmx_gets_the_event_without_the_frame(as_user, alice, history):
    address = reverse("admin:ingestion_event_show", args=[Event.objects.get(name="Invited").pk])

    part = as_user(alice).get(address, headers={"HX-Request": "true"}).content.decode()

    assert "What it became" in part
    assert "<html" not in part


def test_curl_sends_the_same_event_anew(as_user, alice, acme, history, today):
    words = shlex.split(shown(as_user(alice), "Upgraded").context["curl"])
    ingestion.send_and_fold(acme, json.loads(words[-1])["batch"], received_at=today)

    first, again = Event.objects.filter(name="Upgraded").order_by("id")
    assert (again.properties, again.identity_id) == (first.properties, first.identity_id)
    assert "$WRITE_KEY:" in words


def test_nothing_in_an_event_leaves_the_quotes_of_the_shell():
    evil = "'; rm -rf / #$(id)`id`"

    words = shlex.split(as_curl({"event": evil}, "https://hub.test"))

    assert json.loads(words[-1]) == {"batch": [{"event": evil}]}


def test_what_was_refused_lately_shows_with_its_reason(as_user, alice, acme, history, today):
    source = ingestion.make_source(acme)
    rejected = [({"event": "Odd"}, Rejection("missing_type", "Set the type."))]
    quarantine_all(source_id=source.pk, rejected=rejected, received_at=today, client={})
    client = as_user(alice)

    assert "Set the type." in client.get(STREAM).content.decode()
    assert "Set the type." in client.get(STREAM, {"name": "Odd"}).content.decode()
    assert "Set the type." not in client.get(STREAM, {"name": "Invited"}).content.decode()


def test_event_of_another_tenant_does_not_exist(as_user, alice, history, elsewhere):
    with tenant_context(elsewhere.pk):
        key = Event.objects.get().pk

    assert as_user(alice).get(reverse("admin:ingestion_event_show", args=[key])).status_code == 404


def test_who_may_not_see_events_sees_none(as_user, acme, history, now):
    client = as_user(member(acme, "x@acme.test", Role.READ_ONLY, "Corporate", now))

    assert shown(client, "Invited").status_code == 403
