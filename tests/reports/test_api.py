"""The figures over REST."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.context import tenant_context
from tenants.models import Role
from tests.conftest import member
from tests.factories.reports import live_definition, pql, sign_up
from tests.factories.tenants import make_api_token


@pytest.fixture
def moment():
    return timezone.now() - timedelta(days=40)


@pytest.fixture
def team(boards, moment):
    definition = live_definition(name="Team ready to buy", business_unit=boards)
    for number in range(30):
        account = sign_up(moment)
        if number < 10:
            pql(definition, account, moment, lead="held_out" if number == 0 else "working")
    return definition


def get(client, name, *, creator, unit, personal=True, scopes=("reports:read",), **query):
    _token, secret = make_api_token(
        creator=creator, business_unit=unit, now=timezone.now(), personal=personal, scopes=list(scopes)
    )
    return client.get(f"/api/v1/reports/{name}", query, headers={"authorization": f"Bearer {secret}"})


def test_report_has_figures_and_rows(client, alice, corporate, team):
    answer = get(client, "rate", creator=alice, unit=corporate, grain="month").json()

    assert answer["definition"] == str(team.pk)
    assert answer["figures"][0]["value"] == "33.3%"
    assert sum(row["n_mature"] for row in answer["rows"]) == 30


@pytest.mark.parametrize("name", ["trend", "rate", "speed", "conversion", "funnel", "health"])
def test_every_report_answers(client, alice, corporate, team, name):
    assert get(client, name, creator=alice, unit=corporate).json()["report"] == name


def test_service_token_counts_no_held_out_lead(client, alice, corporate, team):
    rows = get(client, "funnel", creator=alice, unit=corporate, personal=False).json()["rows"]

    assert {row["stage"]: row["subjects"] for row in rows}["pql"] == 9


def test_token_sees_definitions_of_its_unit_only(client, alice, insights, team):
    assert get(client, "health", creator=alice, unit=insights).json()["rows"] == []
    assert get(client, "rate", creator=alice, unit=insights, definition=str(team.pk)).status_code == 400


def test_other_scope_is_refused(client, alice, corporate, team):
    assert get(client, "rate", creator=alice, unit=corporate, scopes=["leads:read"]).status_code == 403


def test_other_tenants_see_nothing(client, charlie, globex, team):
    with tenant_context(globex.pk):
        from tenants.models import BusinessUnit

        root = BusinessUnit.objects.get(parent__isnull=True)
        assert get(client, "health", creator=charlie, unit=root).json()["rows"] == []


def test_wrong_filters_are_400_with_the_field(client, alice, corporate, team):
    answer = get(client, "rate", creator=alice, unit=corporate, period="forever")

    assert answer.status_code == 400
    assert "period" in answer.json()["fields"]


def test_unknown_report_is_404(client, alice, corporate, team):
    assert get(client, "luck", creator=alice, unit=corporate).status_code == 404


def test_read_only_member_may_read(client, acme, boards, team, now):
    ron = member(acme, "ron@acme.test", Role.READ_ONLY, "Boards", now)

    assert get(client, "trend", creator=ron, unit=boards).status_code == 200
