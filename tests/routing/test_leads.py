"""What people do with leads."""

from datetime import timedelta

import pytest

from delivery.models import Delivery
from routing.models import Lead, LeadEvent
from routing.operations import (
    NotAllowed,
    RuleLine,
    dispose,
    drain_waiting,
    edit_member,
    reassign,
    reopen,
    route_new,
)
from routing.operations.following import follow_qualifications
from scoring.models import Qualification
from tenants.audit import SYSTEM
from tenants.models import AuditEvent, Work
from tenants.operations import remove_member
from tests.factories.delivery import make_destination
from tests.factories.routing import live_definition, make_lead, make_pool, make_rep, make_table, seat_of


@pytest.fixture
def definition(boards):
    return live_definition(boards)


@pytest.fixture
def team(boards, now):
    return [make_rep(boards, name, now=now) for name in ("Ann", "Ben")]


@pytest.fixture
def pool(boards, team, now):
    pool = make_pool(boards, team, capacity=1, now=now)
    make_table(boards, RuleLine("All", [], "pool", pool=pool), now=now)
    return pool


@pytest.fixture
def lead(pool, definition, now):
    return make_lead(definition, now=now)


def say(lead: Lead, disposition: str, now, reason: str = "") -> Lead:
    return dispose(lead=lead, disposition=disposition, reason=reason, by=SYSTEM, now=now)


def test_dispose_accepted_is_worked(lead, now):
    after = say(lead, "accepted", now + timedelta(hours=1))

    assert (after.state, after.responded_at, after.closed_at) == ("working", now + timedelta(hours=1), None)
    assert AuditEvent.objects.filter(verb="lead.disposed").count() == 1


def test_dispose_steps_forward_to_won(lead, now):
    for step in ("accepted", "sql", "opportunity", "won"):
        lead = say(lead, step, now)

    assert (lead.state, lead.closed_at, lead.responded_at) == ("closed", now, now)
    assert LeadEvent.objects.filter(lead=lead, kind="disposed").count() == 4


@pytest.mark.parametrize(
    ("first", "then", "message"),
    [
        ("sql", "accepted", "cannot become"),
        ("opportunity", "rejected", "cannot become"),
        ("won", "lost", "closed. Reopen it first"),
        ("accepted", "nonsense", "not something to mark"),
        ("accepted", "", "not something to mark"),
    ],
)
def test_dispose_refuses(lead, now, first, then, message):
    say(lead, first, now)

    with pytest.raises(NotAllowed, match=message):
        say(lead, then, now, reason="x")


def test_dispose_rejected_needs_a_reason(lead, now):
    with pytest.raises(NotAllowed, match="Say why"):
        say(lead, "rejected", now, reason="  ")
    assert say(lead, "rejected", now, reason=" Student ").rejection_reason == "Student"


def test_dispose_twice_the_same_changes_nothing(lead, now):
    say(lead, "accepted", now)
    say(lead, "accepted", now)

    assert LeadEvent.objects.filter(kind="disposed").count() == 1


def test_dispose_without_rep(definition, now):
    held = make_lead(definition, now=now)

    with pytest.raises(NotAllowed, match="Give it to a rep first"):
        say(held, "accepted", now)
    assert say(held, "rejected", now, reason="Competitor").state == "closed"


def test_reopen_takes_an_end_back(lead, now):
    say(lead, "rejected", now, reason="Oops")

    after = reopen(lead=lead, by=SYSTEM, now=now)

    assert (after.state, after.disposition, after.rejection_reason, after.closed_at) == (
        "working",
        "accepted",
        "",
        None,
    )
    with pytest.raises(NotAllowed):
        reopen(lead=lead, by=SYSTEM, now=now)


def test_reassign_moves_no_pointer(lead, pool, team, now):
    after = reassign(lead=lead, membership=team[1], by=SYSTEM, now=now)

    assert (after.rep, after.pool) == (team[1], pool)
    assert seat_of(pool, team[1]).received == 0


