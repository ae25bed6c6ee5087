from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError

from tenants import queries
from tenants.access import access_of
from tenants.audit import SYSTEM
from tenants.models import ApiToken, AuditEvent, Invitation, Membership, Role, User
from tenants.operations import (
    Refused,
    accept_invitation,
    change_role,
    invite_member,
    remove_member,
    resend_invitation,
    revoke_invitation,
)
from tests.factories.tenants import make_api_token, make_member, membership_of


@pytest.fixture
def invited(boards, alice, now):
    return invite_member(
        email=" New@Acme.test", role=Role.REP, business_unit=boards, invited_by=alice, by=SYSTEM, now=now
    )


def test_invitation_is_mailed_after_the_commit(
    invited, acme, django_capture_on_commit_callbacks, boards, now
):
    with django_capture_on_commit_callbacks(execute=True):
        _invitation, secret = invite_member(
            email="second@acme.test", role=Role.REP, business_unit=boards, invited_by=None, by=SYSTEM, now=now
        )

    message = mail.outbox[0]
    assert message.to == ["second@acme.test"]
    assert f"/join/{secret}/" in message.body
    assert "Boards" in message.body
    assert Invitation.objects.get(email="second@acme.test").mailed_at is not None


def test_mail_server_that_is_down_is_shown_not_raised(
    boards, now, settings, django_capture_on_commit_callbacks
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    with django_capture_on_commit_callbacks(execute=True):
        invite_member(
            email="new@acme.test", role=Role.REP, business_unit=boards, invited_by=None, by=SYSTEM, now=now
        )

    assert Invitation.objects.get().mailed_at is None


def test_secret_is_kept_as_a_hash_and_finds_the_invitation(invited, acme, now):
    invitation, secret = invited

    assert secret.encode() not in bytes(invitation.token_hash)
    assert queries.find_invitation(secret, now=now) == (acme.pk, invitation.pk)
    assert queries.find_invitation(secret, now=now + timedelta(days=7)) is None


def test_new_user_joins_once_with_role_and_unit(invited, boards, now):
    invitation, _secret = invited

    membership = accept_invitation(
        invitation_id=invitation.pk, user=None, name="Nia", password="a long enough phrase", now=now
    )

    assert (membership.role, membership.business_unit) == (Role.REP, boards)
    assert membership.user.email == "new@acme.test"
    assert membership.user.check_password("a long enough phrase")
    with pytest.raises(Refused, match="used or revoked"):
        accept_invitation(invitation_id=invitation.pk, user=membership.user, now=now)


def test_existing_user_joins_only_with_the_invited_address(invited, bob, now):
    with pytest.raises(Refused, match=r"for new@acme.test, and you are signed in as bob@acme.test"):
        accept_invitation(invitation_id=invited[0].pk, user=bob, now=now)


def test_weak_password_is_refused_and_leaves_no_user(invited, now):
    with pytest.raises(ValidationError):
        accept_invitation(invitation_id=invited[0].pk, user=None, name="Nia", password="password", now=now)

    assert not User.objects.filter(email="new@acme.test").exists()


def test_expired_invitation_is_refused(invited, now):
    with pytest.raises(Refused, match="expired"):
        accept_invitation(
            invitation_id=invited[0].pk,
            user=None,
            name="Nia",
            password="a long enough phrase",
            now=now + timedelta(days=7),
        )


def test_known_address_must_sign_in_instead_of_making_an_account(boards, charlie, now):
    invitation, _secret = invite_member(
        email=charlie.email, role=Role.REP, business_unit=boards, invited_by=None, by=SYSTEM, now=now
    )

    with pytest.raises(Refused, match="Sign in first"):
        accept_invitation(
            invitation_id=invitation.pk, user=None, name="X", password="a long enough phrase", now=now
        )


def test_second_open_invitation_is_refused_and_an_expired_one_replaced(invited, boards, now):
    again = {"email": "new@acme.test", "role": Role.REP, "business_unit": boards, "invited_by": None}

    with pytest.raises(Refused, match="open invitation"):
        invite_member(**again, by=SYSTEM, now=now)
    invite_member(**again, by=SYSTEM, now=now + timedelta(days=8))

    assert Invitation.objects.count() == 1


def test_member_of_the_unit_is_not_invited_again(boards, rita, now):
    with pytest.raises(Refused, match="already a member"):
        invite_member(
            email=rita.email, role=Role.REP, business_unit=boards, invited_by=None, by=SYSTEM, now=now
        )


def test_resending_makes_the_old_link_useless(invited, now):
    invitation, old = invited
    later = now + timedelta(days=3)

    new = resend_invitation(invitation=invitation, by=SYSTEM, now=later)

    assert queries.find_invitation(old, now=later) is None
    assert queries.find_invitation(new, now=later + timedelta(days=6)) is not None


def test_revoked_link_is_useless(invited, now):
    invitation, secret = invited

    revoke_invitation(invitation=invitation, by=SYSTEM, now=now)

    assert queries.find_invitation(secret, now=now) is None


def test_last_corporate_admin_stays(in_acme, alice, now):
    membership = membership_of(alice)

    with pytest.raises(Refused, match="last corporate admin"):
        remove_member(membership=membership, by=SYSTEM, now=now)
    with pytest.raises(Refused, match="last corporate admin"):
        change_role(membership=membership, role=Role.ANALYST, by=SYSTEM, now=now)


def test_one_of_two_corporate_admins_may_go(corporate, alice, now):
    second = make_member("anna@acme.test", role=Role.CORPORATE_ADMIN, business_unit=corporate, now=now)

    remove_member(membership=membership_of(alice), by=SYSTEM, now=now)

    assert Membership.objects.get(ended_at__isnull=True).user == second


def test_corporate_admin_exists_in_the_corporate_unit_only(boards, rita, now):
    with pytest.raises(Refused, match="belongs to the corporate unit"):
        change_role(membership=membership_of(rita), role=Role.CORPORATE_ADMIN, by=SYSTEM, now=now)


def test_removed_member_opens_nothing_and_the_row_stays(acme, boards, rita, alice, now):
    remove_member(membership=membership_of(rita), by=SYSTEM, now=now)

    assert queries.tenants_of(rita.pk) == []
    assert access_of(User.objects.get(pk=rita.pk)).grants == ()
    assert membership_of(rita).ended_at == now


def test_removed_member_can_come_back(boards, rita, now):
    remove_member(membership=membership_of(rita), by=SYSTEM, now=now)

    make_member(rita.email, role=Role.ANALYST, business_unit=boards, now=now)

    assert membership_of(rita).ended_at is None
    assert membership_of(rita).role == Role.ANALYST


def test_removing_a_member_revokes_the_tokens_it_allowed(corporate, boards, insights, bob, now):
    make_member(bob.email, role=Role.BU_OWNER, business_unit=insights, now=now)
    kept, _secret = make_api_token(creator=bob, business_unit=insights, now=now)
    lost, _secret = make_api_token(creator=bob, business_unit=boards, now=now)

    remove_member(membership=Membership.objects.get(user=bob, business_unit=boards), by=SYSTEM, now=now)

    revoked = dict(ApiToken.objects.values_list("pk", "revoked_at"))
    assert revoked == {kept.pk: None, lost.pk: now}


def test_changing_a_role_is_audited_in_the_unit(boards, rita, now):
    change_role(membership=membership_of(rita), role=Role.SALES_MANAGER, by=SYSTEM, now=now)

    event = AuditEvent.objects.order_by("-sequence").first()
    assert (event.verb, event.fields, event.business_unit_id) == ("membership.changed", ["role"], boards.pk)
