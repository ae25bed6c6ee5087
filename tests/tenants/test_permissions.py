from django.contrib import admin
from django.test import RequestFactory

from tenants.access import Area, Level, access_of
from tenants.console import TenantAdmin
from tenants.models import BusinessUnit


def test_permission_the_role_lacks_is_refused_not_an_error(in_acme, rita):
    assert not rita.has_perm("tenants.view_source")
    assert not rita.has_module_perms("django_celery_beat")


def test_unit_owner_may_change_own_unit_and_only_that(in_acme, corporate, boards, insights, bob):
    access = access_of(bob)

    assert access.level(Area.MEMBERS, boards.path) == Level.CHANGE
    assert access.level(Area.MEMBERS, insights.path) == Level.NONE
    assert access.level(Area.MEMBERS, corporate.path) == Level.NONE


def test_corporate_definitions_can_be_read_from_below_and_not_changed(in_acme, corporate, boards, bob):
    assert access_of(bob).level(Area.DEFINITIONS, corporate.path) == Level.VIEW


def test_admin_page_asks_about_the_row(in_acme, corporate, boards, insights, alice, bob):
    class UnitAdmin(TenantAdmin):
        unit_lookup = None

    page, request = UnitAdmin(BusinessUnit, admin.site), RequestFactory().get("/")

    request.user = alice
    assert page.has_change_permission(request, insights)
    request.user = bob
    assert not page.has_change_permission(request, boards)
    assert page.has_view_permission(request, boards)
    assert not page.has_view_permission(request, insights)


def test_nobody_is_a_platform_operator_by_a_role(in_acme, alice):
    assert not alice.has_perm("tenants.view_tenant")
    assert not alice.has_perm("django_celery_beat.view_periodictask")
