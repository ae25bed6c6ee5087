"""Sources and the secrets that open them. A secret leaves this module once, in the answer of the operation."""

import secrets
import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack, cast

from django.db import transaction
from django.utils.translation import gettext as _

from tenants import audit
from tenants.audit import Actor
from tenants.models import ApiToken, BusinessUnit, EnvironmentChange, Source, User, WriteKey
from tenants.models.credentials import LONGEST_TOKEN_LIFE, clean_origin
from tenants.operations.refusal import Refused
from tenants.queries import secret_hash
from tenants.work import wake

SHOWN_PREFIX = 14
ROTATION_OVERLAP = timedelta(days=7)


class SourceFields(TypedDict, total=False):
    """What can be changed about a source."""

    name: str
    kind: str
    is_enabled: bool
    allowed_origins: list[str]
    events_per_second: int | None
    quota_events: int | None
    quota_period: str
    refuses_over_quota: bool
    drops_unlisted: bool
    allowed_fields: list[str]


class TooManyKeys(Refused):
    """The source has two live keys already."""


@transaction.atomic
def create_source(
    *, name: str, kind: str, by: Actor, now: datetime, environment: str = Source.Environment.PRODUCTION
) -> Source:
    """Where events will come from."""
    source = Source(name=name, kind=kind, environment=environment, created_at=now)
    source.full_clean()
    source.save(force_insert=True)
    audit.record(by=by, verb="source.created", target=source, fields=["name", "kind", "environment"], now=now)
    return source


@transaction.atomic
def change_environment(*, source: Source, environment: str, by: Actor, now: datetime) -> Source:
    """Say what the source's events are from. Into production or out of it, what they did counts or counts no longer:
    all of it is marked again in the background (ingestion.operations.environments). Twice changes nothing.

    Raises ValidationError."""
    fresh = cast(Source, Source.objects.select_for_update().get(pk=source.pk))
    before = fresh.environment
    if before == environment:
        return fresh
    fresh.environment = environment
    fresh.full_clean()
    fresh.save(update_fields=["environment"])
    audit.record(by=by, verb="source.environment_changed", target=fresh, fields=["environment"], now=now)
    if Source.Environment.PRODUCTION in (before, environment):
        # The new one goes over everything, whichever sources were changed.
        EnvironmentChange.objects.filter(finished_at=None).update(finished_at=now)
        EnvironmentChange.objects.create(source=fresh, requested_at=now)
        wake(tenant_id=fresh.tenant_id, kind="mark", at=now)
    return fresh


@transaction.atomic
def change_source(*, source: Source, by: Actor, now: datetime, **wanted: Unpack[SourceFields]) -> Source:
    """Change some fields of a source. Disabled, its keys answer 401 within a minute; limits hold as soon.

    Raises ValidationError."""
    fresh = cast(Source, Source.objects.select_for_update().get(pk=source.pk))
    if origins := wanted.get("allowed_origins"):
        wanted["allowed_origins"] = sorted({clean_origin(origin) for origin in origins})
    values: dict[str, Any] = {**wanted}
    changed = [field for field, value in values.items() if getattr(fresh, field) != value]
    for field in changed:
        setattr(fresh, field, values[field])
    if changed:
        fresh.full_clean()
        fresh.save(update_fields=changed)
        verb = "source.changed"
        if "is_enabled" in changed:
            verb = "source.enabled" if fresh.is_enabled else "source.disabled"
        audit.record(by=by, verb=verb, target=fresh, fields=changed, now=now)
    return fresh


