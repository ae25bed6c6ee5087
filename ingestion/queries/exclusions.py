"""Whom the rules about clean data mark, or would mark, and why."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ingestion.models import (
    Account,
    AccountMembership,
    ExclusionRule,
    ExclusionSweep,
    Identity,
    Person,
    Touched,
)
from ingestion.models.events import Exclusion
from ingestion.queries.browse import trait_values_seen
from ingestion.queries.showing import glass
from ingestion.queries.sql import fetch
from ingestion.queries.subjects import subject_labels
from ingestion.rules.exclusion import (
    CLIENT_SIDE,
    Reason,
    Rules,
    is_inside,
    is_named_agent,
    rules_from,
    split_trait,
    why_account,
    why_person,
)
from tenants.models import Source

Kind = ExclusionRule.Kind
ACCOUNT_KINDS = (Kind.ACCOUNT_KEY, Kind.ACCOUNT_TRAIT)
EVENT_KINDS = (Kind.NETWORK, Kind.USER_AGENT)
MOST = 10_000  # subjects that a page counts; beyond it says "more than"
EVENTS_LOOKED_AT = 10_000
EXAMPLES = 5

# The same tests as ingestion.rules.exclusion makes, on `s`, a row of the table, and `r`, a name and a value.
_TRAIT = """CASE jsonb_typeof(s.traits -> r.name)
    WHEN 'number' THEN (s.traits ->> r.name)::numeric
        = CASE WHEN r.value ~ '^-?[0-9]{1,29}([.][0-9]{1,9})?$' THEN r.value::numeric END
    WHEN 'string' THEN lower(s.traits ->> r.name) = r.value
    WHEN 'boolean' THEN s.traits ->> r.name = r.value
    ELSE false END"""
_TESTS: dict[str, str] = {
    Kind.EMAIL_DOMAIN: """s.merged_into_id IS NULL AND s.email <> '' AND
        right('.' || substring(lower(s.email) FROM '[^@]*$'), length(r.value) + 1) = '.' || r.value""",
    Kind.USER_ID: """s.id = (SELECT person_id FROM ingestion_identity i
        WHERE i.tenant_id = %(tenant_id)s AND i.kind = 1 AND i.value = r.value)""",
    Kind.ACCOUNT_KEY: "s.key = r.value",
    Kind.PERSON_TRAIT: f"s.merged_into_id IS NULL AND {_TRAIT}",
    Kind.ACCOUNT_TRAIT: _TRAIT,
}
_NAMED = """
SELECT s.id FROM {table} s CROSS JOIN (SELECT %(name)s::text AS name, %(value)s::text AS value) r
WHERE s.tenant_id = %(tenant_id)s AND s.id > %(after)s AND {test}
ORDER BY s.id LIMIT %(limit)s
"""
_COUNT = """
SELECT count(*) FROM {table} s CROSS JOIN (SELECT %(name)s::text AS name, %(value)s::text AS value) r
WHERE s.tenant_id = %(tenant_id)s AND {test}
"""
_MARKED = """
SELECT r.id, (SELECT count(*) FROM (
    SELECT FROM {table} s WHERE s.tenant_id = %(tenant_id)s AND s.exclusion <> 0 AND {test} LIMIT %(most)s) found)
FROM unnest(%(ids)s::uuid[], %(names)s::text[], %(values)s::text[]) AS r(id, name, value)
"""
_SENDERS = """
SELECT source_id, context ->> 'userAgent', context ->> 'ip', exclusion, count(*), max(received_at)
FROM (
    SELECT source_id, context, exclusion, received_at FROM ingestion_event
    WHERE tenant_id = %(tenant_id)s ORDER BY id DESC LIMIT %(limit)s) newest
