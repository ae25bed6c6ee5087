"""The compiled SQL and the naive reference agree, whatever the definition, history, zone and order of arrival."""

import json
import os
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.models import (
    Account,
    AccountMembership,
    Identity,
    List,
    ListRow,
    MarketingTouch,
    Person,
    PlanFact,
    TraitValue,
)
from ingestion.models.events import Activity
from scoring.compiler import compile_version
from scoring.rules.spec import Level
from tests.factories.scoring import corporate_unit
from tests.scoring.reference import Known, score
from tests.scoring.strategies import LISTS, TICK, cases, midnight

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("SCORING_EXAMPLES", "150"))  # `make prove` asks for more
LATER = timedelta(days=20_000)
lots = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class World:
    """Two persons with two identities each, and two accounts; rows written for one example and rolled back."""

    def __init__(self, now):
        self.persons = [
            Person.objects.create(label=name, first_seen_at=now, last_seen_at=now) for name in "ab"
        ]
        self.identities = [
            [Identity.objects.create(kind=1, value=f"{p.label}{n}", person=p).pk for n in (1, 2)]
            for p in self.persons
        ]
        self.accounts = [
            Account.objects.create(key=key, first_seen_at=now, last_seen_at=now).pk for key in "xy"
        ]
        own = {"business_unit": corporate_unit(), "created_at": now, "changed_at": now}
        for ref, (kind, _values) in LISTS.items():
            if not ref.startswith("builtin:"):
                List.objects.create(pk=ref, name=ref, kind=kind, **own)

    def subjects(self, level):
        return [person.pk for person in self.persons] if level == Level.PERSON else self.accounts

    def write(self, spec, events, traits):
        """Spread each subject's rows over the identities (of both persons, when accounts are scored)."""
        rows, values, facts = [], [], []
        is_person = spec.level == Level.PERSON
        everyone = [key for keys in self.identities for key in keys]
        for place in (0, 1):
            keys = self.identities[place] if is_person else everyone
            for n, event in enumerate(events[place]):
                rows.append(self._activity(spec, event, keys[n % len(keys)], place, len(rows)))
            told = [trait for trait in traits[place] if trait.name.startswith("pqlhub.")]
            facts += [self._fact(trait, place) for trait in told]
            for n, trait in enumerate(trait for trait in traits[place] if trait not in told):
                owner = keys[n % len(keys)] if is_person else self.accounts[place]
                kind = 1 if is_person else 2
                values.append(TraitValue(subject_kind=kind, subject_id=owner, **vars(trait)))
        Activity.objects.bulk_create(rows)
        TraitValue.objects.bulk_create(values)
        PlanFact.objects.bulk_create(facts)

    def _fact(self, trait, place):
        return PlanFact(
            account_id=self.accounts[place],
            fact=trait.name.removeprefix("pqlhub."),
            value=trait.text,
            valid_from=trait.valid_from,
            received_at=trait.received_at,
            origin="api",
            message_id=trait.message_id,
        )

    def write_rest(self, rest):
        ListRow.objects.bulk_create(
            [ListRow(list_id=ref, **vars(row)) for ref, rows in rest.lists.items() for row in rows]
        )
        for place, touches in enumerate(rest.touches):
            keys, account = self.identities[place], self.accounts[place]
            AccountMembership.objects.create(
                identity_id=keys[0], account_id=account, valid_from=rest.joined_at
            )
            MarketingTouch.objects.bulk_create(
                MarketingTouch(identity_id=keys[n % 2], channel="x", **vars(touch))
                for n, touch in enumerate(touches)
            )
        Person.objects.update(first_seen_at=rest.first_seen_at)
        Account.objects.update(first_seen_at=rest.first_seen_at)

    def known(self, spec, rest, place):
        own = [("a1", "a2"), ("b1", "b2")] if spec.level == Level.PERSON else [("x",), ("y",)]
        joined = rest.joined_at if spec.level == Level.ACCOUNT else None
        return Known(rest.lists, own[place], rest.first_seen_at, rest.touches[place], joined)

    def _activity(self, spec, event, identity, place, number):
        return Activity(
            event_id=number + 1,
            action_version_id=event.action,
            identity_id=identity,
            account_id=self.accounts[place] if spec.level == Level.ACCOUNT else None,
            ts=event.ts,
            received_at=event.received_at,
            local_day=event.ts.astimezone(ZoneInfo(spec.time_zone)).date(),
            number=event.number,
            exclusion=event.exclusion,
        )


