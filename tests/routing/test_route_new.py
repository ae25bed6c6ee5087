"""From a new PQL to a rep, once, for a reason."""

from datetime import timedelta

import pytest

from delivery.models import Delivery
from experiments.models import Assignment
from ingestion.operations import create_list, upload_rows
from ingestion.rules.lists import read_text
from routing.models import Lead, LeadEvent
from routing.operations import RuleLine, route_new
from routing.rules.rotation import TURN
from scoring.models import Qualification
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tests.factories.delivery import make_destination
from tests.factories.experiments import running_holdout
from tests.factories.routing import (
    condition,
    live_definition,
    make_account,
    make_lead,
    make_person,
    make_pool,
    make_pql,
    make_rep,
    make_table,
    seat_of,
)

HOT = condition("band", "eq", "hot")


@pytest.fixture
def definition(boards):
    return live_definition(boards)


@pytest.fixture
def team(boards, now):
    return [make_rep(boards, name, now=now) for name in ("Ann", "Ben", "Cleo")]


@pytest.fixture
def pool(boards, team, now):
    return make_pool(boards, team, now=now)


def test_route_new_gives_leads_in_turn(boards, definition, team, pool, now):
    make_table(boards, RuleLine("Hot", [HOT], "pool", pool=pool), now=now)
    for _pql in range(7):
        make_pql(definition, make_person(now=now), now=now)

    result = route_new(now=now)

    assert (result.routed, result.held_out, result.more) == (7, 0, False)
    reps = Lead.objects.order_by("id").values_list("rep_id", flat=True)
    assert list(reps) == [*[rep.pk for rep in team], *[rep.pk for rep in team], team[0].pk]
    assert seat_of(pool, team[0]).received == 3
    assert seat_of(pool, team[0]).pointer == 3 * TURN


def test_route_new_explains(boards, definition, team, pool, now):
    make_table(
        boards,
        RuleLine("Big ones", [condition("account_trait", "gte", "100", "employees")], "rep", rep=team[2]),
        RuleLine("Hot", [HOT], "pool", pool=pool),
        now=now,
    )
    account = make_account(now=now, traits={"employees": 5})

    lead = make_lead(definition, subject=make_person(now=now, account=account), now=now)

    assert lead.rule_name == "Hot"
    assert lead.trace[0]["conditions"][0] | {"held": False, "saw": "5"} == lead.trace[0]["conditions"][0]
    assert lead.trace[1]["matched"]
    assert [member["chosen"] for member in lead.trace[2]["members"]] == [True, False, False]
    assert lead.respond_by == now + timedelta(hours=24)
    kinds = LeadEvent.objects.filter(lead=lead).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["created", "assigned"]


def test_route_new_named_rep(boards, definition, team, now):
    make_table(boards, RuleLine("To Cleo", [], "rep", rep=team[2]), now=now)

    lead = make_lead(definition, now=now)

    assert (lead.state, lead.rep) == ("new", team[2])


@pytest.mark.parametrize("target", ["nurture", "hold"])
def test_route_new_without_rep(boards, definition, now, target):
    make_table(boards, RuleLine("Later", [], target), now=now)

    lead = make_lead(definition, now=now)

    assert (lead.state, lead.rep, lead.respond_by) == (target, None, None)


def test_route_new_no_table_holds(definition, now):
    lead = make_lead(definition, now=now)

    assert (lead.state, lead.trace) == ("hold", [{"step": "no_table"}])


def test_route_new_unit_without_table_uses_the_one_above(corporate, definition, now):
    make_table(corporate, RuleLine("Company-wide", [], "nurture"), now=now)

    assert make_lead(definition, now=now).rule_name == "Company-wide"


def test_route_new_otherwise(boards, definition, pool, team, now):
    make_table(
        boards, RuleLine("Cold", [condition("band", "eq", "cold")], "nurture"), now=now, otherwise=pool
    )

    lead = make_lead(definition, now=now)

    assert (lead.rep, lead.rule_name) == (team[0], "")
    assert lead.trace[1] == {"step": "otherwise", "target": "pool"}


def test_route_new_owner_keeps_the_subject(boards, definition, team, pool, now):
    """A second PQL of the same person goes to the rep who has the first, and moves no pointer."""
    make_table(boards, RuleLine("All", [], "pool", pool=pool), now=now)
    person = make_person(now=now)
    make_lead(definition, subject=person, now=now)

    second = make_lead(live_definition(boards), subject=person, now=now)

    assert second.rep == team[0]
    assert second.trace[-1]["step"] == "owner"
    assert seat_of(pool, team[1]).pointer == 0
    assert seat_of(pool, team[0]).received == 1


def test_route_new_full_pool_waits(boards, definition, team, now):
    pool = make_pool(boards, team[:1], capacity=2, now=now)
    make_table(boards, RuleLine("All", [], "pool", pool=pool), now=now)

    states = [make_lead(definition, now=now).state for _lead in range(3)]

    assert states == ["new", "new", "waiting"]


def test_route_new_is_done_once(boards, definition, pool, now):
    make_table(boards, RuleLine("All", [], "pool", pool=pool), now=now)
    make_pql(definition, make_person(now=now), now=now)

    assert route_new(now=now).routed == 1
    assert route_new(now=now).routed == 0
    assert Lead.objects.count() == 1
    assert Qualification.objects.get().routed_at == now


