"""Re-draws which identities are one person, for a few identities and whatever aliases join to them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ingestion.operations.arrivals import ANONYMOUS, USER
from ingestion.queries.sql import Row, as_json, execute, fetch
from ingestion.rules.links import Evidence, Node, group

_ALIASES = """
SELECT l.id, l.identity_id, l.user_identity_id, l.ts, l.message_id FROM ingestion_identitylink l
WHERE l.tenant_id = %(tenant_id)s AND l.is_alias AND l.undone_at IS NULL AND l.held = 0
  AND (l.identity_id = ANY(%(ids)s::bigint[]) OR l.user_identity_id = ANY(%(ids)s::bigint[]))
"""
_IDENTITIES = """
SELECT id, kind, value, person_id FROM ingestion_identity
WHERE tenant_id = %(tenant_id)s AND id = ANY(%(ids)s::bigint[])
"""
# Later users of an anonymous id never change anything: by then its group has a user.
_FIRST_USERS = """
SELECT DISTINCT ON (l.identity_id) l.identity_id, l.ts, l.message_id, u.id, u.kind, u.value, u.person_id
FROM ingestion_identitylink l
JOIN ingestion_identity u ON u.tenant_id = %(tenant_id)s AND u.id = l.user_identity_id
WHERE l.tenant_id = %(tenant_id)s AND NOT l.is_alias AND l.undone_at IS NULL AND l.held = 0
  AND l.identity_id = ANY(%(ids)s::bigint[])
ORDER BY l.identity_id, l.ts, l.message_id COLLATE "C", u.value COLLATE "C"
"""
_SAME_NAMED_USERS = """
SELECT a.id, u.id, u.kind, u.value, u.person_id FROM ingestion_identity a
JOIN ingestion_identity u ON u.tenant_id = %(tenant_id)s AND u.kind = 1 AND u.value = a.value
WHERE a.tenant_id = %(tenant_id)s AND a.id = ANY(%(ids)s::bigint[])
"""
_TAKEN = """
SELECT DISTINCT person_id FROM ingestion_identity
WHERE tenant_id = %(tenant_id)s AND kind = 1 AND person_id = ANY(%(ids)s::bigint[])
"""
_SPLIT_OFF = """
INSERT INTO ingestion_person
    (tenant_id, label, email, search, traits, is_identified, exclusion, first_seen_at, last_seen_at)
SELECT tenant_id, '', '', '', '{}', false, 0, first_seen_at, last_seen_at
FROM ingestion_person WHERE tenant_id = %(tenant_id)s AND id = %(like)s RETURNING id
"""
_MOVE = """
UPDATE ingestion_identity i SET person_id = r.person
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(id bigint, person bigint)
WHERE i.tenant_id = %(tenant_id)s AND i.id = r.id
"""
_BURY_EMPTY = """
UPDATE ingestion_person p SET merged_into_id = r.into
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(id bigint, "into" bigint)
WHERE p.tenant_id = %(tenant_id)s AND p.id = r.id
  AND NOT EXISTS (SELECT FROM ingestion_identity i WHERE i.tenant_id = %(tenant_id)s AND i.person_id = p.id)
