"""The role matrix: what the documentation says is what the code decides, page by page and unit by unit."""

from pathlib import Path

import pytest
from django.contrib import admin

from tenants.access import MATRIX, MODEL_AREAS, SCOPE_RIGHTS, Access, Area, Grant, Level, access_of, as_table
from tenants.models import ApiToken, Role
from tests.factories.tenants import make_member

DOCUMENT = Path(__file__).parents[2] / "docs" / "roles.md"
CORPORATE, BOARDS, TEAM, INSIGHTS = "/1/", "/1/2/", "/1/2/3/", "/1/4/"


def access(role, unit_path) -> Access:
    return Access(user_id=None, grants=(Grant(None, role, None, unit_path),))


def test_document_shows_the_matrix():
    assert as_table() in DOCUMENT.read_text()


def test_every_role_and_scope_is_decided():
    assert set(MATRIX) == set(Role.values)
    assert set(SCOPE_RIGHTS) == set(ApiToken.Scope.values)


def test_page_without_an_area_is_open_to_nobody(in_acme, alice):
    """Such as those that other packages register; platform operators' pages are closed to members too."""
    pages = [model._meta for model in admin.site._registry if model._meta.label_lower not in MODEL_AREAS]

    assert [page.label for page in pages if alice.has_perm(f"{page.app_label}.view_{page.model_name}")] == []


def test_every_page_of_our_rooms_has_an_area_or_is_the_operators():
    operators = {"tenants.tenant", "tenants.platformevent", "pqlhub.jobstatus"}
    rooms = {"reports", "routing", "scoring", "experiments", "delivery", "ingestion", "tenants", "pqlhub"}
    ours = {model._meta.label_lower for model in admin.site._registry if model._meta.app_label in rooms}

    assert ours - operators - set(MODEL_AREAS) == set()


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("area", list(Area))
def test_role_holds_in_its_unit_and_below_and_nowhere_else(role, area):
    level, found = MATRIX[role][area], access(role, BOARDS)

    assert found.level(area, BOARDS) == found.level(area, TEAM) == level
    assert found.level(area, INSIGHTS) == Level.NONE
    upward = min(level, Level.VIEW) if area in (Area.DEFINITIONS, Area.CATALOGUE) else Level.NONE
    assert found.level(area, CORPORATE) == upward


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        (Role.CORPORATE_ADMIN, set(Role.values), set()),
        (
            Role.BU_OWNER,
            {Role.BU_OWNER, Role.SALES_MANAGER, Role.REP, Role.READ_ONLY},
            {Role.CORPORATE_ADMIN, Role.PRODUCT_ENGINEER, Role.ANALYST},
        ),
        (Role.SALES_MANAGER, set(), set(Role.values)),
        (Role.REP, set(), set(Role.values)),
        (Role.ANALYST, set(), set(Role.values)),
        (Role.PRODUCT_ENGINEER, set(), set(Role.values)),
        (Role.READ_ONLY, set(), set(Role.values)),
    ],
)
def test_nobody_hands_out_more_than_they_have(role, may, may_not):
    found = access(role, BOARDS)

    assert {wanted for wanted in Role.values if found.may_grant(wanted, BOARDS)} == may
    assert not any(found.may_grant(wanted, INSIGHTS) for wanted in Role.values)
    assert may | may_not == set(Role.values)


@pytest.mark.parametrize("role", Role.values)
def test_permission_of_each_page_is_the_matrix(corporate, boards, now, role):
    unit = corporate if role == Role.CORPORATE_ADMIN else boards
    user = make_member("m@acme.test", role=role, business_unit=unit, now=now)

    for name, area in MODEL_AREAS.items():
        app, model = name.split(".")
        assert user.has_perm(f"{app}.view_{model}") == (MATRIX[role][area] >= Level.VIEW), name
        assert user.has_perm(f"{app}.change_{model}") == (MATRIX[role][area] == Level.CHANGE), name


@pytest.mark.parametrize("role", sorted(set(Role.values) - {Role.CORPORATE_ADMIN}))
def test_role_in_one_unit_opens_nothing_in_another(boards, insights, now, role):
    user = make_member("m@acme.test", role=role, business_unit=boards, now=now)

    assert {access_of(user).level(area, insights.path) for area in Area} == {Level.NONE}


def test_only_admins_and_analysts_see_held_out_leads():
    assert {role for role in Role.values if access(role, CORPORATE).sees_held_out} == {
        Role.CORPORATE_ADMIN,
        Role.ANALYST,
    }
