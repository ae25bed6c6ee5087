"""The debugger and the quarantine: for whoever connects a product."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from ingestion.models import Event, Inbox, QuarantinedEvent
from ingestion.operations import quarantine_all
from ingestion.rules import Rejection
from pqlhub import pulse
from tests.factories import ingestion

STREAM = "/ingestion/event/"


def names(response) -> list[str]:
    return [row.event.name for row in response.context["page"].rows]


def test_newest_event_comes_first_with_who_and_where(as_user, alice, history):
    row = as_user(alice).get(STREAM).context["page"].rows[0]

    assert (row.event.name, row.person, row.account, row.source) == ("Upgraded", "bea", "acme-co", "App")


def test_filters_by_name_source_and_what_does_not_count(as_user, alice, acme, history, today):
    other = ingestion.make_source(acme, name="Billing")
    bot = {"userAgent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}
    sent = [ingestion.track("crawler", "Crawled", ts=today, context=bot)]
    ingestion.send_and_fold(acme, sent, source=other, received_at=today)
    client = as_user(alice)

    assert names(client.get(STREAM, {"name": "Invited"})) == ["Invited"]
    assert names(client.get(STREAM, {"source": str(other.pk)})) == ["Crawled"]
    assert names(client.get(STREAM, {"excluded": "1"})) == ["Crawled"]
    assert "No event matches" in client.get(STREAM, {"name": "invited"}).content.decode()


def test_pages_go_back_in_time_and_show_each_event_once(as_user, alice, acme, in_acme, today):
    sent = [ingestion.track("ann", f"E{n}", ts=today - timedelta(seconds=n)) for n in range(120)]
    ingestion.send_and_fold(acme, sent, received_at=today)
    client, seen, query = as_user(alice), [], {}

    for _ in range(3):
        response = client.get(STREAM, query)
        seen += names(response)
        query = {"before": response.context["page"].next}

    assert sorted(seen) == sorted(Event.objects.values_list("name", flat=True))
    assert query == {"before": None}


def test_waiting_requests_are_counted(as_user, alice, acme, in_acme, today):
    ingestion.send(acme, [ingestion.track("ann", "Later", ts=today)], received_at=today)

    assert Inbox.objects.count() == 1
    assert "1 request is waiting to be folded" in as_user(alice).get(STREAM).content.decode()


def test_live_view_asks_for_the_table_alone_and_only_on_the_first_page(as_user, alice, history):
    client = as_user(alice)
    last = Event.objects.order_by("id").last()

    fragment = client.get(STREAM, headers={"HX-Request": "true"}).content.decode()
    older = client.get(STREAM, {"before": last.id}).content.decode()

    assert fragment.lstrip().startswith("<section")
    assert "every 3s" in fragment
    assert "every 3s" not in older


def test_what_was_sent_cannot_become_markup(as_user, alice, acme, in_acme, today):
    evil = "<script>alert(1)</script>"
    sent = [ingestion.track(evil, evil, account=evil, ts=today, properties={evil: evil})]
    ingestion.send_and_fold(acme, sent, received_at=today)
    client = as_user(alice)

    for address in (STREAM, "/ingestion/person/", "/ingestion/account/", "/ingestion/eventname/"):
        assert evil not in client.get(address).content.decode()


@pytest.fixture
def unreadable(acme, in_acme, today) -> QuarantinedEvent:
    source = ingestion.make_source(acme)
    raw = {"type": "trakc", "event": "Upgraded", "userId": "ann", "messageId": "m-1"}
    return keep(source.pk, raw, today)


def keep(source_id, raw, now) -> QuarantinedEvent:
    rejected = [(raw, Rejection("unknown_type", "“trakc” is not a call."))]
    return quarantine_all(source_id=source_id, rejected=rejected, received_at=now, client={})[0]


def test_quarantined_event_says_why_and_what_to_do(as_user, alice, unreadable):
    page = as_user(alice).get(reverse("admin:ingestion_quarantinedevent_change", args=[unreadable.pk]))

    assert "“trakc” is not a call." in page.content.decode()
    assert '"type": "trakc"' in page.context["form"]["raw"].value()


def test_mended_event_arrives(as_user, alice, acme, unreadable, today):
    address = reverse("admin:ingestion_quarantinedevent_change", args=[unreadable.pk])
    mended = unreadable.raw.replace("trakc", "track")

    response = as_user(alice).post(address, {"raw": mended})

    assert response.status_code == 302
    ingestion.fold(acme, now=today)
    assert Event.objects.get(message_id="m-1").name == "Upgraded"


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        pytest.param("", "required", id="empty"),
        pytest.param("{", "JSON", id="not JSON"),
        pytest.param('{"type": "trakc"}', "trakc", id="still wrong"),
    ],
)
def test_event_that_is_still_wrong_stays_with_a_reason(as_user, alice, unreadable, raw, says):
    address = reverse("admin:ingestion_quarantinedevent_change", args=[unreadable.pk])

    response = as_user(alice).post(address, {"raw": raw})

    assert response.status_code == 422
    assert says in response.content.decode()
    unreadable.refresh_from_db()
    assert unreadable.replayed_at is None


def test_many_are_sent_again_at_once_and_those_still_wrong_are_counted(
    as_user, alice, acme, unreadable, today
):
    good = {"type": "track", "event": "Upgraded", "userId": "ann", "messageId": "m-2"}
    mendable = keep(unreadable.source_id, good, today)
    data = {"action": "send_again", "_selected_action": [str(unreadable.pk), str(mendable.pk)]}

    page = as_user(alice).post("/ingestion/quarantinedevent/", data, follow=True).content.decode()

    assert "1 event was sent again." in page
    assert "1 event would be rejected again" in page
    ingestion.fold(acme, now=today)
    assert Event.objects.filter(message_id="m-2").exists()


def test_who_may_only_look_cannot_send_again(as_user, bob, unreadable):
    address = reverse("admin:ingestion_quarantinedevent_change", args=[unreadable.pk])
    client = as_user(bob)

    assert client.get(address).status_code == 200
    assert client.post(address, {"raw": unreadable.raw}).status_code == 403
    data = {"action": "send_again", "_selected_action": [str(unreadable.pk)]}
    client.post("/ingestion/quarantinedevent/", data)
    unreadable.refresh_from_db()
    assert unreadable.replayed_at is None


def group_of(row) -> dict[str, str]:
    return {"source": str(row.source_id), "code": row.code, "event": row.event_name}


def test_a_group_is_sent_again_from_the_list_with_its_progress(as_user, alice, unreadable):
    client = as_user(alice)
    assert "Send it again" in client.get("/ingestion/quarantinedevent/").content.decode()

    page = client.post("/ingestion/quarantinedevent/groups/again/", group_of(unreadable), follow=True)

    assert "1 event is sent again." in page.content.decode()
    assert "every 2s" in client.get("/ingestion/quarantinedevent/groups/").content.decode()
    pulse.run_until_idle(pulse.LONG, clock=timezone.now, budget_seconds=5)
    done = client.get("/ingestion/quarantinedevent/groups/").content.decode()
    assert ("every 2s" in done, "Still unreadable" in done) == (False, True)


def test_who_may_only_look_cannot_send_a_group_again(as_user, bob, unreadable):
    client = as_user(bob)

    assert "Send it again" not in client.get("/ingestion/quarantinedevent/").content.decode()
    assert client.post("/ingestion/quarantinedevent/groups/again/", group_of(unreadable)).status_code == 403


@pytest.mark.parametrize("wanted", [{}, {"source": "x", "code": "unknown_type"}])
def test_a_group_that_is_none_is_not_found(as_user, alice, unreadable, wanted):
    assert as_user(alice).post("/ingestion/quarantinedevent/groups/again/", wanted).status_code == 404
