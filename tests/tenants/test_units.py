import pytest
from django.core.exceptions import ValidationError

from tenants.audit import SYSTEM
from tenants.models import AuditEvent, BusinessUnit
from tenants.operations import (
    Refused,
    create_business_unit,
    delete_business_unit,
    move_business_unit,
    rename_business_unit,
)


@pytest.fixture
def team(boards, now):
    return create_business_unit(name="Team", parent=boards, by=SYSTEM, now=now)


def test_moving_a_unit_takes_everything_below_it_along(corporate, boards, insights, team, now):
    move_business_unit(unit=boards, parent=insights, by=SYSTEM, now=now)

    moved, below = BusinessUnit.objects.get(pk=boards.pk), BusinessUnit.objects.get(pk=team.pk)
    assert moved.path == f"{insights.path}{boards.pk}/"
    assert below.path == f"{insights.path}{boards.pk}/{team.pk}/"
    assert (moved.depth, below.depth) == (2, 3)


def test_moving_leaves_the_others_where_they_are(corporate, boards, insights, now):
    move_business_unit(unit=boards, parent=insights, by=SYSTEM, now=now)

    assert BusinessUnit.objects.get(pk=insights.pk).path == insights.path


@pytest.mark.parametrize("target", ["itself", "below"])
def test_unit_cannot_move_into_itself(boards, team, now, target):
    with pytest.raises(Refused, match="into itself"):
        move_business_unit(unit=boards, parent=boards if target == "itself" else team, by=SYSTEM, now=now)


def test_corporate_unit_stays_on_top(corporate, boards, now):
    with pytest.raises(Refused, match="top of the tree"):
        move_business_unit(unit=corporate, parent=boards, by=SYSTEM, now=now)


def test_moving_to_where_it_is_changes_and_audits_nothing(corporate, boards, now):
    before = AuditEvent.objects.count()

    move_business_unit(unit=boards, parent=corporate, by=SYSTEM, now=now)

    assert AuditEvent.objects.count() == before


def test_two_units_cannot_have_one_name(boards, insights, now):
    with pytest.raises(ValidationError):
        rename_business_unit(unit=boards, name="Insights", by=SYSTEM, now=now)


def test_empty_unit_can_be_deleted(insights, now):
    delete_business_unit(unit=insights, by=SYSTEM, now=now)

    assert not BusinessUnit.objects.filter(name="Insights").exists()


def test_unit_that_holds_something_names_it(boards, team, rita, now):
    with pytest.raises(Refused, match="“Boards” still has: business units, members"):
        delete_business_unit(unit=boards, by=SYSTEM, now=now)
