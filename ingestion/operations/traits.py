"""Traits: the history as received, and what persons and accounts look like now. "Now" is the value with the latest
event time, ties by message id, so it does not depend on the order of arrival."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson

from ingestion.models import TraitValue
from ingestion.operations.arrivals import USER, Arrival
from ingestion.operations.identity import Known
from ingestion.operations.precedence import mark_shadowed
from ingestion.queries.sql import as_json, execute, fetch
from ingestion.rules import profile
from ingestion.rules.exclusion import Rules, of_account, of_person
from ingestion.rules.filters import as_number, as_text
from ingestion.rules.links import Node
from ingestion.rules.types import Kind

OF_IDENTITY, OF_ACCOUNT = int(TraitValue.Subject.IDENTITY), int(TraitValue.Subject.ACCOUNT)
Latest = tuple[datetime, str, Any]
Names = dict[int, set[str]]  # subject id -> trait names

_REMEMBER = """
INSERT INTO ingestion_traitvalue
    (tenant_id, subject_kind, subject_id, name, value, text, number, valid_from, received_at, message_id, origin)
SELECT %(tenant_id)s, r.kind, r.id, r.name, r.value, r.text, r.number, r.ts, r.received, r.mid, r.origin
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(kind smallint, id bigint, name text, value jsonb, text text,
    number numeric, ts timestamptz, received timestamptz, mid text, once boolean, origin smallint)
WHERE NOT r.once OR NOT EXISTS (
    SELECT FROM ingestion_traitvalue t
    WHERE t.tenant_id = %(tenant_id)s AND t.subject_kind = r.kind AND t.subject_id = r.id AND t.name = r.name)
ON CONFLICT DO NOTHING
"""
_LATEST = """
SELECT r.id, r.name, t.value, t.valid_from, t.message_id
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(id bigint, name text)
CROSS JOIN LATERAL (
    SELECT value, valid_from, message_id FROM ingestion_traitvalue
    WHERE tenant_id = %(tenant_id)s AND subject_kind = %(kind)s AND subject_id = r.id AND name = r.name
        AND NOT is_shadowed
    ORDER BY valid_from DESC, message_id COLLATE "C" DESC LIMIT 1) t
