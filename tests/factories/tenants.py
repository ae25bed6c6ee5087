"""Members, sources and tokens for tests, made by the room's own operations."""

from datetime import datetime, timedelta
from typing import Any

from tenants.audit import SYSTEM, actor_for
from tenants.models import ApiToken, BusinessUnit, Membership, Role, Source, User, WriteKey
from tenants.operations import (
    create_source,
    create_user,
    grant_membership,
    issue_api_token,
    issue_write_key,
)

PASSWORD = "correct horse battery staple"


def make_member(email: str, *, role: Role | str, business_unit: BusinessUnit, now: datetime) -> User:
    """A user with a role in the current tenant; signs in with PASSWORD."""
    name = email.split("@")[0].title()
    user = User.objects.filter(email=email).first() or create_user(email=email, name=name, password=PASSWORD)
    grant_membership(user=user, business_unit=business_unit, role=role, by=SYSTEM, now=now)
    return user


def membership_of(user: User) -> Membership:
    """The user's only membership in the current tenant."""
    return Membership.objects.select_related("user", "business_unit").get(user=user)


def make_source(*, now: datetime, name: str = "Web app", kind: str = "server") -> Source:
    return create_source(name=name, kind=kind, by=SYSTEM, now=now)


def make_write_key(*, now: datetime, source: Source | None = None) -> tuple[WriteKey, str]:
    """A live key and its secret."""
    return issue_write_key(source=source or make_source(now=now), by=SYSTEM, now=now)


def make_api_token(
    *, creator: User, business_unit: BusinessUnit, now: datetime, personal: bool = True, **changes: Any
) -> tuple[ApiToken, str]:
    """A token of `creator` (or, not personal, of a service they set up) and its secret."""
    values: dict[str, Any] = {
        "name": "Script",
        "scopes": ["leads:read"],
        "expires_at": now + timedelta(days=30),
    }
    return issue_api_token(
        business_unit=business_unit,
        user=creator if personal else None,
        created_by=creator,
        by=actor_for(creator),
        now=now,
        **(values | changes),
    )