"""
# A held link is no event of its anonymous end, which then may have none at all: the link says when it was seen.
_RESPAN = """
UPDATE ingestion_person p SET first_seen_at = s.first, last_seen_at = s.last
FROM (
    SELECT i.person_id, min(LEAST(i.first_seen_at, a.first, u.first)) AS first,
        max(GREATEST(i.last_seen_at, a.last, u.last)) AS last
    FROM ingestion_identity i
    CROSS JOIN LATERAL (
        SELECT min(ts) AS first, max(ts) AS last FROM ingestion_identitylink
        WHERE tenant_id = %(tenant_id)s AND identity_id = i.id AND held <> 0) a
    CROSS JOIN LATERAL (
        SELECT min(ts) AS first, max(ts) AS last FROM ingestion_identitylink
        WHERE tenant_id = %(tenant_id)s AND user_identity_id = i.id AND held <> 0) u
    WHERE i.tenant_id = %(tenant_id)s AND i.person_id = ANY(%(ids)s::bigint[]) GROUP BY i.person_id
) s WHERE p.tenant_id = %(tenant_id)s AND p.id = s.person_id AND s.first IS NOT NULL
"""
_PERSONS_OF = """
SELECT DISTINCT person_id FROM ingestion_identity WHERE tenant_id = %(tenant_id)s AND id = ANY(%(ids)s::bigint[])
"""


@dataclass(frozen=True)
class Move:
    """An identity that belongs to another person now."""

    identity_id: int
    old_person_id: int
    new_person_id: int


@dataclass
class _Cluster:
    """Identities that evidence may join, with the evidence."""

    ids: dict[Node, int]
    persons: dict[Node, int]
    evidence: list[Evidence]


def regroup(identity_ids: Iterable[int]) -> list[Move]:
    """Give these anonymous identities, and those that aliases join to them, the person that all evidence says.

    A group with a user has that user's person; one without keeps one of its own, or gets a new one when they are all
    others' now. Persons left empty say which person has their identities."""
    wanted = set(identity_ids)
    if not wanted:
        return []
    cluster = _load(wanted)
    moves = _moves(cluster)
    if moves:
        execute(_MOVE, rows=as_json({"id": move.identity_id, "person": move.new_person_id} for move in moves))
        execute(_BURY_EMPTY, rows=as_json({"id": m.old_person_id, "into": m.new_person_id} for m in moves))
        ids = [person for move in moves for person in (move.old_person_id, move.new_person_id)]
        execute(_RESPAN, ids=sorted(set(ids)))
    return moves


def respan(identity_ids: Collection[int]) -> None:
    """When the persons of these identities were first and last seen, from what is stored."""
    if identity_ids:
        persons = [row[0] for row in fetch(_PERSONS_OF, ids=sorted(identity_ids))]
        execute(_RESPAN, ids=persons)


def _load(wanted: set[int]) -> _Cluster:
    aliases = _aliases_around(wanted)
    aliased = {end for _id, left, right, *_stamp in aliases for end in (left, right)}
    ids = sorted(wanted | aliased)
    cluster = _Cluster({}, {}, [])
    node_of: dict[int, Node] = {}
    for id, kind, value, person_id in fetch(_IDENTITIES, ids=ids):
        node_of[id] = _add(cluster, id, kind, value, person_id)
    for id, ts, message_id, *user in fetch(_FIRST_USERS, ids=ids):
        cluster.evidence.append(Evidence(ts, message_id, 1, node_of[id], _add(cluster, *user)))
    named = {id: user for id, *user in fetch(_SAME_NAMED_USERS, ids=sorted(aliased))} if aliased else {}
    for _id, left, right, ts, message_id in aliases:
        cluster.evidence.append(Evidence(ts, message_id, 2, node_of[left], node_of[right]))
        for end in (left, right):
            if end in named:
                cluster.evidence.append(Evidence(ts, message_id, 0, node_of[end], _add(cluster, *named[end])))
    return cluster


def _add(cluster: _Cluster, id: int, kind: int, value: str, person_id: int) -> Node:
    node = (kind, value)
    cluster.ids[node], cluster.persons[node] = id, person_id
    return node


def _aliases_around(ids: set[int]) -> list[Row]:
    """All aliases that join to these identities, also over others."""
    reached, frontier, found = set(ids), set(ids), {}
    while frontier:
        rows = fetch(_ALIASES, ids=sorted(frontier))
        found.update({row[0]: row for row in rows})
        frontier = {end for row in rows for end in row[1:3]} - reached
        reached |= frontier
    return list(found.values())


def _moves(cluster: _Cluster) -> list[Move]:
    groups = group(cluster.ids, cluster.evidence)
    candidates = {person for node, person in cluster.persons.items() if node[0] == ANONYMOUS}
    taken = {row[0] for row in fetch(_TAKEN, ids=sorted(candidates))}
    moves = []
    for nodes in sorted(groups, key=min):
        users = [node for node in nodes if node[0] == USER]
        if users:
            person_id = cluster.persons[users[0]]
        else:
            free = sorted({cluster.persons[node] for node in nodes} - taken)
            person_id = free[0] if free else _split_off(cluster.persons[min(nodes)])
            taken.add(person_id)
        moves += [
            Move(cluster.ids[node], cluster.persons[node], person_id)
            for node in sorted(nodes)
            if cluster.persons[node] != person_id
        ]
    return moves


def _split_off(like: int) -> int:
    """A new person for identities that leave person `like`."""
    return int(fetch(_SPLIT_OFF, like=like)[0][0])
