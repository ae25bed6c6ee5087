"""Keeps what messages say about how people came: one statement for a slice, none where nothing is said."""

from collections.abc import Iterable
from uuid import UUID

from ingestion.operations.arrivals import Arrival
from ingestion.operations.touched import ACCOUNT, PERSON, Subject
from ingestion.queries.sql import Row, by_column, fetch
from ingestion.rules.marketing import touches_of

# Said again by an earlier message, a touch is dated back: the order of arrival does not matter. Returns whose touches
# changed, and the accounts that these persons are in.
_NOTE = """
WITH noted AS (
    INSERT INTO ingestion_marketingtouch AS t (tenant_id, identity_id, once, kind, channel, source, medium, campaign,
        term, content, referrer, ts, message_id, received_at)
    SELECT %(tenant_id)s, r.identity, r.once, r.kind, r.channel, r.source, r.medium, r.campaign, r.term, r.content,
        r.referrer, r.ts, r.mid, r.received
    FROM unnest(%(identity)b::bigint[], %(once)b::uuid[], %(kind)b::smallint[], %(channel)b::text[],
        %(source)b::text[], %(medium)b::text[], %(campaign)b::text[], %(term)b::text[], %(content)b::text[],
        %(referrer)b::text[], %(ts)b::timestamptz[], %(mid)b::text[], %(received)b::timestamptz[])
        AS r(identity, once, kind, channel, source, medium, campaign, term, content, referrer, ts, mid, received)
    ON CONFLICT (tenant_id, identity_id, once) DO UPDATE SET ts = EXCLUDED.ts, message_id = EXCLUDED.message_id,
        received_at = LEAST(t.received_at, EXCLUDED.received_at)
    WHERE (EXCLUDED.ts, EXCLUDED.message_id COLLATE "C") < (t.ts, t.message_id COLLATE "C")
    RETURNING identity_id
)
SELECT DISTINCT i.person_id, m.account_id FROM noted n
JOIN ingestion_identity i ON i.tenant_id = %(tenant_id)s AND i.id = n.identity_id
JOIN ingestion_identity o ON o.tenant_id = %(tenant_id)s AND o.person_id = i.person_id
LEFT JOIN ingestion_accountmembership m ON m.tenant_id = %(tenant_id)s AND m.identity_id = o.id
"""
_COLUMNS = "identity once kind channel source medium campaign term content referrer ts mid received"


def note_touches(said: Iterable[tuple[int, Arrival]]) -> set[Subject]:
    """Keep what these messages say about how their identity's person came. Returns whom that concerns."""
    rows: dict[tuple[int, bytes], Row] = {}
    for identity_id, arrival in said:
        message = arrival.message
        for touch in touches_of(message):
            once = touch.once(message.ts)
            row = (identity_id, UUID(bytes=once), *touch, message.ts, message.message_id)
            before = rows.get((identity_id, once))
            if before is None or row[-2:] < before[-3:-1]:
                rows[identity_id, once] = (*row, arrival.request.received_at)
    if not rows:
        return set()
    concerned = fetch(_NOTE, **by_column(_COLUMNS, rows.values()))
    persons = {(PERSON, person_id) for person_id, _account in concerned}
    return persons | {(ACCOUNT, account_id) for _person, account_id in concerned if account_id is not None}
