"""The catalogue's pages: for the product engineer who wants to know what comes in."""

from datetime import timedelta

import pytest
from django.urls import reverse

from tenants.models import Role
from tests.conftest import member
from tests.factories import ingestion
from tests.factories.scoring import make_live, signal

LIST = "/ingestion/eventname/"


def address(name: str) -> str:
    return reverse("admin:ingestion_eventname_show") + f"?kind=1&name={name}"


def marks(response) -> dict[str, tuple[bool, bool]]:
    return {row.event.name: (row.is_new, row.is_quiet) for row in response.context["rows"]}


def test_list_marks_what_is_new_and_what_has_gone_quiet(as_user, alice, acme, history, today):
    old = [ingestion.track("ann", "Exported", ts=today - timedelta(days=ago)) for ago in (9, 10, 11)]
    usual = [ingestion.track("ann", "Saved", ts=today - timedelta(days=ago)) for ago in (0, 9, 10, 11)]
    ingestion.send_and_fold(acme, old + usual, received_at=today)

    found = marks(as_user(alice).get(LIST))

    assert (found["Invited"], found["Exported"], found["Saved"]) == (
        (True, False),
        (False, True),
        (False, False),
    )


def test_page_shows_volume_properties_sources_and_sdk(as_user, alice, acme, history, today):
    library = {"name": "analytics-python", "version": "2.4.0"}
    sent = ingestion.track(
        "bea", "Upgraded", ts=today, properties={"plan": None}, context={"library": library}
    )
    ingestion.send_and_fold(acme, [sent], received_at=today)

    page = as_user(alice).get(address("Upgraded")).content.decode()

    assert "Show the numbers" in page
    assert "50 %" in page
    assert "analytics-python 2.4.0" in page
    assert "pro" in page


def test_live_signals_that_count_the_event_are_named(as_user, alice, history, boards, today):
    make_live(signal(history["Invited"], name="Sent an invite"), business_unit=boards, name="Keen")
    client = as_user(alice)

    assert "Keen: Sent an invite" in client.get(address("Invited")).content.decode()
    assert "Keen" not in client.get(address("Upgraded")).content.decode()


def test_signals_of_a_sister_unit_are_not_named(as_user, acme, history, boards, insights, now):
    make_live(signal(history["Invited"]), business_unit=boards, name="Keen")
    stranger = as_user(member(acme, "ines@acme.test", Role.BU_OWNER, "Insights", now))

    assert "Keen" not in stranger.get(address("Invited")).content.decode()


def test_signal_is_named_by_the_event_it_was_published_with(as_user, alice, history, boards):
    make_live(signal(history["Invited"], name="Sent an invite"), business_unit=boards, name="Keen")
    ingestion.count_instead(history["Invited"], "Upgraded")
    client = as_user(alice)

    assert "Sent an invite" in client.get(address("Invited")).content.decode()
    assert "Sent an invite" not in client.get(address("Upgraded")).content.decode()


@pytest.mark.parametrize("query", ["", "?kind=9&name=x", "?kind=²&name=x", "?kind=1&name=Never"])
def test_an_event_that_is_none_does_not_exist(as_user, alice, history, query):
    assert as_user(alice).get(reverse("admin:ingestion_eventname_show") + query).status_code == 404


def test_csv_has_the_volume(as_user, alice, history):
    lines = as_user(alice).get(LIST, {"format": "csv"}).content.decode().splitlines()

    assert '"received","last 30 days"' in lines[0]
    assert any(line.startswith('"Signed in","track","6","6",') for line in lines)
