"""From received ids to persons: makes identities, keeps the evidence that joins them, and re-draws the map where new
evidence changes it. Callers hold the tenant's history lock, so nobody else draws at the same time."""

from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ingestion.operations.arrivals import ANONYMOUS, USER, Arrival
from ingestion.operations.holding import held_among, hold_links, protection
from ingestion.operations.regroup import Move, regroup, respan
from ingestion.queries.sql import as_json, by_column, fetch
from ingestion.rules import profile
from ingestion.rules.exclusion import Rules, of_person
from ingestion.rules.links import Node
from ingestion.rules.types import Kind

Stamp = tuple[datetime, str]  # event time, message id: what "first" means
Pair = tuple[Node, Node]

_FIND = """
SELECT i.kind, i.value, i.id, i.person_id
FROM unnest(%(kind)b::smallint[], %(value)b::text[]) AS r(kind, value)
JOIN ingestion_identity i ON i.tenant_id = %(tenant_id)s AND i.kind = r.kind AND i.value = r.value
"""
_NEW_PERSONS = """
INSERT INTO ingestion_person
    (tenant_id, label, email, search, traits, is_identified, exclusion, first_seen_at, last_seen_at)
SELECT %(tenant_id)s, r.label, '', r.search, '{}', r.identified, r.exclusion, r.first, r.last
FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS r(ord bigint, label text, search text, identified boolean, exclusion smallint, first timestamptz,
        last timestamptz)
ORDER BY r.ord RETURNING id
"""
_NEW_IDENTITIES = """
INSERT INTO ingestion_identity (tenant_id, kind, value, person_id)
SELECT %(tenant_id)s, r.kind, r.value, r.person
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(kind smallint, value text, person bigint)
RETURNING kind, value, id, person_id
"""
_PUT_LINKS = """
WITH told AS (
    SELECT r.*, l.ts AS was FROM jsonb_to_recordset(%(rows)s::jsonb)
        AS r(a bigint, b bigint, alias boolean, ts timestamptz, mid text)
    LEFT JOIN ingestion_identitylink l
        ON l.tenant_id = %(tenant_id)s AND l.identity_id = r.a AND l.user_identity_id = r.b
    WHERE l.id IS NULL OR (r.ts, r.mid COLLATE "C") < (l.ts, l.message_id COLLATE "C")
), put AS (
    INSERT INTO ingestion_identitylink
        (tenant_id, identity_id, user_identity_id, is_alias, ts, message_id, held)
    SELECT %(tenant_id)s, a, b, alias, ts, mid, 0 FROM told
    ON CONFLICT (tenant_id, identity_id, user_identity_id)
        DO UPDATE SET ts = EXCLUDED.ts, message_id = EXCLUDED.message_id
)
SELECT a, b, was FROM told
"""
# An alias that named a user before that user was ever seen holds from now on for the user too.
_ALIASED = """
SELECT i.id FROM ingestion_identity i
WHERE i.tenant_id = %(tenant_id)s AND i.kind = 2 AND i.value = ANY(%(values)s::text[])
  AND EXISTS (
    SELECT FROM ingestion_identitylink l
    WHERE l.tenant_id = %(tenant_id)s AND l.is_alias AND (l.identity_id = i.id OR l.user_identity_id = i.id))
"""


@dataclass(slots=True)
class Known:
    """An identity in the database."""

    id: int
    person_id: int
    is_new: bool = False


@dataclass
class _Seen:
    """What a slice says about identities."""

    span: dict[Node, tuple[datetime, datetime]] = field(default_factory=dict)
    links: dict[Pair, Stamp] = field(default_factory=dict)
    aliases: dict[Pair, Stamp] = field(default_factory=dict)

    def widen(self, node: Node, ts: datetime) -> None:
        """The node was seen at that moment: by an event of its own, or by the first that tells of it."""
        first, last = self.span.get(node, (ts, ts))
        self.span[node] = (min(first, ts), max(last, ts))


def resolve_identities(arrivals: Iterable[Arrival], rules: Rules) -> tuple[dict[Node, Known], list[Move]]:
    """The identity of every arrival's actor, and which identities changed their person on the way."""
    seen = _look(arrivals)
    known = _find(seen.span)
    _create_missing(known, seen, rules)
    written = _put_links(known, seen)
    stale = {known[node].id for node in _stale_nodes(known, seen, written.keys())}
    freed = _hold(known, written)
    moves = regroup(stale | _newly_named(known) | freed)
    respan(freed | held_among({known[pair[0]].id for pair in written}))
    person_of = {move.identity_id: move.new_person_id for move in moves}
    for each in known.values():
        each.person_id = person_of.get(each.id, each.person_id)
    return known, moves


