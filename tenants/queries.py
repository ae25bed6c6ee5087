"""Reads of the tenants room. Those that run before a tenant is known call the look-ups owned by the authn role."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from tenants.models import ApiToken, Invitation, PlatformEvent, Tenant, User, WriteKey


@dataclass(frozen=True)
class TenantChoice:
    """A tenant a user is a member of."""

    tenant_id: int
    slug: str
    name: str
    status: str
    is_sample: bool


@dataclass(frozen=True)
class KeyOwner:
    """Whose a write key is."""

    tenant_id: int
    key_id: UUID
    source_id: UUID
    source_kind: str
    allowed_origins: Sequence[str] = ()
    events_per_second: int | None = None
    scopes: Sequence[str] = tuple(WriteKey.Scope.values)
    quota_events: int | None = None  # only where what is above it is refused
    quota_period: str = ""
    shortens_addresses: bool = False
    allowed_fields: Sequence[str] | None = None  # of properties and traits; None: all


@dataclass(frozen=True)
class TokenOwner:
    """Whose an API token is, and what it may do."""

    tenant_id: int
    token_id: UUID
    user_id: UUID | None
    business_unit_id: UUID
    scopes: frozenset[str]


def secret_hash(secret: str) -> bytes:
    """SHA-256 of a secret of 256 random bits: a slow hash would add nothing and cost every request."""
    return hashlib.sha256(secret.encode()).digest()


def get_tenant(tenant_id: int) -> Tenant:
    """Raises Tenant.DoesNotExist."""
    return Tenant.objects.get(pk=tenant_id)


def sample_of(company: Tenant) -> Tenant | None:
    """The company's sample data, also while it is being filled or removed."""
    return Tenant.objects.filter(sample_of=company).first()


def get_invitation(invitation_id: UUID) -> Invitation:
    """With its unit and who sent it, in the current tenant. Raises Invitation.DoesNotExist."""
    return Invitation.objects.select_related("business_unit", "invited_by").get(pk=invitation_id)


def get_api_token(token_id: UUID) -> ApiToken:
    """With its unit and person, in the current tenant. Raises ApiToken.DoesNotExist."""
    return ApiToken.objects.select_related("business_unit", "user").get(pk=token_id)


def names_of(user_ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """What to call users, by key, for those that are somebody. At most 1 query. Works outside any tenant."""
    wanted = {key for key in user_ids if key}
    return {user.pk: str(user) for user in User.objects.filter(pk__in=wanted)} if wanted else {}


def export_is_pending(slug: str) -> bool:
    """Whether an operator asked for an export of the tenant after the last one was written."""
    verbs = ["tenant.export_requested", "tenant.exported"]
    events = PlatformEvent.objects.filter(target=slug, verb__in=verbs).order_by("-id")
    return events.values_list("verb", flat=True).first() == verbs[0]


def tenants_of(user_id: UUID) -> list[TenantChoice]:
    """All tenants of a user, by name. Works outside any tenant."""
    return [TenantChoice(*row) for row in _call("SELECT * FROM authn.tenants_of(%s)", [user_id])]


def has_membership(user_id: UUID) -> bool:
    """Whether a user is or was a member of any tenant, also of one that is being deleted. Works outside any tenant."""
    return bool(_call("SELECT authn.has_membership(%s)", [user_id])[0][0])


def tenant_for_session(*, user: Any, wanted: int | None) -> TenantChoice | None:
    """The wanted tenant if the user is a member of it, else an active one that is no sample, else any, else None."""
    choices = tenants_of(user.pk)
    ranked = sorted(
        choices,
        key=lambda choice: (
            choice.tenant_id != wanted,
            choice.is_sample,
            choice.status != "active",
            choice.name,
        ),
    )
    return ranked[0] if ranked else None


def find_write_key(secret: str, *, now: datetime) -> KeyOwner | None:
    """The owner of a live write key of an enabled source of an active tenant. Works outside any tenant."""
    rows = _call("SELECT * FROM authn.write_key(%s, %s)", [secret_hash(secret), now])
    return KeyOwner(*rows[0]) if rows else None


def find_api_token(secret: str, *, now: datetime) -> TokenOwner | None:
    """The owner of a live API token of an active tenant. Works outside any tenant."""
    rows = _call("SELECT * FROM authn.api_token(%s, %s)", [secret_hash(secret), now])
    if not rows:
        return None
    tenant_id, token_id, user_id, unit_id, scopes = rows[0]
    return TokenOwner(tenant_id, token_id, user_id, unit_id, frozenset(scopes))


def find_invitation(secret: str, *, now: datetime) -> tuple[int, UUID] | None:
    """(tenant_id, invitation_id) of an open invitation. Works outside any tenant."""
    rows = _call("SELECT * FROM authn.invitation(%s, %s)", [secret_hash(secret), now])
    return (rows[0][0], rows[0][1]) if rows else None


def _call(statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