def test_route_new_slices(boards, definition, now):
    for _pql in range(3):
        make_pql(definition, make_person(now=now), now=now)

    assert route_new(now=now, limit=2).more
    assert not route_new(now=now, limit=2).more


def test_route_new_one_bad_pql_leaves_the_others(boards, definition, now, monkeypatch):
    make_pql(definition, make_person(now=now), now=now, signals={"x": 1})
    make_pql(definition, make_person(now=now), now=now)
    Qualification.objects.filter(contributions__0__name="x").update(contributions=[{"points": 5}])

    result = route_new(now=now)

    assert (result.routed, result.failed, result.more) == (1, 1, False)


def test_route_new_sends_to_the_rules_and_the_units_destinations(boards, insights, definition, now):
    by_rule, _secret = make_destination(boards, name="Automation", receives_all_leads=False, now=now)
    everything, _secret = make_destination(boards, name="CRM", now=now)
    make_destination(insights, name="Other unit", now=now)
    make_table(boards, RuleLine("Auto", [], "automation", destination=by_rule), now=now)

    lead = make_lead(definition, now=now)

    rows = Delivery.objects.filter(event_type="pql.created", subject_ref=str(lead.pk))
    assert {row.destination_id for row in rows} == {by_rule.pk, everything.pk}
    assert lead.state == "automation"


def test_payload_says_why(boards, definition, team, pool, now, settings):
    settings.PUBLIC_URL = "https://pql.example.com/"
    make_destination(boards, now=now)
    make_table(boards, RuleLine("All", [], "pool", pool=pool), now=now)
    account = make_account("Initech", now=now)
    person = make_person("Ida", now=now, account=account)

    lead = make_lead(definition, subject=person, signals={"Small": 500, "Invited": 7500}, now=now)

    payload = Delivery.objects.get().payload
    assert payload["reasons"] == [{"signal": "Invited", "points": 75.0}, {"signal": "Small", "points": 5.0}]
    assert payload["points"] == 80.0
    assert payload["rep"] == {"name": "Ann", "email": "ann@acme.test"}
    assert payload["subject"]["account"] == {"id": "initech", "name": "Initech"}
    assert payload["subject"]["user_ids"] == ["ida@customer.test"]
    assert payload["links"]["lead"] == f"https://pql.example.com/routing/lead/{lead.pk}/change/"


def test_payload_stays_small_whatever_the_names(boards, definition, now):
    make_destination(boards, now=now)
    person = make_person("ü" * 50_000, now=now)

    make_lead(definition, subject=person, signals={f"{n}" + "ü" * 119: 100 for n in range(60)}, now=now)

    assert Delivery.objects.count() == 1


def test_unit_is_the_account_when_there_is_one(boards, definition, now):
    """Colleagues talk: they are in one arm."""
    running_holdout(boards, now=now)
    account = make_account(now=now)
    for _person in range(3):
        make_lead(definition, subject=make_person(now=now, account=account), now=now)

    unit = Assignment.objects.get()
    assert (unit.unit_kind, unit.unit_id) == (2, account.pk)
    assert Lead.objects.values("state").distinct().count() == 1


def test_route_new_other_tenant_is_untouched(boards, definition, globex, now):
    make_pql(definition, make_person(now=now), now=now)

    with tenant_context(globex.pk):
        assert route_new(now=now).routed == 0
    assert Lead.objects.count() == 0


def leaves(membership, now):
    type(membership).objects.filter(pk=membership.pk).update(ended_at=now)


def test_a_member_who_left_is_passed_over(boards, definition, team, pool, now):
    make_table(boards, RuleLine("Hot", [HOT], "pool", pool=pool), now=now)
    leaves(team[0], now)
    make_pql(definition, make_person(now=now), now=now)

    route_new(now=now)

    assert Lead.objects.get().rep == team[1]


def test_a_line_that_names_somebody_who_left_holds_the_lead(boards, definition, team, now):
    make_table(boards, RuleLine("Hot", [HOT], "rep", rep=team[0]), now=now)
    leaves(team[0], now)
    make_pql(definition, make_person(now=now), now=now)

    route_new(now=now)

    lead = Lead.objects.get()
    assert (lead.state, lead.rep) == (Lead.State.HOLD, None)
    assert lead.trace[-1] == {"step": "rep_left"}


def test_route_new_asks_lists(boards, definition, team, pool, now):
    targets = create_list(
        business_unit=boards, name="Targets", kind="domain", description="", by=SYSTEM, now=now
    )
    upload_rows(list=targets, reading=read_text("domain", "target.test"), replaces=False, by=SYSTEM, now=now)
    line = RuleLine("Target accounts", [condition("list", "eq", "targets")], "pool", pool=pool)
    make_table(boards, line, now=now)

    wanted = make_lead(definition, subject=make_person(now=now, email="ann@target.test"), now=now)
    other = make_lead(definition, subject=make_person(now=now, email="ann@other.test"), now=now)

    assert (wanted.state, other.state) == (Lead.State.NEW, Lead.State.HOLD)
    assert wanted.trace[0]["conditions"][0]["saw"] == "Targets"