GROUP BY 1, 2, 3, 4
"""


COMPARED = 5_000  # of the newest values, with one that was mistyped


@dataclass(frozen=True)
class Marked:
    """How many a rule marks at present. is_all: False when there are more than were counted."""

    number: int
    is_all: bool = True


@dataclass(frozen=True)
class RuleRow:
    """A rule in the list, with whom it marks: persons, accounts or, of the newest EVENTS_LOOKED_AT, events."""

    rule: ExclusionRule
    marked: Marked


@dataclass(frozen=True)
class Sender:
    """Who sent some of the newest events, as far as the events themselves say."""

    is_client: bool
    user_agent: str | None
    ip: str | None
    exclusion: int
    events: int
    last_at: datetime


@dataclass(frozen=True)
class Caught:
    """A user agent that the built-in list of bots has marked lately."""

    user_agent: str
    events: int
    last_at: datetime


@dataclass(frozen=True)
class Reach:
    """Whom a rule names. `elsewhere`: the accounts of its persons, or the persons of its accounts. `changed`: how many
    would count no longer, or again when it is deleted. `events`, of the newest `looked_at`: for rules about events."""

    is_account: bool = False
    number: int = 0
    is_all: bool = True
    changed: int = 0
    elsewhere: int = 0
    examples: Sequence[tuple[int, str]] = ()
    events: int | None = None
    looked_at: int = 0

    @property
    def is_nobody(self) -> bool:
        """No subject and no event is named so far."""
        return not self.number and not self.events


def named_by(kind: str, value: str, *, after: int = 0, limit: int) -> list[int]:
    """Ids of the persons or accounts a rule names, in their order. 1 query."""
    statement = _NAMED.format(table=_table(kind), test=_TESTS[kind])
    name, wanted = _name_and_value(kind, value)
    return [row[0] for row in fetch(statement, name=name, value=wanted, after=after, limit=limit)]


def count_named(kind: str, value: str) -> int:
    """How many persons or accounts a rule names. Reads them all: for background work."""
    name, wanted = _name_and_value(kind, value)
    return int(fetch(_COUNT.format(table=_table(kind), test=_TESTS[kind]), name=name, value=wanted)[0][0])


def rule_rows() -> list[RuleRow]:
    """All rules by kind, the newest of a kind first, with whom they mark. 1 query, 1 for each kind, 2 for events."""
    order = {kind: place for place, kind in enumerate(Kind.values)}
    rules = sorted(ExclusionRule.objects.order_by("-created_at"), key=lambda rule: order[rule.kind])
    marked: dict[UUID, Marked] = {}
    for kind in _TESTS:
        marked |= _marked_by(kind, [rule for rule in rules if rule.kind == kind])
    about_events = [rule for rule in rules if rule.is_about_events]
    senders = recent_senders() if about_events else []
    for rule in about_events:
        marked[rule.pk] = Marked(_events_of(rule.kind, rule.value, senders))
    return [RuleRow(rule, marked[rule.pk]) for rule in rules]


def open_sweeps() -> list[ExclusionSweep]:
    """Rules whose persons or accounts are being marked again."""
    return list(ExclusionSweep.objects.order_by("pk"))


def recent_senders() -> list[Sender]:
    """Who sent the newest EVENTS_LOOKED_AT events. 2 queries."""
    kinds = dict(Source.objects.values_list("pk", "kind"))
    rows = fetch(_SENDERS, limit=EVENTS_LOOKED_AT)
    return [Sender(kinds.get(source_id) in CLIENT_SIDE, *rest) for source_id, *rest in rows]


def caught_bots(senders: Iterable[Sender], *, limit: int = 10) -> list[Caught]:
    """What the built-in list of bots marked among these, the most frequent first."""
    found: dict[str, Caught] = {}
    for sender in senders:
        if sender.exclusion == Exclusion.BOT:
            name = sender.user_agent or ""
            before = found.get(name, Caught(name, 0, sender.last_at))
            found[name] = Caught(name, before.events + sender.events, max(before.last_at, sender.last_at))
    return sorted(found.values(), key=lambda row: (-row.events, row.user_agent))[:limit]


def reach_of(kind: str, value: str) -> Reach:
    """Whom a rule would mark if it was added now. The value is clean. At most 5 queries."""
    if kind in EVENT_KINDS:
        return _reach_of_events(kind, value)
    ids = named_by(kind, value, limit=MOST + 1)
    counting = _model(kind).objects.filter(pk__in=ids, exclusion=Exclusion.NONE).count()
    return _reach(kind, ids, changed=counting)


def close_values(kind: str, value: str, *, limit: int = 3) -> list[str]:
    """Values that a rule which names nobody may have meant, the closest first. At most 1 query."""
    if kind in EVENT_KINDS:
        return []
    if kind in (Kind.PERSON_TRAIT, Kind.ACCOUNT_TRAIT):
        return _close_traits(_model(kind), *split_trait(value), limit)
    if kind == Kind.EMAIL_DOMAIN:
        emails = Person.objects.exclude(email="").order_by("-last_seen_at").values_list("email", flat=True)
        known = {email.lower().rpartition("@")[2]: "" for email in emails[:COMPARED]}
        by_lower = {domain: domain for domain in known}
    elif kind == Kind.USER_ID:
        users = (
            Identity.objects.filter(kind=Identity.Kind.USER).order_by("-pk").values_list("value", flat=True)
        )
        by_lower = {each.lower(): each for each in users[:COMPARED]}
    else:
        accounts = Account.objects.order_by("-last_seen_at").values_list("key", "name")[:COMPARED]
        by_lower = {word.lower(): key for key, name in accounts for word in (name, key) if word}
    found = difflib.get_close_matches(value.lower(), by_lower, n=limit, cutoff=0.6)
    return list(dict.fromkeys(by_lower[each] for each in found))


def released_by(rule: ExclusionRule) -> Reach:
    """Who counts again when the rule is deleted: `changed` are those that no other rule names."""
    if rule.is_about_events:
        return _reach_of_events(rule.kind, rule.value)
    ids = named_by(rule.kind, rule.value, limit=MOST + 1)
    others = rules_from(ExclusionRule.objects.exclude(pk=rule.pk).values_list("kind", "value"))
    reasons = _reasons(rule.kind in ACCOUNT_KINDS, ids, others)
    return _reach(rule.kind, ids, changed=sum(not found for found in reasons.values()))


def why_excluded(kind: int, id: int) -> list[str]:
    """The rules that mark a person or account (Touched.Kind), in words."""
    rules = rules_from(ExclusionRule.objects.values_list("kind", "value"))
    found = _reasons(kind == Touched.Kind.ACCOUNT, [id], rules)
    return [f"{_in_words(kind)} {value}" for kind, value in found.get(id, [])]


def _in_words(kind: str) -> str:
    label = str(Kind(kind).label)
    return label[0].lower() + label[1:]


def _table(kind: str) -> str:
    return "ingestion_account" if kind in ACCOUNT_KINDS else "ingestion_person"


def _model(kind: str) -> Any:
    return Account if kind in ACCOUNT_KINDS else Person


def _name_and_value(kind: str, value: str) -> tuple[str, str]:
    return split_trait(value) if kind in (Kind.PERSON_TRAIT, Kind.ACCOUNT_TRAIT) else ("", value)


def _marked_by(kind: str, rules: Sequence[ExclusionRule]) -> dict[UUID, Marked]:
    if not rules:
        return {}
    names, values = zip(*(_name_and_value(kind, rule.value) for rule in rules), strict=True)
    statement = _MARKED.format(table=_table(kind), test=_TESTS[kind])
    ids = [rule.pk for rule in rules]
    rows = fetch(statement, ids=ids, names=list(names), values=list(values), most=MOST + 1)
    return {id: Marked(min(number, MOST), number <= MOST) for id, number in rows}


def _close_traits(model: Any, name: str, value: str, limit: int) -> list[str]:
    """The trait with values that it has, or traits of a similar name."""
    seen = glass().values(trait_values_seen(model), of_person=model is Person)
    by_lower = {each.lower(): each for each in seen}
    for each in difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6):
        values = [text.lower() for text in seen[by_lower[each]]]
        wanted = [value] if value in values else difflib.get_close_matches(value, values, n=limit, cutoff=0.4)
        return [f"{by_lower[each]} = {text}" for text in (wanted or values)[:limit]]
    return []


def _events_of(kind: str, value: str, senders: Iterable[Sender]) -> int:
    rules = rules_from([(kind, value)])
    return sum(
        sender.events
        for sender in senders
        if is_inside(sender.ip, rules.networks)
        or (sender.is_client and is_named_agent(sender.user_agent, rules.user_agents))
    )


def _reach_of_events(kind: str, value: str) -> Reach:
    senders = recent_senders()
    looked_at = sum(sender.events for sender in senders)
    return Reach(events=_events_of(kind, value, senders), looked_at=looked_at)


def _reach(kind: str, ids: Sequence[int], *, changed: int) -> Reach:
    is_account = kind in ACCOUNT_KINDS
    memberships = AccountMembership.objects
    if is_account:
        rows = memberships.filter(account_id__in=ids).values("identity__person_id")
    else:
        rows = memberships.filter(identity__person_id__in=ids).values("account_id")
    names = subject_labels(Touched.Kind.ACCOUNT if is_account else Touched.Kind.PERSON, ids[:EXAMPLES])
    return Reach(
        is_account=is_account,
        number=min(len(ids), MOST),
        is_all=len(ids) <= MOST,
        changed=changed,
        elsewhere=rows.distinct().count() if ids else 0,
        examples=[(id, names[id]) for id in ids[:EXAMPLES] if id in names],
    )


def _reasons(is_account: bool, ids: Sequence[int], rules: Rules) -> dict[int, list[Reason]]:
    if is_account:
        accounts = Account.objects.filter(pk__in=ids).values_list("pk", "key", "traits")
        return {id: why_account(key=key, traits=traits, rules=rules) for id, key, traits in accounts}
    user_ids: dict[int, list[str]] = {}
    known = Identity.objects.filter(person_id__in=ids, kind=Identity.Kind.USER)
    for person_id, value in known.values_list("person_id", "value"):
        user_ids.setdefault(person_id, []).append(value)
    persons = Person.objects.filter(pk__in=ids).values_list("pk", "email", "traits")
    return {
        id: why_person(user_ids=user_ids.get(id, []), email=email, traits=traits, rules=rules)
        for id, email, traits in persons
    }