def _look(arrivals: Iterable[Arrival]) -> _Seen:
    seen = _Seen()
    for arrival in arrivals:
        message, actor = arrival.message, arrival.actor
        stamp = (message.ts, message.message_id)
        seen.widen(actor, message.ts)
        if message.kind == Kind.ALIAS:
            nodes = (actor, (ANONYMOUS, str(message.previous_id)))
            pair = (min(nodes), max(nodes))
            if pair[0] != pair[1]:
                seen.aliases[pair] = min(stamp, seen.aliases.get(pair, stamp))
        elif actor[0] == USER and message.anonymous_id is not None:
            pair = ((ANONYMOUS, message.anonymous_id), actor)
            seen.links[pair] = min(stamp, seen.links.get(pair, stamp))
    for pairs in (seen.links, seen.aliases):
        for pair, (ts, _message_id) in pairs.items():
            for node in pair:
                seen.widen(node, ts)
    return seen


def _find(nodes: Iterable[Node]) -> dict[Node, Known]:
    rows = fetch(_FIND, **by_column("kind value", nodes))
    return {(kind, value): Known(id, person_id) for kind, value, id, person_id in rows}


def _create_missing(known: dict[Node, Known], seen: _Seen, rules: Rules) -> None:
    """Users first: an anonymous id that comes with its first user needs no person of its own."""
    missing = [node for node in seen.span if node not in known]
    first_user: dict[Node, tuple[Stamp, Node]] = {}
    for (anonymous, user), stamp in seen.links.items():
        first_user[anonymous] = min((stamp, user), first_user.get(anonymous, (stamp, user)))
    users = [node for node in missing if node[0] == USER]
    _create(known, users, _create_persons(users, seen, rules))
    followers = [node for node in missing if node in first_user and node not in known]
    _create(known, followers, [known[first_user[node][1]].person_id for node in followers])
    strangers = [node for node in missing if node not in known]
    _create(known, strangers, _create_persons(strangers, seen, rules))


def _create_persons(nodes: list[Node], seen: _Seen, rules: Rules) -> list[int]:
    """One person for each node; their ids in the same order."""
    rows = []
    for order, (kind, value) in enumerate(nodes):
        user_ids = [value] if kind == USER else []
        shown = profile.of_person(user_ids, {})
        first, last = seen.span[kind, value]
        rows.append(
            {
                "ord": order,
                "label": shown.label,
                "search": shown.search,
                "identified": kind == USER,
                "exclusion": of_person(user_ids=user_ids, email="", traits={}, rules=rules),
                "first": first,
                "last": last,
            }
        )
    # Keys are drawn in the order of the rows, whatever order they are returned in.
    return sorted(row[0] for row in fetch(_NEW_PERSONS, rows=as_json(rows))) if rows else []


def _create(known: dict[Node, Known], nodes: list[Node], person_ids: list[int]) -> None:
    if not nodes:
        return
    rows = (
        {"kind": kind, "value": value, "person": person_id}
        for (kind, value), person_id in zip(nodes, person_ids, strict=True)
    )
    for kind, value, id, person_id in fetch(_NEW_IDENTITIES, rows=as_json(rows)):
        known[kind, value] = Known(id, person_id, is_new=True)


def _put_links(known: dict[Node, Known], seen: _Seen) -> dict[Pair, datetime | None]:
    """Store the evidence that is new or earlier than what was known. Returns its pairs, with the moment until now."""
    stamps = seen.links | seen.aliases
    if not stamps:
        return {}
    pairs = {(known[left].id, known[right].id): (left, right) for left, right in stamps}
    rows = (
        {"a": a, "b": b, "alias": pair in seen.aliases, "ts": stamps[pair][0], "mid": stamps[pair][1]}
        for (a, b), pair in pairs.items()
    )
    return {pairs[a, b]: was for a, b, was in fetch(_PUT_LINKS, rows=as_json(rows))}


def _hold(known: dict[Node, Known], written: dict[Pair, datetime | None]) -> set[int]:
    """Hold back what the written evidence brings over a limit. Returns the identities to draw again."""
    if not written:
        return set()
    left = {
        (known[right].id, was.astimezone(UTC).date())
        for (_left, right), was in written.items()
        if was is not None
    }
    return hold_links({known[pair[0]].id for pair in written}, protection(), left)


def _stale_nodes(known: dict[Node, Known], seen: _Seen, written: Set[Pair]) -> set[Node]:
    """The anonymous ids whose person the written evidence may change. One that is new and has only users was given to
    its first user when it was made."""
    aliased = {node for pair in seen.aliases for node in pair}
    stale = {node for pair in written if pair in seen.aliases for node in pair}
    for pair in written - seen.aliases.keys():
        anonymous = pair[0]
        if not known[anonymous].is_new or anonymous in aliased:
            stale.add(anonymous)
    return stale


def _newly_named(known: dict[Node, Known]) -> set[int]:
    """Identities that aliases gave as a user's, and whose user was seen now for the first time."""
    values = [value for (kind, value), each in known.items() if kind == USER and each.is_new]
    return {row[0] for row in fetch(_ALIASED, values=values)} if values else set()
