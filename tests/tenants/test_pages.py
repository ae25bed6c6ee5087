"""The console pages of the tenants room, as people use them."""

import re
import zipfile
from datetime import timedelta

import pytest
from django.contrib import admin
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from tenants import queries
from tenants.admin.platform import CompanyAdmin
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import (
    ApiToken,
    AuditEvent,
    BusinessUnit,
    Invitation,
    Role,
    Source,
    Tenant,
    User,
    WriteKey,
)
from tenants.operations import request_export, suspend_tenant
from tests.factories.tenants import make_api_token, make_member, make_source, make_write_key, membership_of

NEW_SOURCE = {
    "name": "Web app",
    "kind": "server",
    "environment": "production",
    "is_enabled": "on",
    "quota_period": "month",
}


def page(name, *keys):
    return reverse(f"admin:tenants_{name}", args=keys)


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def as_bob(client, bob):
    client.force_login(bob)
    return client


@pytest.fixture
def operator(client, db):
    user = User.objects.create_user("op@example.test", None, name="Olga", is_platform_operator=True)
    client.force_login(user)
    return client


def text(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


# --- Members and invitations


def test_invitation_is_sent_from_the_form(as_alice, boards, django_capture_on_commit_callbacks):
    values = {"email": "new@acme.test", "business_unit": boards.pk, "role": Role.REP}

    with django_capture_on_commit_callbacks(execute=True):
        as_alice.post(page("invitation_add"), values)

    assert mail.outbox[0].to == ["new@acme.test"]
    assert "open" in text(as_alice.get(page("invitation_changelist")))


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"email": "rita@acme.test"}, "already a member"),
        ({"email": "nonsense"}, "valid email"),
        (
            {"role": Role.PRODUCT_ENGINEER},
            "Select a valid choice",
        ),
        ({"role": ""}, "This field is required"),
    ],
)
def test_invitation_that_cannot_be_says_why_on_the_form(as_bob, boards, rita, values, complaint):
    answer = as_bob.post(
        page("invitation_add"),
        {"email": "new@acme.test", "business_unit": boards.pk, "role": Role.REP} | values,
    )

    assert answer.status_code == 200
    assert complaint in text(answer)
    assert not Invitation.objects.exists()


def test_unit_owner_cannot_invite_into_another_unit(as_bob, insights):
    answer = as_bob.post(
        page("invitation_add"), {"email": "x@acme.test", "business_unit": insights.pk, "role": Role.REP}
    )

    assert "Select a valid choice" in text(answer)


@pytest.mark.parametrize(("verb", "left"), [("resend", 1), ("revoke", 0)])
def test_invitation_is_sent_again_or_revoked_after_a_question(as_alice, boards, verb, left):
    as_alice.post(
        page("invitation_add"), {"email": "n@acme.test", "business_unit": boards.pk, "role": Role.REP}
    )
    invitation = Invitation.objects.get()
    address = page(f"invitation_{verb}", invitation.pk)

    assert as_alice.get(address).status_code == 200
    assert bytes(Invitation.objects.get().token_hash) == bytes(invitation.token_hash)
    as_alice.post(address)

    assert Invitation.objects.count() == left
    assert not Invitation.objects.filter(token_hash=invitation.token_hash).exists()


def test_role_is_changed_in_the_form(as_alice, rita):
    as_alice.post(page("membership_change", membership_of(rita).pk), {"role": Role.ANALYST})

    assert membership_of(rita).role == Role.ANALYST


def test_last_admin_cannot_demote_themselves_and_reads_why(as_alice, alice, in_acme):
    answer = as_alice.post(page("membership_change", membership_of(alice).pk), {"role": Role.REP})

    assert "last corporate admin" in text(answer)
    assert membership_of(alice).role == Role.CORPORATE_ADMIN


def test_last_admin_cannot_be_removed_and_reads_why(as_alice, alice, in_acme):
    answer = as_alice.post(page("membership_delete", membership_of(alice).pk), {"post": "yes"}, follow=True)

    assert "last corporate admin" in text(answer)


