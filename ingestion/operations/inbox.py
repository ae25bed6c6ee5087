"""The inbox: one row per accepted request, until the fold has read it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from ingestion.queries.sql import server_bound_cursor
from ingestion.rules.json_text import dump_json
from tenants.context import current_tenant_id
from tenants.work import WAKE

_APPEND_AND_WAKE = f"""
WITH appended AS (
    INSERT INTO ingestion_inbox (tenant_id, source_id, received_at, payload, client, attempts)
    VALUES (%(tenant_id)s::bigint, %(source_id)s, %(at)s::timestamptz, %(payload)s, %(client)s::jsonb, 0)
)
{WAKE}
"""


def append_to_inbox(
    *, source_id: UUID, payload: bytes, client: Mapping[str, Any], received_at: datetime
) -> None:
    """Add one request to the current tenant's inbox and wake the fold. Call it inside the tenant's transaction.

    One round trip, and the payload goes over in binary.
    """
    values: dict[str, Any] = {
        "tenant_id": current_tenant_id(),
        "source_id": source_id,
        "at": received_at,
        "payload": payload,
        "client": dump_json(dict(client)).decode(),
        "kind": "fold",
        "ref": "",
    }
    with server_bound_cursor() as cursor:
        cursor.execute(_APPEND_AND_WAKE, values)
