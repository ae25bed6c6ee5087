"""Who is in a tenant: invitations, roles, and the end of a membership."""

import logging
import secrets
from datetime import datetime, timedelta
from functools import partial
from typing import cast
from urllib.parse import urljoin
from uuid import UUID

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id, tenant_context
from tenants.leaving import why_nothing_leaves
from tenants.models import ApiToken, BusinessUnit, Invitation, Membership, Role, Tenant, User
from tenants.operations.refusal import Refused
from tenants.operations.tenants import check_role_fits, create_tenant, create_user, grant_membership
from tenants.queries import secret_hash

INVITATION_LIFE = timedelta(days=7)
logger = logging.getLogger(__name__)


@transaction.atomic
def invite_member(
    *,
    email: str,
    role: Role | str,
    business_unit: BusinessUnit,
    invited_by: User | None,
    by: Actor,
    now: datetime,
) -> tuple[Invitation, str]:
    """Ask a person to join, by a mail that leaves after the commit. Returns the invitation and the link's secret.

    Raises Refused when they have a role in that unit or an open invitation already, and in sample data."""
    if because := why_nothing_leaves():
        raise Refused(because)
    check_role_fits(role=role, business_unit=business_unit)
    address = email.strip().lower()
    members = Membership.objects.filter(
        user__email=address, business_unit=business_unit, ended_at__isnull=True
    )
    if members.exists():
        raise Refused(
            _("%(email)s is already a member of %(unit)s. Change their role on the Members page instead.")
            % {"email": address, "unit": business_unit}
        )
    Invitation.objects.filter(email=address, accepted_at__isnull=True, expires_at__lte=now).delete()
    if Invitation.objects.filter(email=address, accepted_at__isnull=True).exists():
        raise Refused(
            _("%(email)s has an open invitation. Send that one again, or revoke it first.")
            % {"email": address}
        )
    secret = secrets.token_urlsafe(32)
    invitation = Invitation(
        email=address,
        business_unit=business_unit,
        role=role,
        token_hash=secret_hash(secret),
        invited_by=invited_by,
        created_at=now,
        expires_at=now + INVITATION_LIFE,
    )
    invitation.full_clean()
    invitation.save(force_insert=True)
    audit.record(by=by, verb="invitation.sent", target=invitation, fields=["role", "business_unit"], now=now)
    _mail_after_commit(invitation, secret)
    return invitation, secret


def open_tenant(
    *,
    slug: str,
    name: str,
    time_zone: str,
    currency: str,
    admin_email: str,
    invited_by: User | None,
    by: Actor,
    now: datetime,
) -> Tenant:
    """A new tenant, and an invitation that makes `admin_email` its corporate admin. Call it outside any tenant.

    Raises ValidationError before anything is made."""
    validate_email(admin_email.strip())
    tenant = create_tenant(slug=slug, name=name, time_zone=time_zone, currency=currency, by=by, now=now)
    with tenant_context(tenant.pk):
        invite_member(
            email=admin_email,
            role=Role.CORPORATE_ADMIN,
            business_unit=BusinessUnit.objects.get(parent__isnull=True),
            invited_by=invited_by,
            by=by,
            now=now,
        )
    return tenant


@transaction.atomic
def resend_invitation(*, invitation: Invitation, by: Actor, now: datetime) -> str:
    """Mail a new link that lives as long as a fresh one; the old link stops working. Returns the new secret."""
    fresh = _lock_open(invitation.pk)
    secret = secrets.token_urlsafe(32)
    fresh.token_hash = secret_hash(secret)
    fresh.expires_at, fresh.mailed_at = now + INVITATION_LIFE, None
    fresh.save(update_fields=["token_hash", "expires_at", "mailed_at"])
    audit.record(by=by, verb="invitation.sent", target=fresh, fields=["expires_at"], now=now)
    _mail_after_commit(fresh, secret)
    return secret


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: Actor, now: datetime) -> None:
    """The link stops working at once. Raises Refused when it was accepted already."""
    open_one = _lock_open(invitation.pk)
    audit.record(by=by, verb="invitation.revoked", target=open_one, now=now)
    open_one.delete()


