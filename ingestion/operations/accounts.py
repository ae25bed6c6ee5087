"""From received group ids to accounts, and which account an event happened in."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from ingestion.operations.arrivals import Arrival
from ingestion.operations.identity import Known
from ingestion.queries.sql import as_json, by_column, fetch
from ingestion.rules import profile
from ingestion.rules.exclusion import Rules, of_account
from ingestion.rules.links import Node

Memberships = dict[int, dict[int, datetime]]  # identity id -> account id -> valid from

_FIND = (
    "SELECT key, id FROM ingestion_account WHERE tenant_id = %(tenant_id)s AND key = ANY(%(keys)s::text[])"
)
_CREATE = """
INSERT INTO ingestion_account (tenant_id, key, name, search, traits, exclusion, first_seen_at, last_seen_at)
SELECT %(tenant_id)s, r.key, '', r.search, '{}', r.exclusion, r.first, r.last
FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS r(key text, search text, exclusion smallint, first timestamptz, last timestamptz)
RETURNING key, id
"""
_MEMBERSHIPS = """
SELECT identity_id, account_id, valid_from FROM ingestion_accountmembership
WHERE tenant_id = %(tenant_id)s AND identity_id = ANY(%(ids)s::bigint[]) AND NOT is_derived
"""
# What was only derived from an e-mail is said now.
_JOIN = """
INSERT INTO ingestion_accountmembership (tenant_id, identity_id, account_id, valid_from)
SELECT %(tenant_id)s, r.identity, r.account, r.since
FROM unnest(%(identity)b::bigint[], %(account)b::bigint[], %(since)b::timestamptz[]) AS r(identity, account, since)
LEFT JOIN ingestion_accountmembership m
    ON m.tenant_id = %(tenant_id)s AND m.identity_id = r.identity AND m.account_id = r.account
WHERE m.id IS NULL OR r.since < m.valid_from OR m.is_derived
ON CONFLICT (tenant_id, identity_id, account_id) DO UPDATE SET valid_from = EXCLUDED.valid_from,
    is_derived = false
RETURNING identity_id, account_id
"""


def resolve_accounts(arrivals: Iterable[Arrival], rules: Rules) -> dict[str, int]:
    """Account ids by group id, for every group id named; unknown ones are made."""
    span: dict[str, tuple[datetime, datetime]] = {}
    for arrival in arrivals:
        key, ts = arrival.message.group_id, arrival.message.ts
        if key is not None:
            first, last = span.get(key, (ts, ts))
            span[key] = (min(first, ts), max(last, ts))
    if not span:
        return {}
    ids: dict[str, int] = dict(fetch(_FIND, keys=list(span)))
    return ids | make_accounts({key: span[key] for key in span.keys() - ids.keys()}, rules)


def make_accounts(spans: Mapping[str, tuple[datetime, datetime]], rules: Rules) -> dict[str, int]:
    """Accounts with these group ids, first and last seen then, that are not there yet. Returns their ids."""
    rows = [
        {
            "key": key,
            "search": profile.of_account(key, {}).search,
            "exclusion": of_account(key=key, traits={}, rules=rules),
            "first": first,
            "last": last,
        }
        for key, (first, last) in spans.items()
    ]
    return dict(fetch(_CREATE, rows=as_json(rows))) if rows else {}


def join_accounts(
    arrivals: Iterable[Arrival], identities: Mapping[Node, Known], accounts: Mapping[str, int]
) -> set[tuple[int, int]]:
    """An identity belongs to an account from its first event there. Returns the (identity, account) pairs that are new
    or began earlier than known."""
    since: dict[tuple[int, int], datetime] = {}
    for arrival in arrivals:
        message = arrival.message
        if message.group_id is not None:
            pair = (identities[arrival.actor].id, accounts[message.group_id])
            since[pair] = min(message.ts, since.get(pair, message.ts))
    if not since:
        return set()
    rows = ((*pair, ts) for pair, ts in since.items())
    return set(fetch(_JOIN, **by_column("identity account since", rows)))


def memberships_of(identity_ids: set[int]) -> Memberships:
    """Since when these identities belong to which accounts."""
    memberships: Memberships = {}
    if identity_ids:
        for identity_id, account_id, since in fetch(_MEMBERSHIPS, ids=list(identity_ids)):
            memberships.setdefault(identity_id, {})[account_id] = since
    return memberships


def account_of(
    arrival: Arrival, identity_id: int, accounts: Mapping[str, int], memberships: Memberships
) -> int | None:
    """The account the message names, else the only one its identity belonged to at that time, else None. Later
    knowledge never changes an event's account."""
    message = arrival.message
    if message.group_id is not None:
        return accounts[message.group_id]
    valid = [account for account, since in memberships.get(identity_id, {}).items() if since <= message.ts]
    return valid[0] if len(valid) == 1 else None
