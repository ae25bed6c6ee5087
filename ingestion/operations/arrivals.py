"""What the fold and the import both hand on: a clean message with where and when it came in."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from ingestion.models import Identity
from ingestion.queries.sql import execute, fetch
from ingestion.rules.links import Node
from ingestion.rules.precedence import PRODUCT
from ingestion.rules.types import HISTORICAL, Kind, Message

USER, ANONYMOUS = int(Identity.Kind.USER), int(Identity.Kind.ANONYMOUS)

_REMEMBER = """
INSERT INTO ingestion_event_key (tenant_id, message_hash)
SELECT %(tenant_id)s, r.hash::uuid FROM unnest(%(hashes)b::text[]) AS r(hash) ORDER BY r.hash
ON CONFLICT DO NOTHING RETURNING replace(message_hash::text, '-', '')
"""
_FORGET = """
DELETE FROM ingestion_event_key WHERE tenant_id = %(tenant_id)s AND message_hash = ANY(%(hashes)s::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Request:
    """How messages came in. `envelope` is what was around them, `client` what the request said about itself."""

    source_id: UUID
    source_kind: str
    received_at: datetime
    client: dict[str, Any]
    envelope: dict[str, Any]
    origin: int = PRODUCT  # of the traits it tells, as TraitValue.Origin


class Arrival(NamedTuple):
    """One clean message. `exclusion` is what it says by itself; `raw` is the item as received, for the quarantine."""

    request: Request
    message: Message
    exclusion: int
    raw: Any

    @property
    def actor(self) -> Node:
        """The identity the event belongs to. Who an alias names is not known to be a user."""
        message = self.message
        if message.user_id is not None and message.kind != Kind.ALIAS:
            return (USER, message.user_id)
        return (ANONYMOUS, str(message.user_id or message.anonymous_id))

    @property
    def is_historical(self) -> bool:
        """Corrects history and fires nothing by itself: its context says so (ingestion.rules.types.HISTORICAL)."""
        return self.message.context.get(HISTORICAL) is True


def drop_duplicates(arrivals: Iterable[Arrival]) -> list[Arrival]:
    """The arrivals never seen before, remembered as seen from now on. Of equal ones the first is kept."""
    by_hash: dict[str, Arrival] = {}
    for arrival in arrivals:
        by_hash.setdefault(message_hash(arrival), arrival)
    new = {row[0] for row in fetch(_REMEMBER, hashes=list(by_hash))}
    return [arrival for key, arrival in by_hash.items() if key in new]


def let_in_again(messages: Iterable[tuple[UUID, str]]) -> None:
    """Forget that these were seen: source and message id. What a tracking plan held back is remembered, so that a
    sender's retry counts once; sent again from the quarantine it must not pass for such a retry."""
    hashes = [_hash(source_id, message_id) for source_id, message_id in messages]
    if hashes:
        execute(_FORGET, hashes=hashes)


def message_hash(arrival: Arrival) -> str:
    """First 16 bytes of SHA-256 of source id and message id, in hexadecimal digits."""
    return _hash(arrival.request.source_id, arrival.message.message_id)


def _hash(source_id: UUID, message_id: str) -> str:
    content = source_id.bytes + message_id.encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:32]
