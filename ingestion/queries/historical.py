"""Whose data is history that was handed in (an import, or events marked as historical), and nothing else."""

from collections.abc import Sequence

from ingestion.models import Touched
from ingestion.queries.sql import fetch

# The first event that is live ends the search, so only who has none is read to the end.
_ONLY = """
SELECT s.id FROM unnest(%(ids)s::bigint[]) AS s(id)
WHERE CASE WHEN ({found} AND NOT e.context @> '{{"historical": true}}' LIMIT 1) THEN false
    ELSE ({found} AND e.context @> '{{"historical": true}}' LIMIT 1) END
"""
_OF_PERSON = """SELECT true FROM ingestion_identity i
    JOIN ingestion_event e ON e.tenant_id = i.tenant_id AND e.identity_id = i.id
    WHERE i.tenant_id = %(tenant_id)s AND i.person_id = s.id"""
_OF_ACCOUNT = """SELECT true FROM ingestion_accountmembership m
    JOIN ingestion_event e ON e.tenant_id = m.tenant_id AND e.identity_id = m.identity_id AND e.account_id = s.id
    WHERE m.tenant_id = %(tenant_id)s AND m.account_id = s.id"""
_STATEMENTS = {
    int(Touched.Kind.PERSON): _ONLY.format(found=_OF_PERSON),
    int(Touched.Kind.ACCOUNT): _ONLY.format(found=_OF_ACCOUNT),
}


def only_historical(kind: int, ids: Sequence[int]) -> set[int]:
    """Of these persons or accounts, those who have events, all of them historical. 1 query, none for nobody."""
    return {row[0] for row in fetch(_STATEMENTS[kind], ids=list(ids))} if ids else set()
