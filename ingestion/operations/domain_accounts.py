"""Accounts by e-mail domain, for products that name no groups: while it is switched on, a user who is in no account by
the product's word belongs to the one of their e-mail's domain, and so does what they did, past and future.

Only the user id's own activity moves, never an event: what is derived is marked, and drawn again whenever the e-mail,
the accounts or the switch say something else. So it does not matter in which order e-mail, events and group calls come.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from ingestion.models import DomainSweep, TraitValue
from ingestion.operations.accounts import make_accounts
from ingestion.operations.activity import Stored
from ingestion.operations.locks import lock_history
from ingestion.operations.marks import exclusion_rules, mark_persons_again
from ingestion.operations.suppression import suppressed
from ingestion.operations.touched import ACCOUNT, PERSON, Subject, touch
from ingestion.operations.traits import show_accounts
from ingestion.queries.sql import by_column, execute, fetch
from ingestion.rules.domains import company_domain
from ingestion.rules.suppression import ACCOUNT as ACCOUNT_NAME
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.models import Tenant
from tenants.operations import set_accounts_from_email
from tenants.queries import get_tenant
from tenants.work import wake

SLICE = 500  # persons with their activity: about a second, because folding waits for it

_USERS = """
SELECT i.id, p.id, p.email, p.first_seen_at, p.last_seen_at, d.account_id, EXISTS (
    SELECT FROM ingestion_accountmembership m
    WHERE m.tenant_id = %(tenant_id)s AND m.identity_id = i.id AND NOT m.is_derived)
FROM ingestion_identity i
JOIN ingestion_person p ON p.tenant_id = %(tenant_id)s AND p.id = i.person_id
LEFT JOIN ingestion_accountmembership d
    ON d.tenant_id = %(tenant_id)s AND d.identity_id = i.id AND d.is_derived
WHERE i.tenant_id = %(tenant_id)s AND i.kind = 1 AND i.person_id = ANY(%(persons)s::bigint[])
"""
# By its key, or by what its trait says; the key goes first.
_ACCOUNTS = """
SELECT d.name, a.id, a.key = d.name FROM unnest(%(domains)s::text[]) AS d(name)
JOIN ingestion_account a ON a.tenant_id = %(tenant_id)s AND (a.key = d.name OR a.traits ->> 'domain' = d.name)
"""
_LEAVE = """
DELETE FROM ingestion_accountmembership
WHERE tenant_id = %(tenant_id)s AND is_derived AND identity_id = ANY(%(ids)s::bigint[])
"""
_JOIN = """
INSERT INTO ingestion_accountmembership (tenant_id, identity_id, account_id, valid_from, is_derived)
SELECT %(tenant_id)s, r.identity, r.account, r.since, true
FROM unnest(%(identity)b::bigint[], %(account)b::bigint[], %(since)b::timestamptz[]) AS r(identity, account, since)
"""
_MOVE = """
UPDATE ingestion_activity c SET account_id = r.account, is_derived = r.account IS NOT NULL
FROM unnest(%(identity)b::bigint[], %(account)b::bigint[]) AS r(identity, account)
WHERE c.tenant_id = %(tenant_id)s AND c.identity_id = r.identity AND (c.is_derived OR c.account_id IS NULL)
"""
_DERIVED = """
SELECT identity_id, account_id FROM ingestion_accountmembership
WHERE tenant_id = %(tenant_id)s AND is_derived AND identity_id = ANY(%(ids)s::bigint[])
"""
_NEXT = """
SELECT id FROM ingestion_person WHERE tenant_id = %(tenant_id)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
"""
_TOTAL = "SELECT count(*) FROM ingestion_person WHERE tenant_id = %(tenant_id)s"


class User(NamedTuple):
    """A user id: its person, and the account it was given by e-mail; is_member: it has one by the product's word."""

    identity_id: int
    person_id: int
    email: str
    first_seen_at: datetime
    last_seen_at: datetime
    derived: int | None
    is_member: bool


@transaction.atomic
def switch_accounts_from_email(*, is_on: bool, by: Actor, now: datetime) -> None:
    """Begin or stop giving users the account of their e-mail's domain. Who is here follows in the background."""
    lock_history()
    if set_accounts_from_email(is_on=is_on, by=by, now=now):
        afresh = {"requested_at": now, "done_id": 0, "persons_done": 0, "persons_total": None}
        DomainSweep.objects.update_or_create(defaults=afresh)
        wake(tenant_id=current_tenant_id(), kind="mark", at=now)


