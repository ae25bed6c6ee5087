"""Which evidence is held back, so that strangers do not become one person: a pure function of all evidence, the limits
and the tenant's rules about ids, whatever order they came in.

Evidence is never thrown away: what is held joins nobody, and holds again when a limit or a rule says so. Limits count
evidence that was taken back too: a device seen with eleven users stays one.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from ingestion.models import IdentityLimits
from ingestion.queries.sql import by_column, fetch

# Links concern each other over a device (how many users it has) and over a user's day (which of its devices came
# first). Both ends are asked again whole, so the answer does not depend on which link brought us here.
_HOLD = """
WITH days AS (
    SELECT l.user_identity_id AS person_end, (l.ts AT TIME ZONE 'UTC')::date AS day
    FROM ingestion_identitylink l
    WHERE l.tenant_id = %(tenant_id)s AND NOT l.is_alias AND l.identity_id = ANY(%(ids)s::bigint[])
    UNION
    SELECT r.person_end, r.day FROM unnest(%(person_end)b::bigint[], %(day)b::date[]) AS r(person_end, day)
), concerned AS (
    SELECT l.id, rank() OVER (PARTITION BY d.person_end, d.day ORDER BY l.ts, l.message_id COLLATE "C") AS place
    FROM days d JOIN ingestion_identitylink l
        ON l.tenant_id = %(tenant_id)s AND NOT l.is_alias AND l.user_identity_id = d.person_end
        AND l.ts >= d.day::timestamp AT TIME ZONE 'UTC' AND l.ts < (d.day + 1)::timestamp AT TIME ZONE 'UTC'
    UNION ALL
    SELECT l.id, 0 FROM ingestion_identitylink l
    WHERE l.tenant_id = %(tenant_id)s AND l.is_alias
      AND (l.identity_id = ANY(%(ids)s::bigint[]) OR l.user_identity_id = ANY(%(ids)s::bigint[]))
), judged AS (
    SELECT l.id, CASE
        WHEN %(has_rules)s AND EXISTS (
            SELECT FROM ingestion_identityrule r WHERE r.tenant_id = %(tenant_id)s AND r.kind = 'person_id'
              AND r.verdict = 'blocked' AND r.value IN (a.value, u.value)) THEN 1
        WHEN l.is_alias THEN 0
        WHEN (SELECT count(*) FROM (
            SELECT FROM ingestion_identitylink x
            WHERE x.tenant_id = %(tenant_id)s AND x.identity_id = l.identity_id AND NOT x.is_alias
            LIMIT %(users_per_device)s + 1) seen) > %(users_per_device)s
            AND NOT (%(has_rules)s AND EXISTS (
            SELECT FROM ingestion_identityrule r WHERE r.tenant_id = %(tenant_id)s AND r.kind = 'person_id'
              AND r.verdict = 'trusted' AND r.value = a.value)) THEN 2
        WHEN c.place > %(devices_per_day)s
            AND NOT (%(has_rules)s AND EXISTS (
            SELECT FROM ingestion_identityrule r WHERE r.tenant_id = %(tenant_id)s AND r.kind = 'person_id'
              AND r.verdict = 'trusted' AND r.value = u.value)) THEN 3
        ELSE 0 END AS held
    FROM concerned c
    JOIN ingestion_identitylink l ON l.tenant_id = %(tenant_id)s AND l.id = c.id
    JOIN ingestion_identity a ON a.tenant_id = %(tenant_id)s AND a.id = l.identity_id
    JOIN ingestion_identity u ON u.tenant_id = %(tenant_id)s AND u.id = l.user_identity_id
)
UPDATE ingestion_identitylink l SET held = j.held FROM judged j
WHERE l.tenant_id = %(tenant_id)s AND l.id = j.id AND l.held <> j.held
RETURNING l.identity_id, l.user_identity_id, l.is_alias
"""
_HAS_RULES = """
SELECT EXISTS (SELECT FROM ingestion_identityrule WHERE tenant_id = %(tenant_id)s AND kind = 'person_id')
"""

_HELD_AMONG = """
SELECT l.identity_id, l.user_identity_id FROM ingestion_identitylink l
WHERE l.tenant_id = %(tenant_id)s AND l.held <> 0 AND l.identity_id = ANY(%(ids)s::bigint[])
"""


@dataclass(frozen=True)
class Protection:
    """The limits of a tenant. has_rules: it also says something about single ids."""

    users_per_device: int
    devices_per_day: int
    has_rules: bool


def protection() -> Protection:
    """What holds in this tenant. 2 queries."""
    limits = IdentityLimits.objects.first() or IdentityLimits()
    return Protection(limits.users_per_device, limits.devices_per_day, fetch(_HAS_RULES)[0][0])


def hold_links(ids: Collection[int], by: Protection, left: Iterable[tuple[int, date]] = ()) -> set[int]:
    """Judge the links of these identities again, and what they crowd out or make room for. `left`: users and days that
    a link was on before it turned out to be earlier. Returns the identities that may belong to others now."""
    if not ids:
        return set()
    changed = fetch(
        _HOLD,
        ids=sorted(ids),
        **by_column("person_end day", set(left)),
        users_per_device=by.users_per_device,
        devices_per_day=by.devices_per_day,
        has_rules=by.has_rules,
    )
    return {end for one, other, is_alias in changed for end in ((one, other) if is_alias else (one,))}


def held_among(ids: Collection[int]) -> set[int]:
    """Of the links of these identities, both ends of those that are held."""
    return {end for row in fetch(_HELD_AMONG, ids=sorted(ids)) for end in row} if ids else set()