def run(spec, tenant, few=True, **moment):
    """subject -> (points, has_required, {signal: (value, points)}, next_due_at)"""
    compiled = compile_version(spec, few=few)
    with connection.cursor() as cursor:
        cursor.execute(compiled.sql, compiled.parameters(tenant_id=tenant.pk, **moment))
        return {
            subject: (points, required, json.loads(lines), due)
            for subject, points, required, lines, due in cursor.fetchall()
        }


@pytest.fixture
def world(in_acme, now):
    return World(now)


@pytest.fixture
def written(world):
    """Write an example's rows and take them away again."""

    def in_savepoint(spec, events, traits, rest, check):
        savepoint = transaction.savepoint()
        try:
            world.write(spec, events, traits)
            world.write_rest(rest)
            check()
        finally:
            transaction.savepoint_rollback(savepoint)

    return in_savepoint


def lines_of(expected, spec):
    return [
        (signal.key, value, points)
        for signal, value, points in zip(
            spec.signals, expected.values, expected.points_by_signal, strict=True
        )
        if value != 0
    ]


@lots
@given(
    case=cases(), known_after=st.sampled_from([timedelta(0), timedelta(days=1), LATER]), alive=st.booleans()
)
def test_score_agrees_with_the_reference(case, known_after, alive, world, written, in_acme):
    spec, as_of, events, traits, rest = case
    known_at = as_of + known_after
    until = None if alive else as_of
    subjects = world.subjects(spec.level)

    def check():
        found = run(spec, in_acme, subjects=subjects, as_of=as_of, known_at=known_at, until=until)
        for place, subject in enumerate(subjects):
            expected = score(
                spec, events[place], traits[place], as_of, known_at, world.known(spec, rest, place)
            )
            points, has_required, lines, _due = found[subject]
            assert (points, has_required) == (expected.points, expected.has_required)
            assert [(x["signal"], x["value"], x["points"]) for x in lines] == lines_of(expected, spec)
            assert sum(line["points"] for line in lines) == points

    written(spec, events, traits, rest, check)


@lots
@given(case=cases())
def test_everybody_at_once_gives_the_same_as_one_by_one(case, world, written, in_acme):
    spec, as_of, events, traits, rest = case

    def check():
        together = run(spec, in_acme, few=False, subjects=None, as_of=as_of)
        for subject in world.subjects(spec.level):
            alone = run(spec, in_acme, subjects=[subject], as_of=as_of)[subject]
            assert together.get(subject, (0, alone[1], [], None)) == alone

    written(spec, events, traits, rest, check)


@lots
@given(case=cases(), shares=st.lists(st.floats(0, 1, exclude_max=True), min_size=3, max_size=3))
def test_points_stay_the_same_until_next_due(case, shares, world, written, in_acme):
    spec, as_of, events, traits, rest = case
    subjects = world.subjects(spec.level)

    def check():
        found = run(spec, in_acme, subjects=subjects, as_of=as_of)
        for place, subject in enumerate(subjects):
            known = world.known(spec, rest, place)
            now = score(spec, events[place], traits[place], as_of, as_of + LATER, known)
            due = found[subject][3]
            end = due or as_of + timedelta(days=30)
            assert due is None or due > as_of
            for later in instants(events[place], traits[place], rest, spec, as_of, end, shares):
                then = score(spec, events[place], traits[place], later, as_of + LATER, known)
                assert then.points_by_signal == now.points_by_signal, (later, due)

    written(spec, events, traits, rest, check)


def instants(events, traits, rest, spec, as_of, end, shares):
    """Moments in (as_of, end): random ones, the last, and those where an event or trait could make a difference."""
    found = {as_of + (end - as_of) * share for share in shares} | {end - TICK}
    zone = ZoneInfo(spec.time_zone)
    for event in events:
        found |= {event.ts, event.ts + TICK}
        found |= {event.ts + timedelta(hours=s.window_length or 0) + TICK for s in spec.signals}
        day = event.ts.astimezone(zone)
        for days in range(1, 9):
            at_midnight = day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)
            found.add(
                at_midnight.astimezone(UTC) + TICK
            )  # sums of wall time are wrong where a day is missing
    found |= {trait.valid_from + TICK for trait in traits} | {rest.first_seen_at + TICK}
    for day in range(-10, 45):  # days and periods end at midnights
        local = (as_of.astimezone(zone) + timedelta(days=day)).date()
        found.add(midnight(local, zone) + TICK)
    for row in (row for rows in rest.lists.values() for row in rows if row.expires_on):
        found.add(midnight(row.expires_on + timedelta(days=1), zone) + TICK)
    return sorted(moment for moment in found if as_of < moment < end)
