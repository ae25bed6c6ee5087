"""The pages: who may open them, what they show whom, and that they ask the database a fixed number of things."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from scoring.models import Level
from tenants.context import tenant_context
from tenants.models import Role
from tests.conftest import member
from tests.factories.reports import live_definition, pql, score, sign_up

NAMES = ["overview", "trend", "rate", "speed", "conversion", "funnel", "health"]


@pytest.fixture
def moment():
    """Pages read the clock, so their history is told from today backwards."""
    return timezone.now() - timedelta(days=40)


@pytest.fixture
def team(boards, moment):
    definition = live_definition(name="Team ready to buy", business_unit=boards)
    for number in range(25):
        account = sign_up(moment, name=f"Customer {number}")
        score(definition, account, moment)
        if number < 10:
            pql(definition, account, moment, lead="held_out" if number == 0 else "working")
    return definition


def url(name, **query):
    return reverse(f"admin:reports_{name}", query=query or None)


def text(response):
    return response.content.decode()


def sheet(response):
    return list(csv.reader(io.StringIO(text(response).removeprefix("\ufeff"))))


@pytest.mark.parametrize("name", NAMES)
def test_every_page_opens_for_an_admin_with_its_method_and_csv(client, alice, team, name):
    client.force_login(alice)

    response = client.get(url(name))

    assert response.status_code == 200
    assert "How is this computed?" in text(response)
    assert client.get(url(name, format="csv"))["Content-Type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("name", [*NAMES, "rows"])
def test_reps_are_refused(client, rita, team, name):
    client.force_login(rita)

    assert client.get(url(name)).status_code == 403


@pytest.mark.parametrize("name", NAMES)
def test_empty_company_gets_the_next_step(client, alice, name):
    client.force_login(alice)

    response = client.get(url(name))

    assert response.status_code == 200
    assert reverse("admin:scoring_definition_add") in text(response)


def test_strangers_see_nothing_of_it(client, charlie, team):
    client.force_login(charlie)

    assert "Team ready to buy" not in text(client.get(url("health")))
    assert client.get(url("conversion", definition=team.pk)).status_code == 422


def test_unit_owners_see_their_unit_and_below(client, acme, bob, team, insights, now):
    with tenant_context(acme.pk):
        live_definition(name="Ready for Insights", business_unit=insights)
    client.force_login(bob)

    shown = text(client.get(url("health")))

    assert "Team ready to buy" in shown
    assert "Ready for Insights" not in shown


def test_a_unit_can_be_chosen(client, alice, acme, team, boards, insights):
    with tenant_context(acme.pk):
        live_definition(name="Ready for Insights", business_unit=insights)
    client.force_login(alice)

    shown = text(client.get(url("health", unit=insights.pk)))

    assert "Team ready to buy" not in shown
    assert "Ready for Insights" in shown


@pytest.mark.parametrize("name", NAMES)
def test_held_out_subjects_are_nowhere_for_a_unit_owner(client, alice, bob, team, name):
    counts = {}
    for user in (alice, bob):
        client.force_login(user)
        counts[user.name] = text(client.get(url(name, period="90d")))

    assert "of which held out" not in counts["Bob"].lower()
    assert "only admins and analysts" not in counts["Bob"]


@pytest.mark.parametrize("part", ["opened", "first", "pql", "signed_up", "scored"])
def test_rows_behind_a_number_never_show_a_held_out_subject_to_a_unit_owner(client, alice, bob, team, part):
    client.force_login(alice)
    assert "Customer 0<" in text(client.get(url("rows", part=part, definition=team.pk)))

    client.force_login(bob)
    shown = text(client.get(url("rows", part=part, definition=team.pk)))

    assert "Customer 1<" in shown
    assert "Customer 0<" not in shown


def test_numbers_are_as_many_as_the_rows_behind_them(client, alice, team):
    client.force_login(alice)
    funnel = {row[0]: int(row[1]) for row in sheet(client.get(url("funnel", format="csv")))[1:]}

    rows = {
        part: len(sheet(client.get(url("rows", part=part, definition=team.pk, format="csv")))) - 1
        for part in funnel
    }

    assert rows == funnel
    assert funnel["pql"] == 10


def test_read_only_members_see_numbers_and_no_names(client, acme, team, now):
    client.force_login(member(acme, "ron@acme.test", Role.READ_ONLY, "Boards", now))

    shown = text(client.get(url("rows", part="pql", definition=team.pk)))

    assert "Customer" not in shown
    assert "Account " in shown


def test_merged_episodes_are_no_rows(client, alice, acme, team, moment):
    with tenant_context(acme.pk):
        pql(team, sign_up(moment, name="Merged"), moment, state="merged")
    client.force_login(alice)

    assert "Merged<" not in text(client.get(url("rows", part="opened", definition=team.pk)))


def test_rows_of_one_cohort(client, alice, acme, team, moment):
    with tenant_context(acme.pk):
        pql(team, sign_up(moment), timezone.now() - timedelta(days=1))
    client.force_login(alice)
    first_of_month = moment.astimezone(acme.zone).date().replace(day=1)

    response = client.get(
        url(
            "rows",
            part="opened",
            definition=team.pk,
            grain="month",
            cohort=first_of_month.isoformat(),
            format="csv",
        )
    )

    assert len(sheet(response)) == 1 + 10


@pytest.mark.parametrize(
    "query",
    [
        {"period": "forever"},
        {"period": "custom"},
        {"period": "custom", "first": "2026-02-01", "last": "2026-01-01"},
        {"period": "custom", "first": "9999-01-01", "last": "9999-12-31"},
        {"period": "custom", "first": "0001-01-01", "last": "2026-12-31", "grain": "month"},
        {"definition": "no-such-thing"},
        {"unit": "\x00"},
        {"band": "purple"},
        {"grain": "year"},
        {"window": "0"},
    ],
)
@pytest.mark.parametrize("name", ["overview", "rate", "rows"])
def test_wrong_filters_are_refused_with_a_sentence(client, alice, team, name, query):
    client.force_login(alice)

    response = client.get(url(name, **({"part": "pql"} if name == "rows" else {}), **query))

    assert response.status_code == 422
    assert "errorlist" in text(response) or "out of date" in text(response)


@pytest.mark.parametrize("query", [{}, {"part": "everything"}, {"part": "pql", "cohort": "2020-01-01"}])
def test_wrong_rows_are_refused(client, alice, team, query):
    client.force_login(alice)

    assert client.get(url("rows", **query)).status_code == 422


def test_filter_changes_get_the_same_fragment(client, alice, team):
    client.force_login(alice)

    fragment = client.get(url("conversion"), headers={"HX-Request": "true"})

    assert next(template.name for template in fragment.templates) == "reports/_report.html"
    assert text(fragment).lstrip().startswith('<div id="report"')


def test_fragment_shows_what_is_wrong_with_a_filter(client, alice, team):
    client.force_login(alice)

    fragment = client.get(url("conversion", period="custom"), headers={"HX-Request": "true"})

    assert fragment.status_code == 200
    assert "Choose a day." in text(fragment)


def test_csv_cannot_run_formulas(client, alice, acme, team, moment):
    with tenant_context(acme.pk):
        for name in ("=cmd()", "+1", "-1", "@SUM(A1)", "\t=1", " =1"):
            pql(team, sign_up(moment, name=name), moment)
    client.force_login(alice)

    names = {
        row[1] for row in sheet(client.get(url("rows", part="pql", definition=team.pk, format="csv")))[1:]
    }

    assert {"'=cmd()", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "' =1"} < names
    assert not any(name.strip()[:1] in "=+-@" for name in names)


@pytest.mark.parametrize("name", [*NAMES, "rows"])
def test_query_counts_do_not_grow_with_the_data(client, alice, acme, boards, team, moment, name):
    client.force_login(alice)
    query = {"part": "pql"} if name == "rows" else {}
    client.get(url(name, **query))
    with CaptureQueriesContext(
        connection,
    ) as before:
        client.get(url(name, **query))

    with tenant_context(acme.pk):
        for number in range(3):
            more = live_definition(name=f"More {number}", business_unit=boards, level=Level.PERSON)
            pql(
                more,
                sign_up(moment, level=Level.PERSON),
                moment,
                band="warm",
                disposition="rejected",
                reason="x",
            )
        for _ in range(20):
            pql(team, sign_up(moment), moment)
    with CaptureQueriesContext(connection) as after:
        client.get(url(name, **query))

    assert len(after) == len(before)