def test_reassign_to_who_has_left_refused(lead, boards, now):
    leaver = make_rep(boards, now=now)
    remove_member(membership=leaver, by=SYSTEM, now=now)
    leaver.refresh_from_db()

    with pytest.raises(NotAllowed, match="not a member"):
        reassign(lead=lead, membership=leaver, by=SYSTEM, now=now)


def test_reassign_to_another_unit_refused(lead, insights, now):
    stranger = make_rep(insights, now=now)

    with pytest.raises(NotAllowed, match="not a member"):
        reassign(lead=lead, membership=stranger, by=SYSTEM, now=now)


def test_reassign_out_of_the_pool_leaves_the_pool(lead, boards, now):
    outsider = make_rep(boards, "Olga", now=now)

    assert reassign(lead=lead, membership=outsider, by=SYSTEM, now=now).pool is None


def test_reassign_tells_those_who_were_told(boards, pool, definition, team, now):
    make_destination(boards, now=now)
    lead = make_lead(definition, now=now)
    make_destination(boards, name="Came later", now=now)

    reassign(lead=lead, membership=team[1], by=SYSTEM, now=now)

    told = Delivery.objects.get(event_type="lead.assigned")
    assert told.payload["rep"]["name"] == "Ben"


def test_drain_takes_the_most_urgent_when_room_comes(pool, definition, team, now):
    """Score times age: 60 points for 3 days before 80 points for 1 day."""
    taken = [make_lead(definition, now=now) for _rep in team]
    young = make_lead(definition, points=8000, now=now + timedelta(days=2))
    old = make_lead(definition, points=6000, now=now)
    assert {young.state, old.state} == {"waiting"}

    later = now + timedelta(days=3)
    say(taken[0], "lost", later)
    result = route_new(now=later)

    old.refresh_from_db()
    young.refresh_from_db()
    assert (result.routed, old.state, old.rep, old.respond_by) == (
        1,
        "new",
        team[0],
        later + timedelta(hours=24),
    )
    assert young.state == "waiting"


def test_drain_nothing_while_full(pool, definition, now):
    for _lead in range(4):
        make_lead(definition, now=now)

    assert drain_waiting(now=now) == 0
    assert Lead.objects.filter(state="waiting").count() == 2


def test_more_capacity_wakes_routing(pool, definition, team, now):
    for _lead in range(3):
        make_lead(definition, now=now)
    Work.objects.filter(kind="route").delete()

    edit_member(member=seat_of(pool, team[0]), weight=1, capacity=5, is_available=True, by=SYSTEM, now=now)

    assert Work.objects.filter(kind="route", next_at=now).exists()
    assert drain_waiting(now=now) == 1


@pytest.mark.parametrize(
    ("ended", "kind"), [("left", "left"), ("converted", "converted"), ("merged", "merged")]
)
def test_lead_closes_with_its_pql(lead, now, ended, kind):
    Qualification.objects.update(state=ended, closed_at=now)

    assert follow_qualifications(now=now) == 1

    lead.refresh_from_db()
    assert (lead.state, lead.closed_at) == ("closed", now)
    assert LeadEvent.objects.filter(lead=lead, kind=kind).exists()


def test_lead_being_worked_stays_with_its_rep(lead, now):
    say(lead, "accepted", now)
    Qualification.objects.update(state="left", closed_at=now)

    assert follow_qualifications(now=now) == 0
    assert follow_qualifications(now=now) == 0

    lead.refresh_from_db()
    assert lead.state == "working"
    assert LeadEvent.objects.filter(kind="left").count() == 1


def test_lead_follows_its_band(lead, now):
    Qualification.objects.update(band="warm", points=6000)

    follow_qualifications(now=now)

    lead.refresh_from_db()
    assert (lead.band, lead.points) == ("warm", 6000)
    assert LeadEvent.objects.get(kind="band").detail == {"before": "hot", "after": "warm"}
