"""Writes messages into a tenant's history: one way for the fold and for imports.

Everything for a slice of messages is one transaction: the keys that tell duplicates, identities, links, accounts,
memberships, traits, events, activity, who was touched. One slice at a time per tenant, so that the map of persons is
never drawn twice at once and no two slices can deadlock. What is stored does not depend on how messages are cut into
slices or in which order they come, with one exception that is meant: the account of an event that names none is decided
when it is stored.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import DataError, OperationalError, transaction

from ingestion.operations.accounts import account_of, join_accounts, memberships_of, resolve_accounts
from ingestion.operations.activity import Place, Stored, count_events, load_matchers, store_events
from ingestion.operations.arrivals import Arrival, drop_duplicates
from ingestion.operations.catalogue import note_events
from ingestion.operations.domain_accounts import derived_accounts, place_by_domain
from ingestion.operations.environments import sources_not_in_production
from ingestion.operations.governance import govern
from ingestion.operations.identity import Known, resolve_identities
from ingestion.operations.locks import lock_history
from ingestion.operations.marketing import note_touches
from ingestion.operations.marks import exclusion_rules, mark_accounts_again, mark_persons_again
from ingestion.operations.plan_facts import note_plans
from ingestion.operations.received import count_received
from ingestion.operations.regroup import Move
from ingestion.operations.suppression import drop_suppressed
from ingestion.operations.touched import ACCOUNT, PERSON, Cause, Subject, touch
from ingestion.operations.traits import remember_traits, show_accounts, show_persons
from ingestion.queries.sql import by_column, execute
from ingestion.rules.exclusion import Rules
from ingestion.rules.links import Node
from ingestion.rules.types import Kind, Rejection
from tenants.context import current_tenant_id
from tenants.queries import get_tenant

CONFLICTS = ("40001", "40P01")  # with work that is not ours: serialisation failure, deadlock
ATTEMPTS = 3
Span = dict[int, tuple[datetime, datetime]]  # id -> first and last event time

_SEEN = """
UPDATE {table} s SET first_seen_at = LEAST(s.first_seen_at, r.first), last_seen_at = GREATEST(s.last_seen_at, r.last)
FROM unnest(%(id)b::bigint[], %(first)b::timestamptz[], %(last)b::timestamptz[]) AS r(id, first, last)
WHERE s.tenant_id = %(tenant_id)s AND s.id = r.id
    AND (s.first_seen_at IS NULL OR r.first < s.first_seen_at OR r.last > s.last_seen_at)
