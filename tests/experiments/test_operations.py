"""Assignment before anything acts: the row is the truth."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from experiments.models import Arm, Assignment, Experiment, Exposure
from experiments.operations import (
    BadShare,
    NotHeldOut,
    Unit,
    WrongState,
    create_holdout,
    delete_draft,
    edit_holdout,
    release,
    start,
    stop,
)
from experiments.queries import arm_counts
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent, BusinessUnit
from tests.factories.experiments import DEFINITION, assign_person, running_holdout


def arms_of(experiment: Experiment) -> dict[int, str]:
    rows = Assignment.objects.filter(experiment=experiment).values_list("unit_id", "arm__name")
    return dict(rows)


def first_held_out(boards, now) -> int:
    return next(person for person in range(1, 500) if assign_person(boards, person, now=now).held_out)


def test_assign_same_rows_in_any_order_and_when_repeated(boards, now):
    """F1: shuffled ten times, replayed twice: one row a unit, the same arms."""
    holdout = running_holdout(boards, now=now)
    for person in range(200):
        assign_person(boards, person, now=now)
    once = arms_of(holdout)

    for seed in range(10):
        order = list(range(200))
        random.Random(seed).shuffle(order)
        for person in order[:40]:
            assign_person(boards, person, now=now + timedelta(days=seed), action_ref=f"again-{seed}")

    assert arms_of(holdout) == once
    assert Assignment.objects.count() == 200


def test_assign_keeps_arm_through_score_and_lead_changes(boards, now):
    """F2."""
    running_holdout(boards, now=now)
    before = [assign_person(boards, person, now=now).held_out for person in range(30)]

    later = now + timedelta(days=90)
    after = [
        assign_person(boards, person, now=later, points=1, action_ref=f"second-{person}").held_out
        for person in range(30)
    ]

    assert after == before


def test_assign_merged_person_keeps_the_earliest_arm(boards, now):
    """F2: persons 1 and 2 turn out to be one; what they were assigned first goes on."""
    running_holdout(boards, now=now)
    person = first_held_out(boards, now)

    merged = assign_person(boards, 9000, now=now, earlier_units=[Unit(1, person)], action_ref="merged")

    assert merged.held_out
    assert not Assignment.objects.filter(unit_id=9000).exists()


def test_assign_person_who_got_an_account_keeps_the_arm(boards, now):
    running_holdout(boards, now=now)
    person = first_held_out(boards, now)

    found = assign_person(
        boards, 77, unit_kind=2, now=now, earlier_units=[Unit(1, person)], action_ref="as account"
    )

    assert found.held_out


def test_edit_holdout_growing_keeps_everybody(boards, now):
    """F3: the row wins over the new share, and the new share includes the old one."""
    holdout = running_holdout(boards, now=now, percent=10)
    for person in range(300):
        assign_person(boards, person, now=now)
    before = arms_of(holdout)

    edit_holdout(experiment=holdout, name=holdout.name, percent=20, definition_id=None, by=SYSTEM, now=now)
    for person in range(600):
        assign_person(boards, person, now=now, action_ref=f"grown-{person}")

    assert {person: arms_of(holdout)[person] for person in before} == before
    new = Assignment.objects.filter(unit_id__gte=300)
    assert set(new.values_list("propensity", flat=True)) == {2000, 8000}
    assert all(row.bucket < 2000 for row in new.filter(arm__is_control=True))


def test_holdout_salts_are_unique(boards, now):
    """F6: the database refuses a second experiment with the same salt."""
    first = running_holdout(boards, now=now)
    second = create_holdout(business_unit=boards, name="Other", by=SYSTEM, now=now)

    assert first.salt != second.salt
    with pytest.raises(IntegrityError), transaction.atomic():
        Experiment.objects.filter(pk=second.pk).update(salt=first.salt)


def test_assign_stops_at_the_widest_holdout_that_holds_out(corporate, boards, now):
    """F7: a unit kept by the corporate holdout is in no narrower one."""
    wide = running_holdout(corporate, now=now, percent=50)
    narrow = running_holdout(boards, now=now, percent=50, definition_id=DEFINITION)
    for person in range(100):
        assign_person(boards, person, now=now)

    kept_by_wide = Assignment.objects.filter(experiment=wide, arm__is_control=True).values("unit_id")
    in_narrow = Assignment.objects.filter(experiment=narrow)

    assert 0 < in_narrow.count() < 100
    assert not in_narrow.filter(unit_id__in=kept_by_wide).exists()


def test_exposure_before_assignment_is_refused_by_the_database(boards, now):
    """F8."""
    running_holdout(boards, now=now)
    assign_person(boards, 1, now=now)
    early = Exposure.objects.get()
    early.pk, early.action_ref, early.exposed_at = None, "early", now - timedelta(seconds=1)

    with pytest.raises(IntegrityError), transaction.atomic():
        early.save(force_insert=True)


def test_exposure_in_every_arm_once_per_action(boards, now):
    running_holdout(boards, now=now)
    for person in range(50):
        assign_person(boards, person, now=now)
        assign_person(boards, person, now=now)

    held_out = Exposure.objects.filter(assignment__arm__is_control=True).count()

    assert Exposure.objects.count() == 50
    assert 0 < held_out < 50


def test_assign_tenants_do_not_meet(boards, globex, now):
    """F9: another tenant's rows are neither seen nor changed."""
    running_holdout(boards, now=now)
    assign_person(boards, 1, now=now)
    with tenant_context(globex.pk):
        unit = BusinessUnit.objects.get()
        assert not assign_person(unit, 1, now=now).held_out
        assert Assignment.objects.count() == 0
        running_holdout(unit, now=now, percent=90)
        assign_person(unit, 1, now=now)

    assert Assignment.objects.count() == 1