@transaction.atomic
def sweep_domain_accounts(*, now: datetime) -> bool:
    """Place a slice of persons as the switch says now. Returns whether there is more to do: call again in a new
    transaction. Goes on where the last committed slice ended."""
    lock_history()
    sweep = DomainSweep.objects.select_for_update().first()
    if sweep is None:
        return False
    if sweep.persons_total is None:
        sweep.persons_total = fetch(_TOTAL)[0][0]
    ids = [row[0] for row in fetch(_NEXT, after=sweep.done_id, limit=SLICE)]
    touch(_place(ids, is_on=get_tenant(current_tenant_id()).accounts_from_email), at=now)
    if len(ids) < SLICE:
        sweep.delete()
        return False
    sweep.done_id = ids[-1]
    sweep.persons_done += len(ids)
    sweep.save()
    return True


def place_by_domain(persons: Collection[int], tenant: Tenant, joined: Collection[int] = ()) -> set[Subject]:
    """Give the users of these persons the account that their e-mail says, if any. joined: identities that the product
    has put into an account just now. Returns whose scores that concerns. Call it under the history lock."""
    return _place(persons, is_on=True, joined=joined) if tenant.accounts_from_email else set()


def derived_accounts(events: Iterable[Stored], tenant: Tenant) -> dict[int, int]:
    """By identity, the account of those of these events that name none. 1 query, none while it is switched off."""
    if not tenant.accounts_from_email:
        return {}
    ids = {event.identity_id for event in events if event.account_id is None}
    return dict(fetch(_DERIVED, ids=list(ids))) if ids else {}


def _place(persons: Collection[int], *, is_on: bool, joined: Collection[int] = ()) -> set[Subject]:
    users = [User(*row) for row in fetch(_USERS, persons=sorted(persons))] if persons else []
    wanted = _wanted(users) if is_on else {}
    moved = [
        user
        for user in users
        if user.derived != wanted.get(user.identity_id) or (user.identity_id in joined and user.is_member)
    ]
    if not moved:
        return set()
    ids = [user.identity_id for user in moved]
    execute(_LEAVE, ids=ids)
    rows = [(user.identity_id, wanted.get(user.identity_id), user.first_seen_at) for user in moved]
    if placed := [row for row in rows if row[1] is not None]:
        execute(_JOIN, **by_column("identity account since", placed))
    execute(_MOVE, **by_column("identity account", (row[:2] for row in rows)))
    accounts = {user.derived for user in moved} | {row[1] for row in rows}
    touched = {(PERSON, user.person_id) for user in moved} | {
        (ACCOUNT, id) for id in accounts if id is not None
    }
    return touched | mark_persons_again((), ids)


def _wanted(users: Iterable[User]) -> dict[int, int]:
    """By identity, the account of its e-mail's domain."""
    domains = {
        user.identity_id: domain
        for user in users
        if not user.is_member and (domain := company_domain(user.email)) is not None
    }
    if not domains:
        return {}
    spans: dict[str, tuple[datetime, datetime]] = {}
    for user in users:
        if domain := domains.get(user.identity_id):
            first, last = spans.get(domain, (user.first_seen_at, user.last_seen_at))
            spans[domain] = (min(first, user.first_seen_at), max(last, user.last_seen_at))
    accounts = _accounts_of(spans)
    return {identity: accounts[domain] for identity, domain in domains.items() if domain in accounts}


def _accounts_of(spans: Mapping[str, tuple[datetime, datetime]]) -> dict[str, int]:
    """The account of each domain: the one with that key, the only one with that domain, or a new one. None where
    several have the domain, and none where it was erased."""
    by_key: dict[str, int] = {}
    by_trait: dict[str, set[int]] = {}
    for domain, id, is_key in fetch(_ACCOUNTS, domains=list(spans)):
        if is_key:
            by_key[domain] = id
        by_trait.setdefault(domain, set()).add(id)
    found = {domain: min(ids) for domain, ids in by_trait.items() if len(ids) == 1} | by_key
    unknown = spans.keys() - by_trait.keys()
    kept_out = (
        {key for _kind, key in suppressed((ACCOUNT_NAME, domain) for domain in unknown)} if unknown else set()
    )
    return found | _make({domain: spans[domain] for domain in unknown - kept_out})


def _make(spans: Mapping[str, tuple[datetime, datetime]]) -> dict[str, int]:
    if not spans:
        return {}
    rules = exclusion_rules()
    made = make_accounts(spans, rules)
    TraitValue.objects.bulk_create(
        TraitValue(
            subject_kind=TraitValue.Subject.ACCOUNT,
            subject_id=id,
            name="domain",
            value=domain,
            text=domain,
            valid_from=spans[domain][0],
            received_at=spans[domain][0],
            message_id="e-mail domain",
        )
        for domain, id in made.items()
    )
    show_accounts({id: {"domain"} for id in made.values()}, rules)
    return made
