"""Standard Webhooks (standardwebhooks.com): the envelope and its signature."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from standardwebhooks import Webhook

LARGEST_BODY = 20_000


def new_secret() -> str:
    """`whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def build_body(*, event_type: str, created_at: datetime, data: dict[str, Any]) -> bytes:
    """The envelope, the same bytes at every attempt. created_at is UTC."""
    return orjson.dumps(
        {"type": event_type, "timestamp": created_at, "data": data},
        option=orjson.OPT_UTC_Z | orjson.OPT_SORT_KEYS,
    )


def message_id(delivery_id: UUID) -> str:
    """The webhook-id of a delivery, the same for every attempt."""
    return f"msg_{delivery_id.hex}"


def build_headers(*, delivery_id: UUID, now: datetime, body: bytes, signing: Sequence[str]) -> dict[str, str]:
    """webhook-id stays over all attempts (receivers drop repeats by it), webhook-timestamp is this attempt's, and
    webhook-signature has one signature for each secret that is valid now."""
    name = message_id(delivery_id)
    signatures = [Webhook(secret).sign(name, now, body.decode()) for secret in signing]
    return {
        "Content-Type": "application/json",
        "User-Agent": "PQLHub-Webhooks/1",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