def test_assign_without_experiment_holds_nobody_out(boards, insights, now):
    create_holdout(business_unit=boards, name="Draft", by=SYSTEM, now=now)
    running_holdout(insights, now=now)
    running_holdout(
        boards, now=now, name="Other definition", definition_id="01890000-0000-7000-8000-00000000000f"
    )

    found = assign_person(boards, 1, now=now)

    assert (found.held_out, found.arm_name, found.assignment_id) == (False, None, None)


def test_assign_after_stop_holds_nobody_out(boards, now):
    holdout = running_holdout(boards, now=now, percent=90)
    person = first_held_out(boards, now)

    stop(experiment=holdout, by=SYSTEM, now=now)

    assert not assign_person(boards, person, now=now, action_ref="later").held_out


def test_release_lets_go_and_stays_in_its_arm(boards, now):
    holdout = running_holdout(boards, now=now)
    person = first_held_out(boards, now)

    release(action_ref=f"lead-{person}", reason="Asked for a call", by=SYSTEM, now=now)

    assert not assign_person(boards, person, now=now, action_ref="next").held_out
    row = Assignment.objects.get(experiment=holdout, unit_id=person)
    assert row.arm.is_control
    assert row.release_reason == "Asked for a call"
    assert arm_counts(holdout)[0].released == 1


def test_release_needs_a_reason_and_a_held_out_lead(boards, now):
    running_holdout(boards, now=now)
    person = first_held_out(boards, now)

    with pytest.raises(ValueError, match="Say why"):
        release(action_ref=f"lead-{person}", reason=" ", by=SYSTEM, now=now)
    with pytest.raises(NotHeldOut):
        release(action_ref="unknown", reason="x", by=SYSTEM, now=now)


@pytest.mark.parametrize("percent", [0, 91, Decimal("0.001"), -1])
def test_create_holdout_share_refused(boards, now, percent):
    with pytest.raises(BadShare, match="not a usable share"):
        create_holdout(business_unit=boards, name="X", percent=percent, by=SYSTEM, now=now)


def test_create_holdout_default_is_ten_percent(boards, now):
    holdout = create_holdout(business_unit=boards, name="X", by=SYSTEM, now=now)

    weights = Arm.objects.filter(experiment=holdout).order_by("position").values_list("is_control", "weight")
    assert list(weights) == [(True, 1000), (False, 9000)]
    assert AuditEvent.objects.filter(verb="holdout.created").count() == 1


def test_holdout_states_go_one_way(boards, now):
    holdout = running_holdout(boards, now=now)

    with pytest.raises(WrongState):
        start(experiment=holdout, by=SYSTEM, now=now)
    with pytest.raises(WrongState, match="kept"):
        delete_draft(experiment=holdout, by=SYSTEM, now=now)
    with pytest.raises(BadShare, match="only grow"):
        edit_holdout(experiment=holdout, name="X", percent=5, definition_id=None, by=SYSTEM, now=now)
    stop(experiment=holdout, by=SYSTEM, now=now)
    with pytest.raises(WrongState):
        stop(experiment=holdout, by=SYSTEM, now=now)
