"""Keeps the values that do not hold marked, where several origins tell the same trait.

A value does not hold when an origin that goes before its own had spoken by the time it is valid from. So the latest
value that is not marked is the one of the first origin, at any moment of history, and whoever reads traits asks nothing
more. Nobody pays for it in a tenant whose traits all come from the product."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from ingestion.models import PrecedenceSweep, TraitPrecedence, TraitValue
from ingestion.queries.sql import as_json, execute, fetch
from ingestion.rules.precedence import order_of, ranks
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.work import wake

Held = Mapping[
    int, Iterable[int]
]  # person or account id -> whose values count for it (identities, or itself)

_ANY = """
SELECT EXISTS (SELECT FROM ingestion_traitvalue
    WHERE tenant_id = %(tenant_id)s AND subject_kind = %(kind)s AND (origin > 0 OR is_shadowed))
"""
_TOLD = """
SELECT DISTINCT r.holder, r.name FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(holder bigint, id bigint, name text)
JOIN ingestion_traitvalue t ON t.tenant_id = %(tenant_id)s AND t.subject_kind = %(kind)s AND t.subject_id = r.id
    AND t.name = r.name AND (t.origin > 0 OR t.is_shadowed)
"""
_SHADOW = """
UPDATE ingestion_traitvalue t SET is_shadowed = s.is_shadowed
FROM (
    SELECT v.id, (r.ranks -> v.origin)::int > min((r.ranks -> v.origin)::int)
        OVER (PARTITION BY r.holder, v.name ORDER BY v.valid_from RANGE UNBOUNDED PRECEDING) AS is_shadowed
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(holder bigint, id bigint, name text, ranks jsonb)
    JOIN ingestion_traitvalue v ON v.tenant_id = %(tenant_id)s AND v.subject_kind = %(kind)s AND v.subject_id = r.id
        AND v.name = r.name
) s
WHERE t.tenant_id = %(tenant_id)s AND t.id = s.id AND t.is_shadowed <> s.is_shadowed
"""


def mark_shadowed(kind: int, held: Held, names: Mapping[int, Iterable[str]]) -> None:
    """Mark again which values hold, of these names of these persons or accounts. Call it under lock_history.
    1 query where only the product tells traits."""
    if not fetch(_ANY, kind=kind)[0][0]:
        return
    rows = [
        {"holder": holder, "id": id, "name": name}
        for holder, ids in held.items()
        for id in ids
        for name in names[holder]
    ]
    told = set(fetch(_TOLD, kind=kind, rows=as_json(rows))) if rows else set()
    if not told:
        return
    orders = dict(TraitPrecedence.objects.values_list("trait", "origins"))
    ranked = [
        row | {"ranks": ranks(order_of(str(row["name"]), orders))}
        for row in rows
        if (row["holder"], row["name"]) in told
    ]
    execute(_SHADOW, kind=kind, rows=as_json(ranked))


@transaction.atomic
def set_precedence(*, trait: str, origins: list[int], by: Actor, now: datetime) -> TraitPrecedence:
    """Say in which order origins are believed about a trait ("": all others). Workers work the traits out anew."""
    row, _made = TraitPrecedence.objects.update_or_create(trait=trait, defaults={"origins": origins})
    _changed(row, "trait_precedence.set", by, now)
    return row


@transaction.atomic
def drop_precedence(*, row: TraitPrecedence, by: Actor, now: datetime) -> None:
    """The trait follows the order of all others again."""
    _changed(row, "trait_precedence.dropped", by, now)
    row.delete()


def _changed(row: TraitPrecedence, verb: str, by: Actor, now: datetime) -> None:
    audit.record(by=by, verb=verb, target=row, fields=["origins"], now=now)
    afresh = {
        "subject_kind": TraitValue.Subject.IDENTITY,
        "done_id": 0,
        "subjects_done": 0,
        "requested_at": now,
    }
    PrecedenceSweep.objects.update_or_create(tenant_id=current_tenant_id(), defaults=afresh)
    wake(tenant_id=current_tenant_id(), kind="precedence", at=now)
