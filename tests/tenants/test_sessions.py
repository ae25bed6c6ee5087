"""Who sees what in the web: joining by a link, the tenant of a session, and what happens when it goes away."""

import pytest
from django.urls import reverse
from django.utils import timezone

from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.middleware import SESSION_TENANT, SESSION_UNIT
from tenants.models import AuditEvent, BusinessUnit, Membership, Role, Tenant, User
from tenants.operations import grant_membership, invite_member, remove_member, suspend_tenant
from tests.factories.tenants import membership_of

PHRASE = "a long enough phrase"


@pytest.fixture
def invitation_link(acme, boards, alice):
    def link(email="new@acme.test"):
        with tenant_context(acme.pk):
            _invitation, secret = invite_member(
                email=email,
                role=Role.REP,
                business_unit=boards,
                invited_by=alice,
                by=SYSTEM,
                now=timezone.now(),
            )
        return reverse("tenants:join", args=[secret])

    return link


@pytest.fixture
def also_in_globex(globex, alice, now):
    with tenant_context(globex.pk):
        unit = BusinessUnit.objects.get()
        return grant_membership(user=alice, business_unit=unit, role=Role.ANALYST, by=SYSTEM, now=now)


def test_new_user_joins_and_is_signed_in(client, acme, invitation_link):
    link = invitation_link()
    assert "Boards" in client.get(link).content.decode()

    answer = client.post(link, {"name": "Nia", "password": PHRASE, "password_again": PHRASE})

    assert answer.status_code == 302
    assert client.session[SESSION_TENANT] == acme.pk
    assert client.session["_auth_user_id"] == str(User.objects.get(email="new@acme.test").pk)
    assert client.get(link).status_code == 404


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"password_again": "something else"}, "The two passwords differ"),
        ({"password": "short", "password_again": "short"}, "too short"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_wrong_input_is_explained_and_the_link_still_works(client, invitation_link, changes, complaint):
    link = invitation_link()

    answer = client.post(link, {"name": "Nia", "password": PHRASE, "password_again": PHRASE} | changes)

    assert answer.status_code == 422
    assert complaint in answer.content.decode()
    assert client.get(link).status_code == 200


def test_known_user_signs_in_first_and_then_accepts(client, globex, charlie, acme, invitation_link):
    link = invitation_link(charlie.email)
    assert f"{reverse('account_login')}?next={link}" in client.get(link).content.decode()

    client.force_login(charlie)
    client.post(link)

    with tenant_context(acme.pk):
        assert membership_of(charlie).role == Role.REP
    assert client.session[SESSION_TENANT] == acme.pk


def test_somebody_else_cannot_use_the_link(client, acme, bob, invitation_link):
    link = invitation_link()
    client.force_login(bob)

    assert "Sign out and go on" in client.get(link).content.decode()
    client.post(link)

    with tenant_context(acme.pk):
        assert not Membership.objects.filter(user__email="new@acme.test").exists()


def test_wrong_link_is_404_and_says_what_to_do(client, acme):
    answer = client.get(reverse("tenants:join", args=["nonsense"]))

    assert answer.status_code == 404
    assert "send it again" in answer.content.decode()


def test_user_without_a_tenant_is_told_so(client, db):
    client.force_login(User.objects.create_user("lone@example.test", PHRASE))

    answer = client.get("/", follow=True)

    assert answer.status_code == 403
    assert "not a member of any company" in answer.content.decode()


def test_operator_without_a_tenant_sees_no_tenant_page(client, acme):
    client.force_login(User.objects.create_user("op@example.test", PHRASE, is_platform_operator=True))

    assert client.get(reverse("admin:tenants_tenant_changelist")).status_code == 200
    for page in ("admin:tenants_source_changelist", "admin:tenants_membership_changelist"):
        assert client.get(reverse(page)).status_code in (302, 403)


def test_suspended_tenant_shows_why(client, acme, alice, now):
    suspend_tenant(tenant=acme, by=SYSTEM, now=now)
    client.force_login(alice)

    answer = client.get("/")

    assert answer.status_code == 403
    assert "Acme is suspended" in answer.content.decode()


def test_suspended_tenant_offers_the_others(client, acme, alice, also_in_globex, globex, now):
    client.force_login(alice)
    client.get("/")
    suspend_tenant(tenant=acme, by=SYSTEM, now=now)

    assert "Go to Globex" in client.get("/").content.decode()


def test_removed_member_is_out_at_the_next_click(client, acme, boards, rita, alice, now):
    client.force_login(rita)
    assert client.get("/").status_code == 200
    with tenant_context(acme.pk):
        remove_member(membership=membership_of(rita), by=SYSTEM, now=now)

    answer = client.get("/", follow=True)

    assert answer.status_code == 403
    assert "no longer a member" in answer.content.decode()


def test_session_never_slides_to_another_tenant(client, acme, alice, also_in_globex, globex, now):
    client.force_login(alice)
    client.get("/")
    with tenant_context(acme.pk):
        Membership.objects.filter(user=alice).update(ended_at=now)

    answer = client.post(reverse("admin:tenants_source_add"), {"name": "Meant for Acme", "kind": "server"})

    assert answer.status_code == 302
    with tenant_context(globex.pk):
        assert not AuditEvent.objects.filter(verb="source.created").exists()


def test_switching_tenant_is_audited_there_and_changes_the_session_key(
    client, acme, globex, alice, also_in_globex
):
    client.force_login(alice)
    client.get("/")
    before = client.session.session_key

    client.post(reverse("tenants:switch_tenant"), {"tenant": globex.pk})

    assert client.session[SESSION_TENANT] == globex.pk
    assert client.session.session_key != before
    with tenant_context(globex.pk):
        event = AuditEvent.objects.get(verb="tenant.entered")
    assert event.actor_id == alice.pk


@pytest.mark.parametrize("wanted", ["globex", "nonsense", ""])
def test_switching_to_a_strangers_tenant_is_404(client, acme, globex, alice, wanted):
    client.force_login(alice)
    wanted = Tenant.objects.get(slug="globex").pk if wanted == "globex" else wanted

    assert client.post(reverse("tenants:switch_tenant"), {"tenant": wanted}).status_code == 404


def test_switching_needs_a_post(client, acme, alice):
    client.force_login(alice)

    assert client.get(reverse("tenants:switch_tenant")).status_code == 405
    assert client.get(reverse("tenants:switch_unit")).status_code == 405


def test_unit_switch_narrows_and_widens(client, acme, boards, alice):
    client.force_login(alice)

    client.post(reverse("tenants:switch_unit"), {"unit": boards.pk, "next": "/tenants/source/"})
    assert client.session[SESSION_UNIT] == str(boards.pk)
    client.post(reverse("tenants:switch_unit"), {"unit": ""})

    assert SESSION_UNIT not in client.session


@pytest.mark.parametrize("target", ["https://evil.test/", "//evil.test", "javascript:alert(1)"])
def test_unit_switch_never_leads_away(client, acme, alice, target):
    client.force_login(alice)

    assert client.post(reverse("tenants:switch_unit"), {"unit": "", "next": target})["Location"] == "/"


def test_unit_without_a_role_cannot_be_chosen(client, acme, insights, bob):
    client.force_login(bob)

    assert client.post(reverse("tenants:switch_unit"), {"unit": insights.pk}).status_code == 404


def test_forms_carry_a_csrf_token(acme, alice):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)

    assert strict.post(reverse("tenants:switch_tenant"), {"tenant": acme.pk}).status_code == 403


@pytest.mark.parametrize(
    "page", ["account_login", "account_reset_password", "account_signup", "account_reset_password_done"]
)
def test_entrance_pages_render(client, db, page):
    answer = client.get(reverse(page))

    assert answer.status_code == 200
    assert "entrance-card" in answer.content.decode()


@pytest.mark.parametrize(
    "page",
    ["account_logout", "account_change_password", "mfa_index", "mfa_activate_totp", "tenants:own_email"],
)
def test_own_account_pages_render(client, acme, alice, page):
    client.force_login(alice)

    answer = client.get(reverse(page), follow=True)

    assert answer.status_code == 200
    assert "entrance-card" in answer.content.decode()


def test_nobody_changes_their_address_by_themselves(client, acme, alice):
    client.force_login(alice)

    client.post("/accounts/email/", {"action_add": "", "email": "victim@elsewhere.test"})

    assert User.objects.get(pk=alice.pk).email == "alice@acme.test"
    assert not alice.emailaddress_set.filter(email="victim@elsewhere.test").exists()