"""
_PERSONS = """
SELECT p.id, p.traits, p.exclusion, i.id, i.kind, i.value
FROM ingestion_person p LEFT JOIN ingestion_identity i ON i.tenant_id = %(tenant_id)s AND i.person_id = p.id
WHERE p.tenant_id = %(tenant_id)s AND p.id = ANY(%(ids)s::bigint[])
"""
_ACCOUNTS = """
SELECT id, key, traits, exclusion FROM ingestion_account WHERE tenant_id = %(tenant_id)s AND id = ANY(%(ids)s::bigint[])
"""
_SHOW_PERSONS = """
UPDATE ingestion_person p
SET traits = r.traits, label = r.label, email = r.email, search = r.search, exclusion = r.exclusion
FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS r(id bigint, traits jsonb, label text, email text, search text, exclusion smallint)
WHERE p.tenant_id = %(tenant_id)s AND p.id = r.id
"""
_SHOW_ACCOUNTS = """
UPDATE ingestion_account a SET traits = r.traits, name = r.label, search = r.search, exclusion = r.exclusion
FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS r(id bigint, traits jsonb, label text, search text, exclusion smallint)
WHERE a.tenant_id = %(tenant_id)s AND a.id = r.id
"""


def remember_traits(
    arrivals: Iterable[Arrival], identities: Mapping[Node, Known], accounts: Mapping[str, int]
) -> tuple[Names, Names]:
    """Add the traits of the messages to history. Returns the names set, by person and by account."""
    rows: list[dict[str, Any]] = []
    said: set[tuple[int, int, str]] = set()
    of_persons: Names = {}
    of_accounts: Names = {}
    for arrival in arrivals:
        message = arrival.message
        if not message.traits:
            continue
        if message.kind == Kind.GROUP:
            kind, subject_id = OF_ACCOUNT, accounts[str(message.group_id)]
            of_accounts.setdefault(subject_id, set()).update(message.traits)
        else:
            known = identities[arrival.actor]
            kind, subject_id = OF_IDENTITY, known.id
            of_persons.setdefault(known.person_id, set()).update(message.traits)
        rows += [
            _row(kind, subject_id, name, value, arrival)
            for name, value in message.traits.items()
            if name not in message.once or (kind, subject_id, name) not in said
        ]
        said.update((kind, subject_id, name) for name in message.traits)
    if rows:
        execute(_REMEMBER, rows=as_json(rows))
    return of_persons, of_accounts


def _row(kind: int, subject_id: int, name: str, value: Any, arrival: Arrival) -> dict[str, Any]:
    number = as_number(value)
    return {
        "kind": kind,
        "id": subject_id,
        "name": name,
        "value": value,
        "text": as_text(value),
        "number": None if number is None else str(number),
        "ts": arrival.message.ts,
        "received": arrival.request.received_at,
        "mid": arrival.message.message_id,
        "once": name in arrival.message.once,
        "origin": arrival.request.origin,
    }


def show_persons(changed: Names, moved: Collection[int], rules: Rules) -> set[int]:
    """Bring traits, label, e-mail, search and exclusion of persons up to date: the changed names only, but all of them
    where identities moved. Returns the ids of persons whose exclusion is another now."""
    rows = fetch(_PERSONS, ids=sorted(changed.keys() | set(moved)))
    stored = {id: (orjson.loads(traits), exclusion) for id, traits, exclusion, *_identity in rows}
    holders: dict[int, list[tuple[int, int, str]]] = {}
    for id, _traits, _exclusion, *identity in rows:
        if identity[0] is not None:  # else its identities went to another person; its traits tell their names
            holders.setdefault(id, []).append(tuple(identity))
    every_name = {name for id in moved if id in stored for name in stored[id][0]}
    wanted = {id: changed.get(id, set()) | (every_name if id in moved else set()) for id in holders}
    mark_shadowed(OF_IDENTITY, {id: [each[0] for each in held] for id, held in holders.items()}, wanted)
    latest = _latest(OF_IDENTITY, {each[0]: wanted[id] for id, held in holders.items() for each in held})
    shown, flipped = [], set()
    for id, held in holders.items():
        before, exclusion_before = stored[id]
        subjects = [identity for identity, _kind, _value in held]
        traits = _merged({} if id in moved else before, wanted[id], subjects, latest)
        user_ids = [value for _identity, kind, value in held if kind == USER]
        look = profile.of_person(user_ids, traits)
        exclusion = of_person(user_ids=user_ids, email=look.email, traits=traits, rules=rules)
        if exclusion != exclusion_before:
            flipped.add(id)
        shown.append({"id": id, "traits": traits, "exclusion": exclusion, **asdict(look)})
    if shown:
        execute(_SHOW_PERSONS, rows=as_json(shown))
    return flipped


def show_accounts(changed: Names, rules: Rules) -> set[int]:
    """Bring the changed traits, name, search and exclusion of accounts up to date. Returns the ids of accounts whose
    exclusion is another now."""
    mark_shadowed(OF_ACCOUNT, {id: [id] for id in changed}, changed)
    latest = _latest(OF_ACCOUNT, changed)
    shown, flipped = [], set()
    for id, key, before, exclusion_before in fetch(_ACCOUNTS, ids=sorted(changed)):
        traits = _merged(orjson.loads(before), changed[id], [id], latest)
        exclusion = of_account(key=key, traits=traits, rules=rules)
        if exclusion != exclusion_before:
            flipped.add(id)
        shown.append(
            {"id": id, "traits": traits, "exclusion": exclusion, **asdict(profile.of_account(key, traits))}
        )
    if shown:
        execute(_SHOW_ACCOUNTS, rows=as_json(shown))
    return flipped


def _latest(kind: int, names: Names) -> dict[tuple[int, str], Latest]:
    """The latest value of each trait of each subject, as (valid from, message id, value)."""
    asked = [{"id": id, "name": name} for id, wanted in names.items() for name in wanted]
    if not asked:
        return {}
    return {
        (id, name): (ts, message_id, None if value is None else orjson.loads(value))
        for id, name, value, ts, message_id in fetch(_LATEST, kind=kind, rows=as_json(asked))
    }


def _merged(
    base: dict[str, Any],
    names: Iterable[str],
    subjects: list[int],
    latest: Mapping[tuple[int, str], Latest],
) -> dict[str, Any]:
    """`base` with the latest value over all subjects of each name. An emptied trait stays as null."""
    traits = dict(base)
    for name in names:
        values = [latest[subject, name] for subject in subjects if (subject, name) in latest]
        if values:
            traits[name] = max(values, key=lambda value: value[:2])[2]
    return traits