def test_member_is_removed_and_found_among_the_former(as_alice, rita):
    as_alice.post(page("membership_delete", membership_of(rita).pk), {"post": "yes"})

    assert "rita@acme.test" not in text(as_alice.get(page("membership_changelist")))
    assert "rita@acme.test" in text(as_alice.get(page("membership_changelist"), {"former": "yes"}))


def test_unit_owner_sees_and_changes_own_members_only(as_bob, boards, insights, alice, rita, now):
    ida = make_member("ida@acme.test", role=Role.REP, business_unit=insights, now=now)

    listed = text(as_bob.get(page("membership_changelist")))

    assert "rita@acme.test" in listed
    assert "ida@acme.test" not in listed
    answer = as_bob.post(page("membership_change", membership_of(ida).pk), {"role": Role.ANALYST})
    assert answer.status_code in (302, 404)
    assert membership_of(ida).role == Role.REP


# --- Business units and settings


def test_unit_is_created_renamed_and_moved(as_alice, corporate, boards, insights):
    as_alice.post(page("businessunit_add"), {"name": "Team", "parent": boards.pk})
    team = BusinessUnit.objects.get(name="Team")

    as_alice.post(page("businessunit_change", team.pk), {"name": "Crew", "parent": insights.pk})

    team.refresh_from_db()
    assert (team.name, team.path) == ("Crew", f"{insights.path}{team.pk}/")


def test_unit_tree_is_indented(as_alice, boards):
    assert "└ Boards" in text(as_alice.get(page("businessunit_changelist")))


def test_second_unit_of_a_name_is_refused_on_the_form(as_alice, corporate, boards):
    answer = as_alice.post(page("businessunit_add"), {"name": "Boards", "parent": corporate.pk})

    assert "Business unit with this Name already exists" in text(answer)
    assert BusinessUnit.objects.filter(name="Boards").count() == 1


def test_unit_that_holds_something_is_not_deleted(as_alice, boards, rita):
    answer = as_alice.post(page("businessunit_delete", boards.pk), {"post": "yes"}, follow=True)

    assert "still has: members" in text(answer)


def test_settings_are_changed_audited_and_checked(as_alice, acme):
    assert "Windows of live definitions keep their old midnights" in text(as_alice.get(page("settings")))

    bad = as_alice.post(page("settings"), {"name": "Acme", "time_zone": "Europe/Berlin", "currency": "12"})
    as_alice.post(page("settings"), {"name": "Acme", "time_zone": "Asia/Tokyo", "currency": "eur"})

    assert bad.status_code == 422
    assert "three letters" in text(bad)
    assert Tenant.objects.get(pk=acme.pk).time_zone == "Asia/Tokyo"
    with tenant_context(acme.pk):
        assert AuditEvent.objects.get(verb="tenant.settings_changed").fields == ["time_zone"]


def test_settings_are_the_corporate_admins(as_bob):
    assert as_bob.get(page("settings")).status_code == 403


# --- Sources and keys


def test_new_source_shows_its_key_once_with_ready_programs(as_alice, acme):
    answer = as_alice.post(page("source_add"), NEW_SOURCE)

    secret = re.search(r"pql_w_[\w-]+", answer.content.decode())[0]
    assert queries.find_write_key(secret, now=timezone.now()).tenant_id == acme.pk
    assert "curl http://testserver/v1/track" in text(answer)
    assert f"http://testserver/analytics.js/v1/{secret}/analytics.min.js" in text(answer)
    assert "no-store" in answer["Cache-Control"]
    with tenant_context(acme.pk):
        source = Source.objects.get()
    assert secret not in text(as_alice.get(page("source_keys", source.pk)))


def test_key_is_rotated_and_then_revoked_after_a_question(as_alice, in_acme, now):
    source = make_source(now=now)
    key, old = make_write_key(source=source, now=timezone.now())

    answer = as_alice.post(page("source_keys", source.pk), {"rotate": key.pk})
    new = re.search(r"pql_w_[\w-]+", answer.content.decode())[0]
    assert "make a key" not in text(answer).lower()
    as_alice.post(page("source_revoke", source.pk, key.pk))

    assert queries.find_write_key(old, now=timezone.now()) is None
    assert queries.find_write_key(new, now=timezone.now()) is not None


