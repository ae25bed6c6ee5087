"""The catalogue, its rules and the account's plan in the console and over REST."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ingestion.models import Account, Limit, Plan, PlanLimit, PlanRule
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.factories import ingestion
from tests.factories.tenants import make_api_token

pytestmark = pytest.mark.django_db
MANAGEMENT = {
    "limits-TOTAL_FORMS": "1",
    "limits-INITIAL_FORMS": "0",
    "limits-MIN_NUM_FORMS": "0",
    "limits-MAX_NUM_FORMS": "1000",
}


@pytest.fixture
def as_user(client):
    def log_in(user):
        client.force_login(user, backend="tenants.accounts.LoginBackend")
        return client

    return log_in


@pytest.fixture
def today():
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def on_trial(acme, in_acme, make_rule, team, today):
    """An account on the last but four days of a trial of Team, with 9 of 10 records."""
    make_rule("plan", source="trait", fact="plan")
    make_rule("Trial Started", source="event", status="trial", trial_days=14)
    since = today - timedelta(days=10)
    sent = [
        ingestion.group("ann", "co", traits={"plan": "team"}, ts=since),
        ingestion.track("ann", "Trial Started", account="co", ts=since),
        *[ingestion.track("ann", "Record Created", account="co", ts=since) for _ in range(9)],
    ]
    ingestion.send_and_fold(acme, sent, received_at=today)
    return Account.objects.get()


def page_of(account):
    return f"/ingestion/account/{account.pk}/change/"


def test_plan_is_made_and_then_says_what_it_allows(as_user, alice, corporate, records):
    client = as_user(alice)
    facts = {"name": "Team", "key": "Team-1", "price": "49.90", "currency": "eur", "billing": "month"}
    made = client.post("/ingestion/plan/add/", facts | {"business_unit": corporate.pk})
    plan = Plan.objects.get()
    assert made.url == f"/ingestion/plan/{plan.pk}/change/"
    assert (plan.key, plan.price_minor, plan.currency) == ("team-1", 4990, "EUR")

    row = {"limits-0-limit": records.pk, "limits-0-amount": "100", "limits-0-is_hard": "on"}
    client.post(made.url, facts | MANAGEMENT | row)

    assert PlanLimit.objects.values_list("limit__name", "amount", "is_hard").get() == ("Records", 100, True)
    verbs = AuditEvent.objects.filter(target_id=str(plan.pk)).order_by("id").values_list("verb", flat=True)
    assert list(verbs)[:2] == ["plan.created", "plan.changed"]


def test_list_of_plans_shows_price_and_limits(as_user, alice, team):
    text = as_user(alice).get("/ingestion/plan/").content.decode()

    assert "49.00 EUR" in text
    assert "Records 10" in text


def test_allowance_is_changed_and_taken_away(as_user, alice, team):
    row = PlanLimit.objects.get()
    facts = {"name": "Team", "key": "team", "billing": "month", **MANAGEMENT, "limits-INITIAL_FORMS": "1"}
    stored = {"limits-0-id": row.pk, "limits-0-plan": team.pk, "limits-0-limit": row.limit_id}
    client, address = as_user(alice), f"/ingestion/plan/{team.pk}/change/"

    client.post(address, facts | stored | {"limits-0-amount": "20"})
    assert PlanLimit.objects.values_list("amount", "is_hard").get() == (20, False)
    client.post(address, facts | stored | {"limits-0-amount": "20", "limits-0-DELETE": "on"})

    assert not PlanLimit.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"price": "5"}, "A price needs its currency"),
        ({"price": "-5", "currency": "EUR"}, "greater than or equal"),
    ],
)
def test_wrong_price_is_said_and_nothing_is_saved(as_user, alice, corporate, wrong, words):
    facts = {"name": "Team", "key": "team", "billing": "month", "business_unit": corporate.pk}

    response = as_user(alice).post("/ingestion/plan/add/", facts | wrong)

    assert words in response.content.decode()
    assert not Plan.objects.exists()


@pytest.mark.parametrize("wrong", [{}, {"gauge_trait": "gb", "resets": "month"}])
def test_limit_has_one_measure(as_user, alice, corporate, wrong):
    facts = {"name": "Storage", "kind": "storage", "resets": "never", "business_unit": corporate.pk}

    response = as_user(alice).post("/ingestion/limit/add/", facts | wrong)

    assert "Say how usage is known" in response.content.decode()
    assert not Limit.objects.exists()


def test_limit_of_a_trait_is_made(as_user, alice, corporate):
    facts = {"name": "Storage", "kind": "storage", "resets": "never", "gauge_trait": "gb"}

    as_user(alice).post("/ingestion/limit/add/", facts | {"business_unit": corporate.pk})

    assert Limit.objects.get().gauge_trait == "gb"


def test_rule_reads_history_and_says_how_much(as_user, alice, acme, in_acme):
    ingestion.send_and_fold(acme, [ingestion.group("ann", "co", traits={"tier": "team"})])

    response = as_user(alice).post(
        "/ingestion/planrule/add/",
        {"source": "trait", "name": "tier", "fact": "plan", "status": "paid"},
        follow=True,
    )

    assert "History told it 1 time." in response.content.decode()
    assert PlanRule.objects.values_list("fact", "status").get() == ("plan", "")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"source": "trait"}, "Say what the trait is"),
        ({"source": "event"}, "Say which status the event makes"),
        ({"source": "event", "status": "paid", "trial_days": "3"}, "Only an event that starts a trial"),
    ],
)
def test_rule_that_tells_nothing_is_refused(as_user, alice, in_acme, wrong, words):
    response = as_user(alice).post("/ingestion/planrule/add/", {"name": "x"} | wrong)

    assert words in response.content.decode()
    assert not PlanRule.objects.exists()


def test_account_page_shows_plan_trial_and_usage_in_words(as_user, alice, on_trial):
    text = as_user(alice).get(page_of(on_trial)).content.decode()

    assert "trial ends in 4 days" in text
    assert "49.00 EUR, monthly" in text
    assert "9 of 10" in text
    assert "near the limit" in text
    assert 'aria-label="Records: 90 % used"' in text
    assert "learned" in text


def test_account_of_which_nothing_is_known_leads_to_the_rules(as_user, alice, acme, in_acme):
    ingestion.send_and_fold(acme, [ingestion.track("ann", "Seen", account="co")])

    text = as_user(alice).get(page_of(Account.objects.get())).content.decode()

    assert "Nothing is known about its plan" in text
    assert "/ingestion/planrule/" in text


def test_plan_of_another_unit_is_not_offered_to_change(as_user, bob, insights, make_plan):
    theirs = make_plan("theirs", unit=insights)

    assert as_user(bob).get(f"/ingestion/plan/{theirs.pk}/change/").status_code in (302, 403, 404)
    assert "Theirs" not in as_user(bob).get("/ingestion/plan/").content.decode()


def test_corporate_plan_is_read_from_below(as_user, bob, team):
    assert "Team" in as_user(bob).get("/ingestion/plan/").content.decode()


@pytest.fixture
def call(client, alice, corporate):
    def ask(key, data=None, *, scopes=("accounts:read", "accounts:write"), creator=alice):
        _token, secret = make_api_token(
            creator=creator, business_unit=corporate, now=timezone.now(), personal=True, scopes=list(scopes)
        )
        headers = {"authorization": f"Bearer {secret}"}
        address = f"/api/v1/accounts/{key}/plan"
        if data is None:
            return client.get(address, headers=headers)
        return client.post(address, data, headers=headers, content_type="application/json")

    return ask


def test_rest_tells_plan_usage_and_history(call, on_trial):
    answer = call("co").json()

    assert (answer["plan"], answer["name"], answer["status"], answer["trial_days_left"]) == (
        "team",
        "Team",
        "trial",
        4,
    )
    assert (answer["usage"][0]["limit"], answer["usage"][0]["percent"]) == ("Records", 90)
    assert {row["origin"] for row in answer["history"]} == {"trait", "event"}


def test_rest_says_a_plan(call, on_trial):
    answer = call("co", {"status": "active", "period_start": "2026-03-01"}).json()

    assert (answer["status"], answer["period_start"], answer["plan"]) == ("paid", "2026-03-01", "team")
    assert answer["history"][0]["origin"] == "api"


@pytest.mark.parametrize(
    ("data", "field"), [({"status": "dunno"}, "status"), ({}, "plan"), ({"status": "paid", "at": "x"}, "at")]
)
def test_rest_refuses_with_the_field(call, on_trial, data, field):
    response = call("co", data)

    assert response.status_code == 400
    assert field in response.json()["fields"]


def test_rest_needs_the_scope_and_the_account(call, on_trial):
    assert call("co", {"status": "paid"}, scopes=["accounts:read"]).status_code == 403
    assert call("nobody").status_code == 404


def test_account_of_another_tenant_cannot_be_named(call, globex, today):
    with tenant_context(globex.pk):
        Account.objects.create(key="theirs", first_seen_at=today, last_seen_at=today)

    assert call("theirs", {"status": "paid"}).status_code == 404
