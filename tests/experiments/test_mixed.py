"""Who was assigned to two arms of one holdout belongs to neither side of the comparison."""

from datetime import timedelta

import pytest

from experiments.models import Arm, Assignment, Experiment
from experiments.operations import flag_mixed, stop
from experiments.queries import arm_counts
from ingestion.models import AccountMembership, Identity, Person
from pqlhub.pulse import LONG, run_until_idle
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import BusinessUnit
from tests.factories.experiments import assign_person, running_holdout
from tests.factories.routing import make_account, make_person

HELD_OUT, WORKED = True, False


@pytest.fixture
def holdout(boards, now) -> Experiment:
    return running_holdout(boards, now=now)


def put(unit, arm: bool, holdout: Experiment, now) -> Assignment:
    """Assign a person or an account to the arm that is held out, or the other."""
    chosen = Arm.objects.get(experiment=holdout, is_control=arm)
    kind = 1 if isinstance(unit, Person) else 2
    return Assignment.objects.create(
        experiment=holdout, arm=chosen, unit_kind=kind, unit_id=unit.pk, bucket=1, propensity=5000, assigned_at=now
    )  # fmt: skip


def join(person: Person, account, now) -> None:
    identity = Identity.objects.get(person=person)
    AccountMembership.objects.create(identity=identity, account=account, valid_from=now)


def mixed() -> set[int]:
    return set(Assignment.objects.filter(mixed_at__isnull=False).values_list("pk", flat=True))


@pytest.mark.parametrize(("own", "of_account"), [(HELD_OUT, WORKED), (WORKED, HELD_OUT)])
def test_person_whose_account_is_in_the_other_arm_mixes_both(holdout, now, own, of_account):
    account = make_account(now=now)
    ann = make_person(now=now, account=account)
    rows = {put(ann, own, holdout, now).pk, put(account, of_account, holdout, now).pk}

    flag_mixed(now=now)

    assert mixed() == rows


def test_joining_an_account_of_the_other_arm_later_mixes_too(holdout, now):
    ann, account = make_person(now=now), make_account(now=now)
    rows = {put(ann, HELD_OUT, holdout, now).pk, put(account, WORKED, holdout, now).pk}
    flag_mixed(now=now)
    assert mixed() == set()

    join(ann, account, now)
    flag_mixed(now=now)

    assert mixed() == rows


def test_the_same_arm_mixes_nothing(holdout, now):
    account = make_account(now=now)
    put(make_person(now=now, account=account), HELD_OUT, holdout, now)
    put(account, HELD_OUT, holdout, now)

    flag_mixed(now=now)

    assert mixed() == set()


def test_arms_of_two_experiments_do_not_mix(holdout, boards, now):
    other = running_holdout(boards, now=now, name="Another question")
    account = make_account(now=now)
    put(make_person(now=now, account=account), HELD_OUT, holdout, now)
    put(account, WORKED, other, now)

    flag_mixed(now=now)

    assert mixed() == set()


def test_persons_of_both_arms_who_turn_out_to_be_one_mix(holdout, now):
    """Ann and Bea both became Cem, who was never assigned."""
    cem = make_person(now=now)
    ann, bea = (make_person(now=now, merged_into_id=cem.pk) for _ in range(2))
    rows = {put(ann, HELD_OUT, holdout, now).pk, put(bea, WORKED, holdout, now).pk}

    flag_mixed(now=now)

    assert mixed() == rows


def test_merged_person_mixes_with_the_account_of_whom_they_became(holdout, now):
    account = make_account(now=now)
    bea = make_person(now=now, account=account)
    ann = make_person(now=now, merged_into_id=bea.pk)
    rows = {put(ann, HELD_OUT, holdout, now).pk, put(account, WORKED, holdout, now).pk}

    flag_mixed(now=now)

    assert mixed() == rows


def test_member_of_two_accounts_of_different_arms_mixes_neither(holdout, now):
    one, other = make_account(now=now), make_account(now=now)
    join(make_person(now=now, account=one), other, now)
    put(one, HELD_OUT, holdout, now)
    put(other, WORKED, holdout, now)

    flag_mixed(now=now)

    assert mixed() == set()


def test_mixed_keeps_its_first_moment_and_its_arm(holdout, now):
    account = make_account(now=now)
    row = put(make_person(now=now, account=account), HELD_OUT, holdout, now)
    put(account, WORKED, holdout, now)
    flag_mixed(now=now)

    flag_mixed(now=now + timedelta(days=1))

    row.refresh_from_db()
    assert (row.mixed_at, row.arm.is_control) == (now, True)
    assert [(row.assigned, row.mixed) for row in arm_counts(holdout)] == [(1, 1), (1, 1)]


@pytest.mark.parametrize(("days", "looks"), [(89, True), (91, False)])
def test_stopped_holdout_is_watched_while_outcomes_come_in(holdout, now, days, looks):
    account = make_account(now=now)
    put(make_person(now=now, account=account), HELD_OUT, holdout, now)
    put(account, WORKED, holdout, now)
    stop(experiment=holdout, by=SYSTEM, now=now)

    again = flag_mixed(now=now + timedelta(days=days))

    assert (bool(mixed()), again is not None) == (looks, looks)


def test_worker_flags_soon_after_an_assignment(acme, boards, holdout, now):
    account = make_account(now=now)
    ann = make_person(now=now, account=account)
    put(ann, HELD_OUT, holdout, now)
    put(account, WORKED, holdout, now)
    assign_person(boards, make_person(now=now).pk, now=now)

    run_until_idle(LONG, clock=lambda: now + timedelta(minutes=2), budget_seconds=20, kinds=["mixed"])

    assert len(mixed()) == 2


def test_another_tenants_assignments_are_not_touched(globex, holdout, now):
    """Persons, accounts and arms of both tenants; only Acme looks."""

    def mix(experiment: Experiment) -> set[int]:
        account = make_account("Same name", now=now)
        return {
            put(make_person("Ann", now=now, account=account), HELD_OUT, experiment, now).pk,
            put(account, WORKED, experiment, now).pk,
        }

    ours = mix(holdout)
    with tenant_context(globex.pk):
        mix(running_holdout(BusinessUnit.objects.get(), now=now))

    flag_mixed(now=now)

    assert mixed() == ours
    with tenant_context(globex.pk):
        assert mixed() == set()