@transaction.atomic
def issue_write_key(
    *,
    source: Source,
    by: Actor,
    now: datetime,
    expires_at: datetime | None = None,
    scopes: Iterable[str] = tuple(WriteKey.Scope.values),
) -> tuple[WriteKey, str]:
    """A new key for a source, and its secret, shown only now. Raises TooManyKeys for a third live key, Refused for one
    that may do nothing or is over already."""
    allowed = sorted(set(scopes) & set(WriteKey.Scope.values))
    if not allowed:
        raise Refused(_("Say what the key may do: one that may do nothing opens nothing."))
    if expires_at is not None and expires_at <= now:
        raise Refused(_("The key would be over before it begins. Choose a later end."))
    Source.objects.select_for_update().get(pk=source.pk)
    # An expired key opens nothing and need not keep its place.
    WriteKey.objects.filter(source=source, slot__isnull=False, expires_at__lte=now).update(
        revoked_at=now, slot=None
    )
    taken = set(WriteKey.objects.filter(source=source, slot__isnull=False).values_list("slot", flat=True))
    free = sorted({1, 2} - taken)
    if not free:
        raise TooManyKeys(
            _("This source has two live keys. Revoke the one that is no longer used, then make a new one.")
        )
    secret = _new_secret("w")
    key = WriteKey.objects.create(
        source=source,
        slot=free[0],
        prefix=secret[:SHOWN_PREFIX],
        secret_hash=secret_hash(secret),
        scopes=allowed,
        created_at=now,
        expires_at=expires_at,
    )
    audit.record(by=by, verb="write_key.issued", target=key, fields=["source", "scopes"], now=now)
    return cast(WriteKey, key), secret


@transaction.atomic
def rotate_write_key(*, key: WriteKey, by: Actor, now: datetime) -> tuple[WriteKey, str]:
    """A new key beside `key`, which expires when there was time to deploy the new one. It may do the same and lives as
    long as the old one was meant to.

    Raises TooManyKeys when the source has another live key already, and Refused when this one is not live."""
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        raise Refused(_("This key is no longer live. Make a new one instead."))
    ends_at = None if key.expires_at is None else now + (key.expires_at - key.created_at)
    fresh, secret = issue_write_key(source=key.source, by=by, now=now, expires_at=ends_at, scopes=key.scopes)
    ends = now + ROTATION_OVERLAP
    if key.expires_at is None or key.expires_at > ends:
        WriteKey.objects.filter(pk=key.pk).update(expires_at=ends)
        audit.record(by=by, verb="write_key.expiry_set", target=key, fields=["expires_at"], now=now)
    return fresh, secret


@transaction.atomic
def revoke_write_key(*, key: WriteKey, by: Actor, now: datetime) -> None:
    """The key stops working within a minute (processes remember keys that long). Revoking twice changes nothing."""
    changed = WriteKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=now, slot=None)
    if changed:
        audit.record(by=by, verb="write_key.revoked", target=key, fields=["revoked_at"], now=now)


@transaction.atomic
def issue_api_token(
    *,
    name: str,
    business_unit: BusinessUnit,
    scopes: Iterable[str],
    user: User | None,
    created_by: User,
    expires_at: datetime,
    by: Actor,
    now: datetime,
) -> tuple[ApiToken, str]:
    """A token for the REST API, personal (`user`) or for a service (None), and its secret, shown once.

    Raises Refused for a life that is over already or longer than a year, ValidationError for an unknown scope."""
    if not now < expires_at <= now + LONGEST_TOKEN_LIFE:
        raise Refused(_("A token must expire within a year from now."))
    secret = _new_secret("a")
    token = ApiToken(
        name=name,
        user=user,
        business_unit=business_unit,
        scopes=sorted(set(scopes)),
        prefix=secret[:SHOWN_PREFIX],
        secret_hash=secret_hash(secret),
        created_by=created_by,
        created_at=now,
        expires_at=expires_at,
    )
    token.full_clean()
    token.save(force_insert=True)
    audit.record(by=by, verb="api_token.issued", target=token, fields=["scopes", "business_unit"], now=now)
    return token, secret


@transaction.atomic
def revoke_api_token(*, token: ApiToken, by: Actor, now: datetime) -> None:
    """Revoking twice changes nothing."""
    changed = ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now)
    if changed:
        audit.record(by=by, verb="api_token.revoked", target=token, fields=["revoked_at"], now=now)


def note_token_use(*, token: ApiToken, now: datetime) -> None:
    """When the token was last used. Not audited: it is a sign of life, not a change."""
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def _new_secret(kind: str) -> str:
    """`pql_w_<43 characters, 256 random bits><6 hex of CRC>`: the checksum lets scanners tell keys from noise."""
    body = secrets.token_urlsafe(32)
    return f"pql_{kind}_{body}{zlib.crc32(body.encode()) & 0xFFFFFF:06x}"