@transaction.atomic
def accept_invitation(
    *, invitation_id: UUID, user: User | None, name: str = "", password: str = "", now: datetime
) -> Membership:
    """Join as `user` (who must own the invited address), or, with None, as a new user with `name` and `password`.

    Works once. Raises Refused when the invitation is used, expired or another person's, and ValidationError for a
    password that is too weak."""
    invitation = _lock_open(invitation_id)
    if invitation.expires_at <= now:
        raise Refused(_("This invitation has expired. Ask for a new one."))
    if user is not None and user.email != invitation.email:
        raise Refused(
            _("This invitation is for %(email)s, and you are signed in as %(other)s.")
            % {"email": invitation.email, "other": user.email}
        )
    if user is None:
        user = _new_user(invitation, name, password)
    membership = grant_membership(
        user=user,
        business_unit=invitation.business_unit,
        role=invitation.role,
        by=audit.actor_for(user),
        now=now,
    )
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    audit.record(by=audit.actor_for(user), verb="invitation.accepted", target=invitation, now=now)
    return membership


@transaction.atomic
def change_role(*, membership: Membership, role: Role | str, by: Actor, now: datetime) -> Membership:
    """Give a member another role in the same unit. Raises Refused when it would leave no corporate admin."""
    if membership.role == role:
        return membership
    if role != Role.CORPORATE_ADMIN:
        _keep_an_admin(without=membership)
    return grant_membership(
        user=membership.user, business_unit=membership.business_unit, role=role, by=by, now=now
    )


@transaction.atomic
def remove_member(*, membership: Membership, by: Actor, now: datetime) -> None:
    """End a membership, and revoke the person's API tokens that it alone allowed. The row stays, so that old leads
    still name their rep. Raises Refused for the last corporate admin. Removing twice changes nothing."""
    _keep_an_admin(without=membership)
    changed = Membership.objects.filter(pk=membership.pk, ended_at__isnull=True).update(ended_at=now)
    if not changed:
        return
    audit.record(by=by, verb="membership.ended", target=membership, now=now)
    covered = list(
        Membership.objects.filter(user_id=membership.user_id, ended_at__isnull=True).values_list(
            "business_unit__path", flat=True
        )
    )
    tokens = ApiToken.objects.filter(user_id=membership.user_id, revoked_at__isnull=True)
    for token in tokens.select_related("business_unit"):
        if not any(token.business_unit.path.startswith(path) for path in covered):
            token.revoked_at = now
            token.save(update_fields=["revoked_at"])
            audit.record(by=by, verb="api_token.revoked", target=token, fields=["revoked_at"], now=now)


def _keep_an_admin(*, without: Membership) -> None:
    """Raises Refused when nobody else could manage the tenant. Locks the admins, so that two cannot leave at once."""
    admins = Membership.objects.select_for_update(of=("self",)).filter(
        role=Role.CORPORATE_ADMIN, ended_at__isnull=True, user__is_active=True
    )
    keys = {key for (key,) in admins.order_by("pk").values_list("pk")}
    if keys == {without.pk}:
        raise Refused(
            _("This is the last corporate admin. Make somebody else a corporate admin first, then try again.")
        )


def _lock_open(invitation_id: UUID) -> Invitation:
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("business_unit")
        .filter(pk=invitation_id, accepted_at__isnull=True)
        .first()
    )
    if invitation is None:
        raise Refused(_("This invitation was used or revoked. Ask for a new one."))
    return cast(Invitation, invitation)


def _new_user(invitation: Invitation, name: str, password: str) -> User:
    known = _("There is an account for %(email)s already. Sign in first, then open the link again.") % {
        "email": invitation.email
    }
    if User.objects.filter(email=invitation.email).exists():
        raise Refused(known)
    validate_password(password, User(email=invitation.email, name=name))
    try:
        return create_user(email=invitation.email, name=name, password=password)
    except IntegrityError as error:  # made by somebody else in this moment
        raise Refused(known) from error


def _mail_after_commit(invitation: Invitation, secret: str) -> None:
    transaction.on_commit(partial(_mail, current_tenant_id(), invitation.pk, secret))


def _mail(tenant_id: int, invitation_id: UUID, secret: str) -> None:
    """Send the link. A mail server that is down leaves mailed_at empty, which the Invitations page shows."""
    with tenant_context(tenant_id):
        invitation = (
            Invitation.objects.select_related("business_unit", "invited_by").filter(pk=invitation_id).first()
        )
        tenant = Tenant.objects.get(pk=tenant_id)
    if invitation is None:
        return
    link = urljoin(settings.PUBLIC_URL, reverse("tenants:join", args=[secret]))
    content = {"invitation": invitation, "tenant": tenant, "link": link}
    try:
        send_mail(
            subject=_("You are invited to %(tenant)s on PQL Hub") % {"tenant": tenant.name},
            message=render_to_string("tenants/mail/invitation.txt", content),
            from_email=None,
            recipient_list=[invitation.email],
        )
    except OSError:
        logger.exception("An invitation could not be mailed")
        return
    with tenant_context(tenant_id):
        Invitation.objects.filter(pk=invitation_id).update(mailed_at=timezone.now())
