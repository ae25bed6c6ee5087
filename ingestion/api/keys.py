"""Who sends: the write key, wherever an SDK puts it."""

import base64
import binascii
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from ingestion.api.answers import IngestError
from ingestion.api.body import read_body
from ingestion.rules.types import shown
from tenants import queries
from tenants.models import WriteKey
from tenants.queries import KeyOwner

REMEMBERED_SECONDS = 30.0  # so long a revoked key may still work in a process that knows it
REMEMBERED_KEYS = 10_000
MARKED_SECONDS = 300.0
MAX_KEY = 200
BODY_FIELDS = ("writeKey", "api_key", "token")


class KeyCache:
    """Owners of keys, remembered per process for a short while: a look-up per request would double the queries.

    Unknown keys are remembered apart, so that guessing cannot push the good ones out.
    """

    def __init__(
        self, look_up: Callable[..., KeyOwner | None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._look_up = look_up
        self._clock = clock
        self._known: dict[bytes, tuple[float, KeyOwner | None]] = {}
        self._unknown: dict[bytes, tuple[float, KeyOwner | None]] = {}
        self._marked: dict[Any, float] = {}

    def find(self, secret: str, *, now: datetime) -> KeyOwner | None:
        if not secret.isascii() or len(secret) > MAX_KEY:
            return None
        digest, clock = queries.secret_hash(secret), self._clock()
        for shelf in (self._known, self._unknown):
            found = shelf.get(digest)
            if found is not None and found[0] > clock:
                return found[1]
        owner = self._look_up(secret, now=now)
        self._known.pop(digest, None)
        shelf = self._unknown if owner is None else self._known
        shelf[digest] = (clock + REMEMBERED_SECONDS, owner)
        _trim(shelf)
        return owner

    def is_due_to_mark(self, owner: KeyOwner) -> bool:
        """True once every five minutes for each key: then its use is worth a write."""
        clock = self._clock()
        if self._marked.get(owner.key_id, 0) > clock:
            return False
        self._marked[owner.key_id] = clock + MARKED_SECONDS
        _trim(self._marked)
        return True

    def clear(self) -> None:
        for shelf in (self._known, self._unknown, self._marked):
            shelf.clear()


def _trim(shelf: dict[Any, Any]) -> None:
    while len(shelf) > REMEMBERED_KEYS:
        shelf.pop(next(iter(shelf)), None)


cache = KeyCache(lambda secret, *, now: queries.find_write_key(secret, now=now))


class WriteKeyAuthentication(BaseAuthentication):
    """In this order: Basic user, Bearer, X-Write-Key, body, query. DRF's own Basic would take the key for a user."""

    methods = ("POST",)

    def key_in_content(self, request: Request) -> str:
        return key_in_body(request.data) or request.query_params.get("writeKey") or ""

    def authenticate(self, request: Request) -> tuple[KeyOwner, KeyOwner] | None:
        if request.method not in self.methods:
            return None
        secret = key_in_headers(request)
        if secret is None:
            secret = self.key_in_content(request)
        owner = cache.find(secret, now=timezone.now()) if secret else None
        if owner is None:
            with suppress(IngestError):  # to its end, or the answer is lost to a reset
                read_body(request._request)
            raise _refused(secret)
        return owner, owner


def key_in_headers(request: Request) -> str | None:
    scheme, _, value = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    value = value.strip()
    if scheme.lower() == "basic" and (user := _basic_user(value)):
        return user
    if scheme.lower() == "bearer" and value:
        return str(value)
    return request.META.get("HTTP_X_WRITE_KEY", "").partition(":")[0].strip() or None


def _basic_user(value: str) -> str:
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4)).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""


def key_in_body(body: Any) -> str:
    fields = body if isinstance(body, dict) else {}
    return next(
        (fields[name] for name in BODY_FIELDS if fields.get(name) and isinstance(fields[name], str)), ""
    )


def _refused(secret: str) -> IngestError:
    if not secret:
        message = (
            "No write key. Send it as the user name of Basic authentication or as `writeKey` in the body."
        )
    else:
        message = f"The write key {shown(secret[:8])} is unknown, revoked or disabled. See Settings › Sources and keys."
    return IngestError(401, "invalid_write_key", message)


def check_public_key(secret: str) -> None:
    """For what browser SDKs load before they send: the key in its address is known and may. Raises IngestError."""
    owner = cache.find(secret, now=timezone.now())
    if owner is None:
        raise IngestError(404, "invalid_write_key", "This write key is unknown, revoked or disabled.")
    check_may_read_settings(owner)


def check_may_read_settings(owner: KeyOwner) -> None:
    """Raises IngestError."""
    if WriteKey.Scope.SETTINGS not in owner.scopes:
        raise IngestError(
            403,
            "not_in_scope",
            f"This key may not load an SDK's settings: it lacks {WriteKey.Scope.SETTINGS}.",
        )


class WriteKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = WriteKeyAuthentication
    match_subclasses = True
    name = "writeKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "basic",
            "description": "The write key is the user name; the password is empty. Also taken as Bearer token, as "
            "`X-Write-Key`, as `writeKey` in the body, or as `writeKey` in the query.",
        }