def test_third_key_is_refused_with_a_sentence(as_alice, in_acme, now):
    source = make_source(now=now)
    for _n in range(2):
        make_write_key(source=source, now=now)

    wanted = {"scopes": list(WriteKey.Scope.values)}
    answer = as_alice.post(page("source_keys", source.pk), wanted, follow=True)

    assert "two live keys" in text(answer)
    assert WriteKey.objects.count() == 2


def test_unit_owner_sees_keys_and_makes_none(as_bob, in_acme, now):
    source = make_source(now=now)

    assert as_bob.get(page("source_keys", source.pk)).status_code == 200
    assert as_bob.post(page("source_keys", source.pk)).status_code == 403


def test_key_of_another_source_cannot_be_revoked_here(as_alice, in_acme, now):
    one, other = make_source(now=now), make_source(now=now, name="Other")
    key, _secret = make_write_key(source=other, now=now)

    assert as_alice.post(page("source_revoke", one.pk, key.pk)).status_code == 404


# --- API tokens


def test_token_is_shown_once_and_works(as_alice, corporate):
    values = {
        "name": "CI",
        "kind": "personal",
        "business_unit": corporate.pk,
        "scopes": ["leads:read"],
        "days": 30,
    }

    answer = as_alice.post(page("apitoken_add"), values)

    secret = re.search(r"pql_a_[\w-]+", answer.content.decode())[0]
    owner = queries.find_api_token(secret, now=timezone.now())
    assert owner.scopes == {"leads:read"}
    assert queries.find_api_token(secret, now=timezone.now() + timedelta(days=30)) is None
    assert secret not in text(as_alice.get(page("apitoken_changelist")))


def test_service_token_gets_no_scope_its_maker_lacks(client, boards, now):
    engineer = make_member("eve@acme.test", role=Role.PRODUCT_ENGINEER, business_unit=boards, now=now)
    client.force_login(engineer)
    values = {
        "name": "CI",
        "kind": "service",
        "business_unit": boards.pk,
        "scopes": ["leads:write"],
        "days": 30,
    }

    answer = client.post(page("apitoken_add"), values)

    assert "Your role does not allow “Change leads” in Boards" in text(answer)
    assert not ApiToken.objects.exists()


def test_token_is_revoked_after_a_question(as_alice, corporate, alice):
    token, secret = make_api_token(creator=alice, business_unit=corporate, now=timezone.now())

    assert as_alice.get(page("apitoken_revoke", token.pk)).status_code == 200
    assert queries.find_api_token(secret, now=timezone.now()) is not None
    as_alice.post(page("apitoken_revoke", token.pk))

    assert queries.find_api_token(secret, now=timezone.now()) is None


# --- Audit log


def test_audit_log_speaks_in_sentences(as_alice, acme, boards):
    as_alice.post(page("source_add"), NEW_SOURCE)

    listed = text(as_alice.get(page("auditevent_changelist")))

    assert "Alice created source “Web app”" in listed
    assert "System created business unit “Boards”" in listed


def test_audit_log_of_a_unit_owner_is_the_units(as_bob, boards, insights, in_acme, now):
    make_source(now=now)

    listed = text(as_bob.get(page("auditevent_changelist")))

    assert "“Boards”" in listed
    assert "“Insights”" not in listed
    assert "Web app" not in listed
    assert as_bob.get(page("auditevent_verify")).status_code == 403


def test_chain_is_checked_at_a_click(as_alice):
    assert "The chain is whole" in text(as_alice.get(page("auditevent_verify"), follow=True))


def test_audit_log_costs_as_many_queries_for_many_rows(
    as_alice, in_acme, corporate, now, django_assert_max_num_queries
):
    from tenants.operations import create_business_unit

    for n in range(20):
        create_business_unit(name=f"Unit {n}", parent=corporate, by=SYSTEM, now=now)

    with django_assert_max_num_queries(40):
        as_alice.get(page("auditevent_changelist"))


def test_nobody_writes_the_log_by_hand(as_alice, acme):
    assert as_alice.get(page("auditevent_add")).status_code == 403


# --- Platform operators