"""
_SEEN_PERSONS = _SEEN.format(table="ingestion_person")
_SEEN_ACCOUNTS = _SEEN.format(table="ingestion_account")
_SEEN_IDENTITIES = _SEEN.format(table="ingestion_identity")


Adding = Callable[[Sequence[Arrival], Rules, datetime], "Added"]


@dataclass
class Added:
    """What a slice added to history. `poisoned` are the messages the database refuses, with its words; `held` are those
    that the tracking plan of their source keeps out."""

    events: int = 0
    duplicates: int = 0
    activity: int = 0
    poisoned: list[tuple[Arrival, str]] = field(default_factory=list)
    held: list[tuple[Arrival, Rejection]] = field(default_factory=list)

    def __iadd__(self, other: "Added") -> "Added":
        self.events += other.events
        self.duplicates += other.duplicates
        self.activity += other.activity
        self.poisoned += other.poisoned
        self.held += other.held
        return self


def add_to_history(arrivals: Sequence[Arrival], *, score_at: datetime) -> Added:
    """Store messages, once each, in the caller's transaction, and wake scoring at `score_at` for whom they
    concern. A message that the database cannot take is found by halving and reported; the others land."""
    if not arrivals:
        return Added()
    return _add_all(arrivals, _add, score_at)


def add_traits(arrivals: Sequence[Arrival], *, score_at: datetime) -> Added:
    """Only what these identify and group messages tell about persons and accounts: no event happened, and who is named
    beside an account does not become its member. As add_to_history in all else."""
    return _add_all(arrivals, _add_told, score_at) if arrivals else Added()


def _add_all(arrivals: Sequence[Arrival], add: Adding, score_at: datetime) -> Added:
    lock_history()
    arrivals = drop_suppressed(arrivals)
    # Asked under the lock: a rule added since the messages were read has marked only whom it found.
    rules = exclusion_rules()
    past = [arrival for arrival in arrivals if arrival.is_historical]
    if not past:
        return _add_or_halve(arrivals, add, rules, score_at)
    added = _add_or_halve(past, add, rules, score_at)
    if live := [arrival for arrival in arrivals if not arrival.is_historical]:
        added += _add_or_halve(live, add, rules, score_at)
    return added


def _add_or_halve(
    arrivals: Sequence[Arrival], add: Adding, rules: Rules, score_at: datetime, attempt: int = 1
) -> Added:
    try:
        with transaction.atomic():
            return add(arrivals, rules, score_at)
    except (DataError, OperationalError, ValueError, OverflowError) as error:
        if _sqlstate(error) in CONFLICTS and attempt < ATTEMPTS:
            return _add_or_halve(arrivals, add, rules, score_at, attempt + 1)
        if not _is_poison(error):
            raise
        if len(arrivals) == 1:
            return Added(poisoned=[(arrivals[0], " ".join(str(error).split())[:500])])
    middle = len(arrivals) // 2
    added = _add_or_halve(arrivals[:middle], add, rules, score_at)
    added += _add_or_halve(arrivals[middle:], add, rules, score_at)
    return added


def _is_poison(error: Exception) -> bool:
    """True for errors that come from what a message holds, false for those of the server or the connection."""
    if isinstance(error, OperationalError):
        return _sqlstate(error).startswith("54")  # a limit: an index row too large, a structure too deep
    return True


def _sqlstate(error: Exception) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""


def _add(arrivals: Sequence[Arrival], rules: Rules, score_at: datetime) -> Added:
    """Messages that are all historical, or none of them."""
    fresh = drop_duplicates(arrivals)
    tenant = get_tenant(current_tenant_id())
    zone = tenant.zone
    duplicates = len(arrivals) - len(fresh)
    fresh, held = govern(fresh, zone)
    if not fresh:
        return Added(duplicates=duplicates, held=held)
    identities, moves = resolve_identities(fresh, rules)
    accounts = resolve_accounts(fresh, rules)
    joined = join_accounts(fresh, identities, accounts)
    others = sources_not_in_production()
    told = _believed(fresh, others)
    touched = _learn(told, identities, accounts, moves, rules)
    person_of = {known.id: known.person_id for known in identities.values()}
    persons = _persons_of(identities, moves)
    touched |= place_by_domain(persons, tenant, [identity_id for identity_id, _account in joined])
    events = store_events(fresh, _places(fresh, identities, accounts))
    derived = derived_accounts(events, tenant)
    matched, counted = count_events(events, load_matchers(), zone, others, derived)
    _extend_spans(events, person_of, derived)
    touched |= note_plans(told, [event for event in events if event.source_id not in others], zone)
    touched |= note_touches(
        (event.identity_id, arrival)
        for arrival, event in zip(fresh, events, strict=True)
        if not event.exclusion and event.source_id not in others
    )
    touched |= {(PERSON, person_of[identity_id]) for identity_id, _account in joined}
    touched |= {(ACCOUNT, account_id) for _identity, account_id in joined}
    touched |= {(PERSON, person_of[event.identity_id]) for event in matched}
    touched |= {
        (ACCOUNT, account) for event in matched if (account := _account_in(event, derived)) is not None
    }
    touch(touched, at=score_at, cause=Cause.HISTORICAL if arrivals[0].is_historical else Cause.LIVE)
    note_events(fresh, zone)
    count_received(fresh)
    return Added(events=len(fresh), duplicates=duplicates, activity=counted, held=held)


def _add_told(arrivals: Sequence[Arrival], rules: Rules, score_at: datetime) -> Added:
    fresh = drop_duplicates(arrivals)
    if not fresh:
        return Added(duplicates=len(arrivals))
    about_accounts = [arrival for arrival in fresh if arrival.message.kind == Kind.GROUP]
    about_persons = [arrival for arrival in fresh if arrival.message.kind != Kind.GROUP]
    identities, moves = resolve_identities(about_persons, rules) if about_persons else ({}, [])
    others = sources_not_in_production()
    told = _believed(fresh, others)
    touched = _learn(told, identities, resolve_accounts(about_accounts, rules), moves, rules)
    touched |= place_by_domain(_persons_of(identities, moves), get_tenant(current_tenant_id()))
    touched |= note_touches(
        (identities[arrival.actor].id, arrival)
        for arrival in _believed(about_persons, others)
        if not arrival.exclusion
    )
    touch(touched, at=score_at, cause=Cause.HISTORICAL if arrivals[0].is_historical else Cause.LIVE)
    return Added(events=len(fresh), duplicates=len(arrivals) - len(fresh))


def _believed(arrivals: Sequence[Arrival], others: Collection[UUID]) -> Sequence[Arrival]:
    """Those from production: the others teach nothing about persons and accounts, a file of traits neither."""
    return (
        [arrival for arrival in arrivals if arrival.request.source_id not in others] if others else arrivals
    )


def _places(
    arrivals: Sequence[Arrival], identities: Mapping[Node, Known], accounts: Mapping[str, int]
) -> list[Place]:
    """The identity and the account of each event."""
    ids = [identities[arrival.actor].id for arrival in arrivals]
    unnamed = {id for id, arrival in zip(ids, arrivals, strict=True) if arrival.message.group_id is None}
    memberships = memberships_of(unnamed)
    return [
        (id, account_of(arrival, id, accounts, memberships))
        for id, arrival in zip(ids, arrivals, strict=True)
    ]


def _learn(
    arrivals: Sequence[Arrival],
    identities: Mapping[Node, Known],
    accounts: Mapping[str, int],
    moves: Sequence[Move],
    rules: Rules,
) -> set[Subject]:
    """Traits, what persons and accounts look like with them, and whether they count. Returns whom that concerns."""
    of_persons, of_accounts = remember_traits(arrivals, identities, accounts)
    moved = {person_id for move in moves for person_id in (move.old_person_id, move.new_person_id)}
    flipped = show_persons(of_persons, moved, rules)
    touched = {(PERSON, id) for id in moved | of_persons.keys()} | {(ACCOUNT, id) for id in of_accounts}
    touched |= mark_accounts_again(show_accounts(of_accounts, rules))
    return touched | mark_persons_again(flipped, [move.identity_id for move in moves], moved)


def _persons_of(identities: Mapping[Node, Known], moves: Sequence[Move]) -> set[int]:
    moved = {person_id for move in moves for person_id in (move.old_person_id, move.new_person_id)}
    return moved | {known.person_id for known in identities.values()}


def _account_in(event: Stored, derived: Mapping[int, int]) -> int | None:
    return event.account_id or derived.get(event.identity_id)


def _extend_spans(events: Iterable[Stored], person_of: Mapping[int, int], derived: Mapping[int, int]) -> None:
    """First and last seen of identities, persons and accounts, by event time."""
    identities: Span = {}
    persons: Span = {}
    accounts: Span = {}
    for event in events:
        _widen(identities, event.identity_id, event.ts)
        if (account := _account_in(event, derived)) is not None:
            _widen(accounts, account, event.ts)
    for id, (first, last) in identities.items():
        _widen(persons, person_of[id], first)
        _widen(persons, person_of[id], last)
    seen = ((_SEEN_IDENTITIES, identities), (_SEEN_PERSONS, persons), (_SEEN_ACCOUNTS, accounts))
    for statement, spans in seen:
        execute(statement, **by_column("id first last", ((id, *span) for id, span in spans.items())))


def _widen(spans: Span, id: int, ts: datetime) -> None:
    first, last = spans.get(id, (ts, ts))
    spans[id] = (min(first, ts), max(last, ts))
