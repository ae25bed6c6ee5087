"""The hot path: a request becomes one row. Everything else happens in the fold."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db.models import Q

from ingestion.operations.inbox import append_to_inbox
from ingestion.operations.quarantine import quarantine_all
from ingestion.rules.json_text import dump_json
from ingestion.rules.minimise import Minimum, minimised, minimised_client
from ingestion.rules.types import Rejection
from tenants.context import tenant_context
from tenants.models import WriteKey
from tenants.queries import KeyOwner

LAST_USED_EVERY = timedelta(minutes=5)
ENVELOPE_FIELDS = ("sentAt", "context", "integrations")


def accept_batch(
    *,
    owner: KeyOwner,
    items: list[dict[str, Any]],
    envelope: Mapping[str, Any],
    client: Mapping[str, Any],
    received_at: datetime,
    rejected: Sequence[tuple[Any, Rejection]] = (),
) -> int:
    """Store a request's well-shaped items in the inbox and its rejected ones in quarantine, in one transaction of the
    key's tenant: no more of them than the company and the source let be stored. Returns how many were accepted. Once it
    returns, nothing is lost."""
    kept = {field: envelope[field] for field in ENVELOPE_FIELDS if envelope.get(field)}
    minimum = _minimum_of(owner)
    if not minimum.is_everything:
        items, kept = [minimised(item, minimum) for item in items], minimised(kept, minimum)
        rejected = [(minimised(raw, minimum), rejection) for raw, rejection in rejected]
        client = minimised_client(client, minimum)
    with tenant_context(owner.tenant_id):
        if items:
            payload = dump_json({"batch": [_identified(item) for item in items], **kept})
            append_to_inbox(
                source_id=owner.source_id, payload=payload, client=client, received_at=received_at
            )
        if rejected:
            quarantine_all(
                source_id=owner.source_id,
                rejected=rejected,
                received_at=received_at,
                client=client,
                envelope=kept,
            )
    return len(items)


def _minimum_of(owner: KeyOwner) -> Minimum:
    """What may be stored of what this key sends. Travels with the key, so that asking costs no query."""
    allowed = owner.allowed_fields
    return Minimum(owner.shortens_addresses, None if allowed is None else frozenset(allowed))


def mark_key_used(*, owner: KeyOwner, now: datetime) -> None:
    """Remember that a write key is in use, at most once every five minutes, whatever the traffic."""
    with tenant_context(owner.tenant_id):
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - LAST_USED_EVERY)
        WriteKey.objects.filter(stale, pk=owner.key_id).update(last_used_at=now)


def _identified(item: dict[str, Any]) -> dict[str, Any]:
    """An event without id and time of its own gets an id here: two such events alike in every byte are two events.

    With a time of its own its digest is its id (rules.wire), so that sending it again adds nothing."""
    if item.get("messageId") or item.get("timestamp") or item.get("originalTimestamp"):
        return item
    return item | {"messageId": f"auto-{uuid4()}"}
