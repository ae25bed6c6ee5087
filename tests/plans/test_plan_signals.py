"""Signals over plans: usage of a limit, the plan and its days; frozen when published, and falling on time."""

from datetime import timedelta

import pytest

from ingestion.models import PlanFact
from ingestion.operations import allow
from scoring.models import Qualification, Score, Signal
from scoring.operations import DraftRefused, score_due
from scoring.queries.explanations import evidence, explain
from scoring.queries.overview import editions
from scoring.queries.specs import frozen_spec
from scoring.rules.spec import Spec
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tests.console_define.drafts import posted, url
from tests.factories.scoring import make_definition, make_draft, make_live, signal, version_of
from tests.scoring.histories import Did, add_activity, add_trait, make_account, make_person

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def say(account, fact, value, at):
    PlanFact.objects.create(
        account=account, fact=fact, value=value, valid_from=at, received_at=at, origin="api", message_id=fact
    )


def uses(limit, **values):
    fields = {"kind": "usage", "limit": limit, "at_least": 80, "window": "ever", "window_length": None}
    return signal(**{**fields, **values})


def days(name, operator, number):
    return signal(kind="trait", trait_name=f"pqlhub.{name}", trait_operator=operator, trait_value=str(number))


@pytest.fixture
def company(in_acme, now, team):
    """An account on Team, which allows 10 records."""
    account = make_account("co", now - 90 * DAY)
    say(account, "plan", "team", now - 60 * DAY)
    return account


@pytest.fixture
def use(company, records, now):
    person = make_person("ann", now - 90 * DAY)

    def did(number, action=records.action, ts=now - DAY):
        add_activity(Did(person, version_of(action), ts, company) for _ in range(number))

    return did


def scores():
    return dict(Score.objects.values_list("subject_id", "points"))


def test_80_percent_of_the_limit_opens_a_pql(company, records, use, now):
    live = make_live(uses(records), level=2)
    use(7)
    assert score_due(now=now).opened == 0

    use(1)

    assert score_due(now=now).opened == 1
    pql = Qualification.objects.get()
    assert pql.triggered_at == now - DAY
    assert explain(version=live, subject_id=company.pk, as_of=now).lines[0].value == 80
    assert [each.ts for each in evidence(version=live, subject_id=company.pk, as_of=now)["1"]] == [now - DAY]


def test_what_is_given_back_counts_no_more(company, records, use, now):
    make_live(uses(records, at_least=100), level=2)
    use(10)
    score_due(now=now)
    assert scores() == {company.pk: 5000}

    use(1, action=records.returning_action)
    score_due(now=now)

    assert scores() == {company.pk: 0}


def test_blocked_is_only_where_the_limit_is_hard(company, team, records, use, now):
    make_live(uses(records, only_hard=True), level=2)
    soft = make_draft(uses(records), level=2)
    allow(plan=team, limit=records, amount=10, is_hard=False, by=SYSTEM, now=now)

    with pytest.raises(DraftRefused, match="none where it blocks"):
        make_draft(uses(records, only_hard=True), level=2)
    assert Signal.objects.filter(version=soft).get().limit == records


def test_usage_falls_when_the_month_begins(company, team, make_limit, records, use, now):
    calls = make_limit("Calls", action=records.action, resets="month")
    allow(plan=team, limit=calls, amount=5, is_hard=False, by=SYSTEM, now=now)
    make_live(uses(calls, at_least=100), level=2)
    use(5)

    falls_at = score_due(now=now).next_at
    score_due(now=falls_at - timedelta(microseconds=1))
    assert scores() == {company.pk: 5000}
    score_due(now=falls_at)

    assert falls_at.strftime("%m-%d %H:%M") == "03-31 22:00"  # midnight of April 1 in Berlin
    assert scores() == {company.pk: 0}


def test_billing_period_begins_on_its_own_day(company, team, make_limit, records, use, now):
    calls = make_limit("Calls", action=records.action, resets="billing")
    allow(plan=team, limit=calls, amount=5, is_hard=False, by=SYSTEM, now=now)
    say(company, "period_start", "2026-01-15", now - 60 * DAY)
    make_live(uses(calls, at_least=100), level=2)
    use(3, ts=now - 20 * DAY)
    use(2)

    falls_at = score_due(now=now).next_at

    assert scores() == {company.pk: 5000}
    assert falls_at.strftime("%m-%d") == "03-14"  # midnight of March 15 in Berlin


def test_a_trait_tells_usage(company, team, make_limit, now):
    storage = make_limit("Storage", gauge_trait="gb")
    allow(plan=team, limit=storage, amount=4, is_hard=True, by=SYSTEM, now=now)
    make_live(uses(storage), level=2)
    add_trait(None, "gb", 3, now - DAY, account=company)
    assert score_due(now=now).opened == 0

    add_trait(None, "gb", 4, now - timedelta(hours=1), account=company)
    make_live(uses(storage), level=2)

    assert score_due(now=now).opened == 1


def test_live_version_keeps_the_amounts_of_its_day(company, team, records, use, now):
    live = make_live(uses(records, at_least=100), level=2)
    allow(plan=team, limit=records, amount=100, is_hard=True, by=SYSTEM, now=now)
    use(10)

    score_due(now=now)

    assert scores() == {company.pk: 5000}
    assert Spec.from_json(frozen_spec(live).to_json()) == frozen_spec(live)


