"""A held-out lead reaches nobody, whatever happens to it."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.models import Delivery
from experiments.models import Assignment
from routing.models import Lead
from routing.operations import (
    NotAllowed,
    RuleLine,
    dispose,
    drain_waiting,
    reassign,
    release_held_out,
    reopen,
    route_new,
)
from routing.operations.announcing import HeldOut, announce_created
from routing.operations.following import follow_qualifications
from routing.queries.cases import account_of_person, case_of
from scoring.models import Qualification
from tenants.audit import SYSTEM
from tests.factories.delivery import make_destination
from tests.factories.experiments import running_holdout
from tests.factories.routing import (
    live_definition,
    make_account,
    make_lead,
    make_person,
    make_pool,
    make_pql,
    make_rep,
    make_table,
)


@pytest.fixture
def definition(boards, now):
    """A unit where everything that can act does."""
    make_destination(boards, now=now)
    rep = make_rep(boards, "Ann", now=now)
    make_table(boards, RuleLine("All", [], "pool", pool=make_pool(boards, [rep], now=now)), now=now)
    return live_definition(boards)


def held_out_lead(definition, now) -> Lead:
    leads = (make_lead(definition, now=now) for _attempt in range(60))
    return next(lead for lead in leads if lead.state == "held_out")


def outbound_of_held_out() -> int:
    kept = [str(key) for key in Lead.objects.filter(state="held_out").values_list("pk", flat=True)]
    return Delivery.objects.filter(subject_ref__in=kept).count()


def test_route_new_half_held_out_has_no_outbound(boards, definition, now):
    running_holdout(boards, now=now)
    for _pql in range(40):
        make_pql(definition, make_person(now=now), now=now)

    result = route_new(now=now)

    assert result.held_out == Lead.objects.filter(state="held_out").count() > 5
    assert result.routed == Delivery.objects.count() == 40 - result.held_out
    assert outbound_of_held_out() == 0
    assert not Lead.objects.filter(state="held_out").exclude(rep=None, pool=None, trace=[]).exists()


steps = st.lists(
    st.sampled_from(["route", "drain", "left", "warm", "accept", "reject", "reassign", "reopen", "follow"]),
    max_size=6,
)


@given(steps)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_held_out_lead_no_sequence_acts(boards, definition, now, steps):
    if not Lead.objects.filter(state="held_out").exists():
        running_holdout(boards, now=now)
        held_out_lead(definition, now)
    lead = Lead.objects.filter(state="held_out").first()
    rep = make_rep(boards, now=now)
    does = {
        "route": lambda: route_new(now=now),
        "drain": lambda: drain_waiting(now=now),
        "follow": lambda: follow_qualifications(now=now),
        "left": lambda: Qualification.objects.filter(pk=lead.qualification_id).update(
            state="left", closed_at=now
        ),
        "warm": lambda: Qualification.objects.filter(pk=lead.qualification_id).update(band="warm"),
        "accept": lambda: dispose(lead=lead, disposition="accepted", by=SYSTEM, now=now),
        "reject": lambda: dispose(lead=lead, disposition="rejected", reason="x", by=SYSTEM, now=now),
        "reassign": lambda: reassign(lead=lead, membership=rep, by=SYSTEM, now=now),
        "reopen": lambda: reopen(lead=lead, by=SYSTEM, now=now),
    }

    for step in steps:
        try:
            does[step]()
        except NotAllowed:
            continue

    lead.refresh_from_db()
    assert (lead.state, lead.rep_id) == ("held_out", None)
    assert outbound_of_held_out() == 0


def test_closed_held_out_lead_stays_held_out(boards, definition, now):
    running_holdout(boards, now=now)
    lead = held_out_lead(definition, now)
    Qualification.objects.update(state="left", closed_at=now)

    follow_qualifications(now=now)

    lead.refresh_from_db()
    assert (lead.state, lead.closed_at) == ("held_out", now)


def test_second_pql_of_a_held_out_person_is_held_out(boards, definition, now):
    running_holdout(boards, now=now)
    lead = held_out_lead(definition, now)
    person_id = lead.subject_id
    Qualification.objects.update(state="left", closed_at=now)
    pql = Qualification.objects.get(pk=lead.qualification_id)
    pql.pk, pql.state, pql.closed_at, pql.routed_at, pql.points = None, "open", None, None, 9999
    pql.save(force_insert=True)

    route_new(now=now + timedelta(days=60))

    assert list(Lead.objects.filter(subject_id=person_id).values_list("state", flat=True)) == ["held_out"] * 2


def test_person_merged_into_another_keeps_the_arm(boards, definition, now):
    running_holdout(boards, now=now)
    lead = held_out_lead(definition, now)
    survivor = make_person(now=now)
    type(survivor).objects.filter(pk=lead.subject_id).update(merged_into_id=survivor.pk)

    assert make_lead(definition, subject=survivor, now=now).state == "held_out"


def test_release_acts_and_stays_in_the_arm(boards, definition, now):
    running_holdout(boards, now=now)
    lead = held_out_lead(definition, now)
    later = now + timedelta(hours=5)

    released = release_held_out(lead=lead, reason="Asked for a demo", by=SYSTEM, now=later)

    assert (released.state, released.respond_by) == ("new", later + timedelta(hours=24))
    assert Delivery.objects.filter(subject_ref=str(lead.pk), event_type="pql.created").count() == 1
    row = Assignment.objects.get(unit_id=lead.subject_id, unit_kind=1)
    assert (row.arm.is_control, row.released_at) == (True, later)


def test_release_refuses(boards, definition, now):
    running_holdout(boards, now=now)
    lead = held_out_lead(definition, now)

    with pytest.raises(ValueError, match="Say why"):
        release_held_out(lead=lead, reason="", by=SYSTEM, now=now)
    release_held_out(lead=lead, reason="Asked", by=SYSTEM, now=now)
    with pytest.raises(NotAllowed, match="not held out"):
        release_held_out(lead=lead, reason="Again", by=SYSTEM, now=now)


def test_colleagues_are_released_one_by_one_though_they_are_one_unit(boards, definition, now):
    running_holdout(boards, now=now)
    persons = (make_person(now=now, account=make_account(now=now)) for _ in range(60))
    leads = (make_lead(definition, subject=person, now=now) for person in persons)
    first = next(lead for lead in leads if lead.state == "held_out")
    colleague = make_person(now=now, account=account_of_person(first.subject_id))
    second = make_lead(definition, subject=colleague, now=now)

    for lead, reason in ((first, "Asked for a call"), (second, "Her colleague is called")):
        assert release_held_out(lead=lead, reason=reason, by=SYSTEM, now=now).state != "held_out"

    assert Assignment.objects.get(released_at__isnull=False).release_reason == "Asked for a call"


def test_announcing_a_held_out_lead_raises(boards, definition, now):
    running_holdout(boards, now=now)
    lead = held_out_lead(definition, now)

    with pytest.raises(HeldOut):
        announce_created(lead, case_of(lead.qualification, now=now), by_rule=None, now=now)
