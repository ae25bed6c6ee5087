"""From messages, history and the API to what is known about an account's plan."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from ingestion.models import Account, Activity, Plan, PlanFact, Touched
from ingestion.operations import allow, edit_plan, map_event, state_plan
from ingestion.queries.plans import account_plan
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tenants.operations import create_source
from tests.factories import ingestion
from tests.factories.ingestion import RECEIVED, START

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def plan_of(key="co", now=RECEIVED):
    account = Account.objects.get(key=key)
    return account_plan(account.pk, Q(), now=now, today=now.date())


def create_records(acme, number, verb="Created", ts=START):
    ingestion.send_and_fold(
        acme, [ingestion.track("ann", f"Record {verb}", account="co", ts=ts) for _ in range(number)]
    )


def test_trait_of_the_account_tells_its_plan(acme, in_acme, make_rule, team):
    make_rule("plan", source="trait", fact="plan")
    make_rule("subscription", source="trait", fact="status")

    traits = {"plan": "Team", "subscription": "trialing", "other": 1}
    ingestion.send_and_fold(acme, [ingestion.group("ann", "co", traits=traits)])

    found = plan_of()
    assert (found.plan, found.state.plan, found.state.status) == (team, "team", "trial")
    assert {row.origin for row in found.timeline} == {"trait"}
    assert found.timeline[0].received_at == RECEIVED
    assert (2, Account.objects.get().pk) in Touched.objects.values_list("subject_kind", "subject_id")


def test_staging_tells_no_plan(acme, in_acme, make_rule):
    make_rule("Subscribed", source="event", status="paid", plan_property="plan")
    staging = create_source(name="Staging", kind="server", environment="staging", by=SYSTEM, now=START)

    sent = [ingestion.track("ann", "Subscribed", account="co", properties={"plan": "team"})]
    ingestion.send_and_fold(acme, sent, source=staging)

    assert not PlanFact.objects.exists()


def test_event_tells_the_plan_of_the_account_it_happened_in(acme, in_acme, make_rule):
    make_rule("Subscribed", source="event", status="paid", plan_property="plan")

    sent = [
        ingestion.track("ann", "Subscribed", account="co", properties={"plan": "team"}),
        ingestion.track("bea", "Subscribed", properties={"plan": "solo"}),
    ]
    ingestion.send_and_fold(acme, sent)

    assert (plan_of().state.plan, plan_of().state.status) == ("team", "paid")
    assert PlanFact.objects.count() == 3


def test_event_under_another_name_tells_what_the_one_it_counts_as_tells(acme, in_acme, make_rule):
    make_rule("Subscribed", source="event", status="paid", plan_property="plan")
    ingestion.send_and_fold(
        acme, [ingestion.track("ann", name, account="x") for name in ("Subscribed", "sub_v2")]
    )
    map_event(event_kind=1, from_name="sub_v2", to_name="Subscribed", by=SYSTEM, now=START)

    ingestion.send_and_fold(
        acme, [ingestion.track("ann", "sub_v2", account="co", properties={"plan": "team"})]
    )

    assert (plan_of().state.plan, plan_of().state.status) == ("team", "paid")


def test_order_of_arrival_does_not_matter(acme, in_acme, make_rule):
    make_rule("plan", source="trait", fact="plan")
    newer = ingestion.group("ann", "co", traits={"plan": "team"}, ts=START + DAY)
    older = ingestion.group("ann", "co", traits={"plan": "free"}, ts=START)

    ingestion.send_and_fold(acme, [newer])
    ingestion.send_and_fold(acme, [older])

    assert plan_of().state.plan == "team"
    assert plan_of(now=START + DAY).state.plan == "free"


def test_what_cannot_be_read_changes_nothing_and_loses_nothing(acme, in_acme, make_rule):
    make_rule("status", source="trait", fact="status")
    said = [("paid", START), ("dunno", START + DAY)]

    sent = [ingestion.group("ann", "co", traits={"status": value}, ts=ts) for value, ts in said]
    ingestion.send_and_fold(acme, sent)

    assert plan_of().state.status == "paid"
    assert Account.objects.get().traits["status"] == "dunno"


def test_new_rule_reads_what_the_trait_has_said(acme, in_acme, make_rule):
    sent = [
        ingestion.group("ann", "co", traits={"tier": "Team"}, ts=START),
        ingestion.group("ann", "co", traits={"tier": None}, ts=START + DAY),
        ingestion.group("ann", "other", traits={"tier": ["x"]}, ts=START),
    ]
    ingestion.send_and_fold(acme, sent)
    Touched.objects.all().delete()

    assert make_rule("tier", source="trait", fact="plan") == 2

    assert plan_of(now=START + DAY).state.plan == "team"
    assert plan_of().state.plan == ""
    assert Touched.objects.filter(subject_kind=2).count() == 1


def test_history_and_the_same_message_again_say_it_once(acme, in_acme, make_rule):
    message = ingestion.group("ann", "co", traits={"plan": "team"})
    ingestion.send_and_fold(acme, [message])
    make_rule("plan", source="trait", fact="plan")

    ingestion.send_and_fold(acme, [message])

    assert PlanFact.objects.count() == 1


def test_tenant_without_rules_pays_one_query(acme, in_acme, make_rule):
    def queries():
        ingestion.send(acme, [ingestion.track("ann", "Seen", account="co")])
        with CaptureQueriesContext(connection) as caught:
            ingestion.fold(acme)
        return len(caught)

    queries()
    before = queries()
    make_rule("plan", source="trait", fact="plan")

    assert queries() == before


def test_api_says_a_plan_and_the_same_message_twice_says_it_once(acme, in_acme):
    account = Account.objects.create(key="co", first_seen_at=START, last_seen_at=START)
    values = {"said": {"plan": "Team", "status": "paid"}, "at": START, "message_id": "m1"}

    for _ in range(2):
        state_plan(account=account, **values, zone=acme.zone, by=SYSTEM, now=RECEIVED)

    assert PlanFact.objects.count() == 2
    assert plan_of().state.plan == "team"
    assert AuditEvent.objects.filter(verb="account.plan_stated").exists()


@pytest.mark.parametrize("said", [{}, {"status": "dunno"}, {"colour": "red"}])
def test_api_refuses_what_it_cannot_read_and_says_where(acme, in_acme, said):
    account = Account.objects.create(key="co", first_seen_at=START, last_seen_at=START)

    with pytest.raises(ValidationError) as refused:
        state_plan(account=account, said=said, at=START, message_id="m", zone=acme.zone, by=SYSTEM, now=START)

    assert set(refused.value.message_dict) == set(said or {"plan"})
    assert not PlanFact.objects.exists()


def test_usage_is_counted_net_and_warns_from_80_percent(acme, in_acme, make_rule, team):
    make_rule("plan", source="trait", fact="plan")
    ingestion.send_and_fold(acme, [ingestion.group("ann", "co", traits={"plan": "team"})])

    levels = []
    for number in (7, 2, 2):  # 7, 9 less 1, 11 less 1
        create_records(acme, number)
        levels.append((plan_of().usages[0].share, plan_of().usages[0].level, plan_of().usages[0].is_blocked))
        if number == 7:
            create_records(acme, 1, "Deleted")

    assert levels == [(70, "fine", False), (80, "near", False), (100, "reached", True)]


def test_usage_starts_again_with_the_month(acme, in_acme, make_rule, make_plan, make_limit):
    plan = make_plan("team")
    calls = make_limit("Calls", action=ingestion.make_action("Record Created"), resets="month")
    allow(plan=plan, limit=calls, amount=10, is_hard=False, by=SYSTEM, now=START)
    make_rule("plan", source="trait", fact="plan")
    ingestion.send_and_fold(acme, [ingestion.group("ann", "co", traits={"plan": "team"})])

    create_records(acme, 3)

    assert plan_of(now=START + DAY).usages[0].used == 3
    assert plan_of(now=RECEIVED).usages[0].used == 0


def test_gauge_is_the_number_of_a_trait(acme, in_acme, make_rule, make_plan, make_limit):
    storage = make_limit("Storage", gauge_trait="gb")
    allow(plan=make_plan("team"), limit=storage, amount=4, is_hard=False, by=SYSTEM, now=START)
    make_rule("plan", source="trait", fact="plan")
    ingestion.send_and_fold(acme, [ingestion.group("ann", "co", traits={"plan": "team"})])
    assert plan_of().usages[0].level == "unknown"

    ingestion.send_and_fold(acme, [ingestion.group("ann", "co", traits={"gb": 3.5})])

    assert (plan_of().usages[0].share, plan_of().usages[0].level) == (87, "near")


def test_limit_of_a_sister_unit_is_refused(boards, insights, make_plan, make_limit):
    theirs = make_limit("Theirs", unit=insights, gauge_trait="gb")

    with pytest.raises(ValidationError, match="Choose a limit"):
        allow(plan=make_plan("p", unit=boards), limit=theirs, amount=1, is_hard=False, by=SYSTEM, now=START)


def test_two_plans_of_a_unit_have_two_keys(make_plan):
    make_plan("team")
    other = make_plan("pro")
    other.key = "TEAM"

    with pytest.raises(ValidationError, match="already exists"):
        edit_plan(plan=other, by=SYSTEM, now=START)


@pytest.mark.parametrize(
    "wrong", [{"price_minor": 5}, {"currency": "EUR"}, {"price_minor": -1, "currency": "EUR"}]
)
def test_price_and_currency_come_together(corporate, wrong):
    with pytest.raises(IntegrityError, match="plan_price_with_currency"), transaction.atomic():
        Plan.objects.create(business_unit=corporate, name="x", key="x", created_at=START, **wrong)


def test_another_tenants_rules_tell_nothing_here(acme, globex, in_acme, make_rule):
    make_rule("plan", source="trait", fact="plan")

    ingestion.send_and_fold(globex, [ingestion.group("gus", "co", traits={"plan": "team"})])

    with tenant_context(globex.pk):
        assert not PlanFact.objects.exists()
        assert not Activity.objects.exists()
