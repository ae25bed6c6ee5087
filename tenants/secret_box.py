"""Secrets that must be readable again (signing secrets, tokens of other systems), encrypted at rest.

AES-256-GCM. The additional data names tenant, table, row and field, so a sealed value copied to another row or another
tenant does not open. The first of settings.ENCRYPTION_KEYS seals, all of them open: put a new key in front, seal
again, then drop the old one. Secrets that only need to be compared are hashed instead (tenants.queries.secret_hash).
"""

import hashlib
import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from tenants.context import current_tenant_id

_FORMAT = b"\x01"
_KEY_ID_BYTES, _NONCE_BYTES = 4, 12


class CannotOpen(ValueError):
    """No configured key opens the value, or it belongs to another row. Restore the key in ENCRYPTION_KEYS."""


def seal(secret: str, *, table: str, key: Any, field: str) -> bytes:
    """The secret as stored in `field` of row `key` of `table`, of the current tenant."""
    key_id, cipher_key = _keys(tuple(settings.ENCRYPTION_KEYS))[0]
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(cipher_key).encrypt(nonce, secret.encode(), _place(table, key, field))
    return _FORMAT + key_id + nonce + sealed


def open_sealed(value: bytes | memoryview, *, table: str, key: Any, field: str) -> str:
    """The secret that `seal` stored there. Raises CannotOpen."""
    value = bytes(value)
    key_id, rest = value[1 : 1 + _KEY_ID_BYTES], value[1 + _KEY_ID_BYTES :]
    nonce, sealed = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
    for known_id, cipher_key in _keys(tuple(settings.ENCRYPTION_KEYS)):
        if value[:1] == _FORMAT and known_id == key_id:
            try:
                return AESGCM(cipher_key).decrypt(nonce, sealed, _place(table, key, field)).decode()
            except InvalidTag:
                break
    raise CannotOpen(
        f"The {field} of {table} {key} cannot be decrypted: no key in ENCRYPTION_KEYS fits, or it was moved here."
    )


def _place(table: str, key: Any, field: str) -> bytes:
    return f"{current_tenant_id()}|{table}|{key}|{field}".encode()


@lru_cache(maxsize=8)
def _keys(configured: Sequence[str]) -> list[tuple[bytes, bytes]]:
    """(id, 256-bit key) of each configured key."""
    found = []
    for text in configured:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"pqlhub secret box").derive(text.encode())
        found.append((hashlib.sha256(b"id" + key).digest()[:_KEY_ID_BYTES], key))
    return found


def marking_keys() -> dict[str, bytes]:
    """Keys for telling a value again without keeping it (HMAC), by id; the first is for new marks. They come from
    ENCRYPTION_KEYS and not from the database, so that a mark still holds on a database that was restored."""
    return _marking_keys(tuple(settings.ENCRYPTION_KEYS))


@lru_cache(maxsize=8)
def _marking_keys(configured: Sequence[str]) -> dict[str, bytes]:
    found = {}
    for text in configured:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"pqlhub marks").derive(text.encode())
        found[hashlib.sha256(b"id" + key).hexdigest()[:8]] = key
    return found