def test_plan_and_days_of_the_trial_are_tests(company, now):
    say(company, "trial_end", "2026-03-14", now - 10 * DAY)
    make_live(
        signal(kind="trait", trait_name="pqlhub.plan", trait_operator="eq", trait_value="Team", points=2000),
        days("trial_end", "next_days", 4),
        enter=7000,
        level=2,
    )

    assert score_due(now=now).opened == 1
    falls_at = score_due(now=now).next_at or Score.objects.get().next_due_at
    score_due(now=falls_at)

    assert falls_at.strftime("%m-%d") == "03-14"  # the last day is over at midnight in Berlin
    assert scores() == {company.pk: 2000}


@pytest.mark.parametrize("number", ["x", "-1", "4000", "1.5"])
def test_days_are_a_number_of_days(company, number):
    with pytest.raises(DraftRefused, match="how many days"):
        make_draft(days("trial_end", "next_days", number), level=2)


def test_persons_have_no_plan_and_no_limits(company, records):
    with pytest.raises(DraftRefused, match="persons are scored here"):
        make_draft(uses(records), level=1)
    with pytest.raises(DraftRefused, match="Plans belong to accounts"):
        make_draft(days("trial_end", "next_days", 3), level=1)


def test_limit_of_a_sister_unit_is_refused(boards, insights, make_limit):
    theirs = make_limit("Theirs", unit=insights, gauge_trait="gb")

    with pytest.raises(DraftRefused, match="Choose a limit"):
        make_draft(uses(theirs), level=2, business_unit=boards)


def test_plan_facts_of_another_tenant_score_nobody_here(company, globex, records, use, now):
    with tenant_context(globex.pk):
        theirs = make_account("co", now)
        say(theirs, "plan", "team", now - DAY)
    make_live(uses(records), level=2)
    use(9)

    score_due(now=now)

    assert scores() == {company.pk: 5000}


def test_editor_stores_and_words_usage(client, bob, boards, company, records):
    client.force_login(bob, backend="tenants.accounts.LoginBackend")
    definition = make_definition(business_unit=boards, level=2)
    row = {"name": "Nearly full", "kind": "usage", "limit": str(records.pk), "at_least": "80", "points": "20"}

    answer = client.post(url("draft", definition), posted(definition, row | {"only_hard": "on"}))

    assert answer.status_code == 302
    stored = Signal.objects.get()
    assert (stored.limit, stored.only_hard, stored.at_least) == (records, True, 80)
    words = editions(definition)[0].lines[0].what
    assert words == "Records used to at least 80 % of what the plan allows"
    preview = client.post(url("preview", definition), posted(definition, row))
    assert preview.context["preview"].population == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"limit": ""}, "limit"), ({"at_least": ""}, "at_least"), ({"at_least": "0.5"}, "at_least")],
)
def test_editor_says_what_is_missing(client, bob, boards, company, records, wrong, field):
    client.force_login(bob, backend="tenants.accounts.LoginBackend")
    definition = make_definition(business_unit=boards, level=2)
    row = {"name": "Full", "kind": "usage", "limit": str(records.pk), "at_least": "80", "points": "20"}

    answer = client.post(url("draft", definition), posted(definition, row | wrong))

    assert answer.status_code == 422
    assert f'id="id_signals-0-{field}_error"' in answer.content.decode()


@pytest.mark.parametrize(
    ("what", "reason", "percent", "only_hard"),
    [
        ("near", "Near the limit: Records", 80, False),
        ("reached", "Limit reached: Records", 100, False),
        ("blocked", "Blocked by the limit: Records", 100, True),
    ],
)
def test_one_click_adds_a_ready_made_signal(
    client, bob, boards, team, records, what, reason, percent, only_hard
):
    client.force_login(bob, backend="tenants.accounts.LoginBackend")
    definition = make_definition(business_unit=boards, level=2)

    answer = client.post(url("draft", definition), posted(definition, do=f"limit-{what}:{records.pk}"))

    row = {form.name: form.value() for form in answer.context["forms"].signals.forms[0]}
    assert (row["name"], row["at_least"], row["only_hard"]) == (reason, percent, only_hard)
    saved = {name: str(value) for name, value in row.items() if value not in (None, False, "")}
    saved["points"] = "20"
    answer = client.post(url("draft", definition), posted(definition, saved))
    assert answer.status_code == 302, answer.context["mistakes"]
    assert Signal.objects.get().limit == records


def test_ready_made_signals_are_offered_for_accounts_only(client, bob, boards, records):
    client.force_login(bob, backend="tenants.accounts.LoginBackend")
    pages = [
        client.get(url("draft", make_definition(business_unit=boards, level=level, name=f"L{level}")))
        for level in (1, 2)
    ]

    assert ["limit-near" in page.content.decode() for page in pages] == [False, True]


@pytest.mark.parametrize(
    "do", ["limit-near:", "limit-near:nonsense", "limit-far:{limit}", "limit-near:{other}"]
)
def test_what_is_no_limit_adds_nothing(client, bob, boards, records, globex, do):
    client.force_login(bob, backend="tenants.accounts.LoginBackend")
    definition = make_definition(business_unit=boards, level=2)
    do = do.format(limit=records.pk, other="01890000-0000-7000-8000-000000000000")

    answer = client.post(url("draft", definition), posted(definition, do=do))

    assert (answer.status_code, len(answer.context["forms"].signals.forms)) == (200, 0)