def test_operator_opens_a_company_and_invites_its_admin(operator, django_capture_on_commit_callbacks):
    values = {
        "name": "Acme",
        "slug": "acme",
        "admin_email": "a@acme.test",
        "time_zone": "UTC",
        "currency": "EUR",
    }

    with django_capture_on_commit_callbacks(execute=True):
        answer = operator.post(page("tenant_add"), values, follow=True)

    assert "Acme is ready" in text(answer)
    assert mail.outbox[0].to == ["a@acme.test"]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"slug": "acme"}, "Another company has this short name"),
        ({"slug": "Not A Slug"}, "valid “slug”"),
        ({"time_zone": "Mars"}, "not a time zone"),
        ({"admin_email": "x"}, "valid email"),
    ],
)
def test_new_company_form_says_what_is_wrong(operator, acme, wrong, complaint):
    values = {
        "name": "New",
        "slug": "new",
        "admin_email": "a@new.test",
        "time_zone": "UTC",
        "currency": "EUR",
    }

    answer = operator.post(page("tenant_add"), values | wrong)

    assert answer.status_code == 422
    assert complaint in text(answer)
    assert Tenant.objects.count() == 1


def test_operator_suspends_resumes_and_marks_for_deletion(operator, acme):
    address = page("tenant_do", acme.pk)
    states = []
    for values in (
        {"verb": "suspend"},
        {"verb": "resume"},
        {"verb": "delete", "confirmation": "acme"},
        {"verb": "suspend"},
        {"verb": "delete", "confirmation": "wrong"},
        {"verb": "delete", "confirmation": "acme"},
    ):
        operator.post(address, values)
        states.append(Tenant.objects.get(pk=acme.pk).status)

    assert states == ["suspended", "active", "active", "suspended", "suspended", "deleting"]


def test_operator_downloads_an_export_and_that_is_logged(operator, acme, settings, tmp_path):
    settings.HOME = tmp_path
    request_export(tenant=acme, by=SYSTEM, now=timezone.now())
    from tenants.operations import export_if_requested

    file = export_if_requested(tenant_id=acme.pk, by=SYSTEM, now=timezone.now())

    answer = operator.get(page("tenant_download", acme.pk, file.name))

    (tmp_path / "got.zip").write_bytes(b"".join(answer.streaming_content))
    assert zipfile.is_zipfile(tmp_path / "got.zip")
    assert "export downloaded" in text(operator.get(page("platformevent_changelist")))


@pytest.mark.parametrize("name", ["../secret.zip", "globex-20260310T120000Z.zip", "nothing.zip"])
def test_download_gives_this_companys_exports_only(operator, acme, name, settings, tmp_path):
    settings.HOME = tmp_path
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "globex-20260310T120000Z.zip").write_bytes(b"x")
    address = page("tenant_download", acme.pk, "NAME").replace("NAME", name)

    assert operator.get(address).status_code == 404


def test_members_see_no_platform_page(as_alice, acme):
    for address in (
        page("tenant_changelist"),
        page("tenant_add"),
        page("tenant_change", acme.pk),
        page("platformevent_changelist"),
    ):
        assert as_alice.get(address).status_code in (302, 403)
    assert as_alice.post(page("tenant_do", acme.pk), {"verb": "suspend"}).status_code in (302, 403)
    assert Tenant.objects.get(pk=acme.pk).status == "active"


@pytest.mark.parametrize("view", ["add_view", "change_view", "do_view", "download_view"])
def test_each_platform_view_asks_again_behind_the_sites_own_gate(rf, acme, alice, view):
    request = rf.post("/")
    request.user = alice
    keys = {"change_view": [str(acme.pk)], "do_view": [acme.pk], "download_view": [acme.pk, "x.zip"]}

    with pytest.raises(PermissionDenied):
        getattr(CompanyAdmin(Tenant, admin.site), view)(request, *keys.get(view, []))


def test_operator_who_is_a_member_too_has_both(client, acme, alice, now):
    User.objects.filter(pk=alice.pk).update(is_platform_operator=True)
    client.force_login(alice)

    assert client.get(page("tenant_changelist")).status_code == 200
    assert client.get(page("source_changelist")).status_code == 200
    suspend_tenant(tenant=acme, by=SYSTEM, now=now)
    assert client.get(page("tenant_changelist")).status_code == 200
