"""What is said about the plans of accounts: by messages as they are folded, by history when a rule is made, by the
API."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.models import Account, PlanFact, PlanRule
from ingestion.operations.activity import Stored
from ingestion.operations.arrivals import Arrival
from ingestion.operations.touched import ACCOUNT, Cause, Subject, touch
from ingestion.queries.renames import canonical_names
from ingestion.queries.sql import Row, by_column, fetch
from ingestion.rules.plans import FACTS, Rule, Unreadable, facts_of_event, read_fact
from ingestion.rules.types import Kind
from tenants import audit
from tenants.audit import Actor

ORIGIN = PlanFact.Origin
_REMEMBER = """
INSERT INTO ingestion_planfact (tenant_id, account_id, fact, value, valid_from, received_at, origin, message_id)
SELECT %(tenant_id)s, r.account, r.fact, r.value, r.ts, r.received, r.origin, r.mid
FROM unnest(%(account)b::bigint[], %(fact)b::text[], %(value)b::text[], %(ts)b::timestamptz[],
    %(received)b::timestamptz[], %(origin)b::text[], %(mid)b::text[])
    AS r(account, fact, value, ts, received, origin, mid)
ON CONFLICT DO NOTHING RETURNING account_id
"""
_COLUMNS = "account fact value ts received origin mid"
# What a trait ever said, by what it said: few values, however many accounts.
_TOLD = """
SELECT value FROM ingestion_traitvalue
WHERE tenant_id = %(tenant_id)s AND subject_kind = 2 AND name = %(name)s GROUP BY value
"""
_TAKE_OVER = """
INSERT INTO ingestion_planfact (tenant_id, account_id, fact, value, valid_from, received_at, origin, message_id)
SELECT %(tenant_id)s, t.subject_id, %(fact)s, m.means, t.valid_from, t.received_at, 'trait', t.message_id
FROM ingestion_traitvalue t
JOIN unnest(%(told)b::text[], %(means)b::text[]) AS m(told, means)
    ON t.value = m.told::jsonb OR (t.value IS NULL AND m.told IS NULL)
WHERE t.tenant_id = %(tenant_id)s AND t.subject_kind = 2 AND t.name = %(name)s
ON CONFLICT DO NOTHING RETURNING account_id
"""


def note_plans(arrivals: Sequence[Arrival], events: Sequence[Stored], zone: ZoneInfo) -> set[Subject]:
    """Keep what these messages, and their stored events, say about plans. Returns the accounts that it concerns.
    1 query without plan rules; an event whose name counts as another's says what that one says."""
    by_trait, by_event = _rules()
    if not by_trait and not by_event:
        return set()
    other = canonical_names() if by_event else {}
    rows: list[Row] = []
    for arrival, event in zip(arrivals, events, strict=True):
        if event.account_id is None or event.exclusion:
            continue
        message, is_import = arrival.message, arrival.request.source_kind == "import"
        if message.kind == Kind.GROUP and by_trait:
            said: Iterable[tuple[str, str | None]] = _of_traits(message.traits, by_trait, zone)
            origin = ORIGIN.IMPORT if is_import else ORIGIN.TRAIT
        elif message.kind == Kind.TRACK and (
            rule := by_event.get(other.get((Kind.TRACK, message.name), message.name))
        ):
            said = facts_of_event(rule, message.properties, message.ts, zone).items()
            origin = ORIGIN.IMPORT if is_import else ORIGIN.EVENT
        else:
            continue
        moments = (message.ts, arrival.request.received_at, origin, message.message_id)
        rows += [(event.account_id, fact, value, *moments) for fact, value in said]
    return _remember(rows)


@transaction.atomic
def state_plan(
    *,
    account: Account,
    said: Mapping[str, Any],
    at: datetime,
    message_id: str,
    by: Actor,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """What the API says holds from `at` on: values by fact, null to take one away. The same message twice changes
    nothing. Raises ValidationError by fact."""
    errors, rows = {}, []
    for fact, value in said.items():
        if fact not in FACTS:
            errors[fact] = _("There is no such fact. Use one of %s.") % ", ".join(FACTS)
            continue
        try:
            rows.append((account.pk, fact, read_fact(fact, value, zone), at, now, ORIGIN.API, message_id))
        except Unreadable as error:
            errors[fact] = str(error)
    if not errors and not rows:
        errors["plan"] = _("Say at least one of %s.") % ", ".join(FACTS)
    if errors:
        raise ValidationError(errors)
    touch(_remember(rows), at=now, cause=Cause.LIVE)
    audit.record(by=by, verb="account.plan_stated", target=account, fields=sorted(said), now=now)


def take_over_history(rule: PlanRule, *, zone: ZoneInfo, now: datetime) -> int:
    """Read what a new rule's trait has said so far. Returns how many facts that gave. What cannot be read is left
    out."""
    told, means = [], []
    for (value,) in fetch(_TOLD, name=rule.name):
        try:
            meaning = read_fact(rule.fact, None if value is None else orjson.loads(value), zone)
        except Unreadable:
            continue
        told.append(value)
        means.append(meaning)
    rows = by_column("told means", list(zip(told, means, strict=True)))
    accounts = [row[0] for row in fetch(_TAKE_OVER, name=rule.name, fact=rule.fact, **rows)] if told else []
    touch({(ACCOUNT, id) for id in accounts}, at=now)
    return len(accounts)


def _rules() -> tuple[dict[str, list[Rule]], dict[str, Rule]]:
    """Rules of traits and of events, by name."""
    by_trait: dict[str, list[Rule]] = {}
    by_event: dict[str, Rule] = {}
    columns = ("source", "name", "fact", "status", "plan_property", "trial_days")
    for row in PlanRule.objects.values_list(*columns):
        rule = Rule(*row)
        if rule.source == PlanRule.Source.TRAIT:
            by_trait.setdefault(rule.name, []).append(rule)
        else:
            by_event[rule.name] = rule
    return by_trait, by_event


def _of_traits(
    traits: Mapping[str, Any], by_trait: Mapping[str, list[Rule]], zone: ZoneInfo
) -> Iterator[tuple[str, str | None]]:
    for name in traits.keys() & by_trait.keys():
        for rule in by_trait[name]:
            try:
                yield rule.fact, read_fact(rule.fact, traits[name], zone)
            except Unreadable:  # the trait stays as received, on the account's page
                continue


def _remember(rows: list[Row]) -> set[Subject]:
    if not rows:
        return set()
    return {(ACCOUNT, row[0]) for row in fetch(_REMEMBER, **by_column(_COLUMNS, rows))}
