"""What tracking plans do to a slice of new messages: count where they depart, mark, take properties out, or hold them
back. Nothing is lost: what was taken out stays with the event, what was held back waits in the quarantine."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from ingestion.models import TrackingPlanVersion
from ingestion.operations.arrivals import Arrival
from ingestion.queries.renames import canonical_names
from ingestion.queries.sql import as_json, execute, fetch
from ingestion.rules.catalogue import add_days, library_of
from ingestion.rules.tracking import ABOUT_NAMES, EVENT_NAME, Plan, Problem, compile_plan, offending
from ingestion.rules.types import Message, Rejection
from ingestion.rules.wire import CONTEXT_NOTES

MOST_WAYS = (
    200  # of one event from one source to depart; who puts ids into names has one more, without a property
)
COMPILED = 256  # versions that a process keeps ready
QUARANTINED = "plan_"  # begins the reason of what a plan holds back

Way = tuple[str, str]  # code and property
Key = tuple[UUID, int, str]  # source, kind and name of an event
Held = tuple[Arrival, Rejection]

_PLANS = """
SELECT s.source_id, s.plan_id, v.id FROM ingestion_plannedsource s
JOIN ingestion_trackingplanversion v ON v.tenant_id = s.tenant_id AND v.plan_id = s.plan_id AND v.state = 'live'
WHERE s.tenant_id = %(tenant_id)s
"""
_KNOWN = """
SELECT v.source_id, v.event_kind, v.event_name, v.code, v.property, v.days
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(source uuid, kind smallint, name text)
JOIN ingestion_violation v
    ON v.tenant_id = %(tenant_id)s AND v.source_id = r.source AND v.event_kind = r.kind AND v.event_name = r.name
"""
_NOTE = """
INSERT INTO ingestion_violation AS v (tenant_id, plan_id, source_id, event_kind, event_name, code, property, number,
    first_seen_at, last_seen_at, days, expected, got, sample_message_id, library)
SELECT %(tenant_id)s, r.plan, r.source, r.kind, r.name, r.code, r.property, r.number, r.first, r.last, r.days,
    r.expected, r.got, r.sample, r.library
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(plan uuid, source uuid, kind smallint, name text, code text,
    property text, number bigint, first timestamptz, last timestamptz, days jsonb, expected text, got text,
    sample text, library text)
ON CONFLICT (tenant_id, source_id, event_kind, event_name, code, property) DO UPDATE SET
    plan_id = EXCLUDED.plan_id, number = v.number + EXCLUDED.number,
    first_seen_at = LEAST(v.first_seen_at, EXCLUDED.first_seen_at),
    last_seen_at = GREATEST(v.last_seen_at, EXCLUDED.last_seen_at), days = EXCLUDED.days,
    expected = EXCLUDED.expected, got = EXCLUDED.got, sample_message_id = EXCLUDED.sample_message_id,
    library = EXCLUDED.library
"""


def govern(arrivals: Sequence[Arrival], zone: ZoneInfo) -> tuple[list[Arrival], list[Held]]:
    """New messages as they are stored, and those that their plan holds back. A name that counts
    as another is held to what the plan says of that one. One query for a tenant without a plan, four when something
    departs. The caller holds the history lock, so nothing is counted twice."""
    plans = {source: (plan, version) for source, plan, version in fetch(_PLANS)}
    if not plans:
        return list(arrivals), []
    names = canonical_names()
    passed: list[Arrival] = []
    held: list[Held] = []
    notes: dict[Key, dict[Way, dict[str, Any]]] = {}
    for arrival in arrivals:
        known = plans.get(arrival.request.source_id)
        if known is None:
            passed.append(arrival)
            continue
        plan, message = compiled(known[1]), arrival.message
        name = names.get((message.kind, message.name), message.name)
        problems = plan.problems(message.kind, name, message.told)
        if not problems:
            passed.append(arrival)
            continue
        _note(notes, known[0], arrival, problems, zone)
        serious = [each for each in problems if each.code not in ABOUT_NAMES]
        if plan.mode == "quarantine" and serious:
            held.append((arrival, _reason(plan, message, serious)))
        else:
            passed.append(_as_stored(plan, arrival, problems))
    if notes:
        _count(notes)
    return passed, held


@lru_cache(maxsize=COMPILED)
def compiled(version_id: UUID) -> Plan:
    """A version that was published, ready to be asked. It never changes, so it is kept for as long as there is room."""
    version = TrackingPlanVersion.objects.select_related("plan").get(pk=version_id)
    return compile_plan(version.plan.name, version.document)


def standing_out(arrival: Arrival) -> Any:
    """The item as received, with the message id it goes by: what is replayed must be the same message."""
    if not isinstance(arrival.raw, dict) or arrival.raw.get("messageId"):
        return arrival.raw
    return arrival.raw | {"messageId": arrival.message.message_id}


def _as_stored(plan: Plan, arrival: Arrival, problems: list[Problem]) -> Arrival:
    """With the marks that the plan's mode leaves in the context of the event."""
    if plan.mode == "observe":
        return arrival
    message = arrival.message
    marks: dict[str, Any] = {"violations": [_mark(each) for each in problems]}
    if plan.mode == "omit" and (omitted := offending(problems, message.told)):
        marks["omitted"] = omitted
        message = message.telling(
            {name: value for name, value in message.told.items() if name not in omitted}
        )
    context = message.context | {CONTEXT_NOTES: message.context.get(CONTEXT_NOTES, {}) | marks}
    return arrival._replace(message=message._replace(context=context))


def _mark(problem: Problem) -> str:
    return f"{problem.code}: {problem.property}" if problem.property else problem.code


def _reason(plan: Plan, message: Message, problems: list[Problem]) -> Rejection:
    words = "; ".join(sorted({_sentence(each, message) for each in problems}))
    detail = f"The tracking plan “{plan.name}” holds it back: {words}. Change the plan, or mend the event."
    return Rejection(QUARANTINED + problems[0].code, detail)


def _sentence(problem: Problem, message: Message) -> str:
    of = f"“{problem.property}”"
    match problem.code:
        case "unplanned_event":
            return f"it has no event “{message.name}”"
        case "unplanned_property":
            return f"{of} is not in the plan"
        case "missing_property":
            return f"{of} is missing"
    return f"{of if problem.property else 'it'} should be {problem.expected} and is {problem.got}"


def _note(
    notes: dict[Key, dict[Way, dict[str, Any]]],
    plan_id: UUID,
    arrival: Arrival,
    problems: Iterable[Problem],
    zone: ZoneInfo,
) -> None:
    """Count an event once for each way in which it departs."""
    message, request = arrival.message, arrival.request
    ways = notes.setdefault((request.source_id, int(message.kind), message.name), {})
    day = request.received_at.astimezone(zone).date().isoformat()
    for problem in {(each.code, each.property): each for each in problems}.values():
        note = ways.setdefault(
            (problem.code, problem.property),
            {"plan": plan_id, "number": 0, "first": request.received_at, "days": {}},
        )
        note["number"] += 1
        note["first"] = min(note["first"], request.received_at)
        note["last"] = max(note.get("last", request.received_at), request.received_at)
        note["days"][day] = note["days"].get(day, 0) + 1
        note |= {"expected": problem.expected, "got": problem.got, "sample": message.message_id}
        note["library"] = library_of(message.context)


def _count(notes: dict[Key, dict[Way, dict[str, Any]]]) -> None:
    keys = [{"source": source, "kind": kind, "name": name} for source, kind, name in notes]
    known: dict[Key, dict[Way, dict[str, int]]] = {}
    for source, kind, name, code, property, days in fetch(_KNOWN, rows=as_json(keys)):
        known.setdefault((source, kind, name), {})[code, property] = orjson.loads(days)
    rows = []
    for event, (key, ways) in zip(keys, notes.items(), strict=True):
        before = known.get(key, {})
        for (code, property), note in _bounded(ways, before).items():
            days = add_days(before.get((code, property), {}), note["days"])
            rows.append(event | note | {"code": code, "property": property, "days": days})
    execute(_NOTE, rows=as_json(rows))


def _bounded(ways: dict[Way, dict[str, Any]], known: dict[Way, Any]) -> dict[Way, dict[str, Any]]:
    """Ways beyond MOST_WAYS are counted together, under their code without a property."""
    room = MOST_WAYS - len(known)
    found: dict[Way, dict[str, Any]] = {}
    for (code, property), note in ways.items():
        way = (code, property)
        if way not in known and code != EVENT_NAME:
            room -= 1
            if room < 0:
                way = (code, "")
        found[way] = _together(found[way], note) if way in found else note
    return found


def _together(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return other | {
        "number": one["number"] + other["number"],
        "first": min(one["first"], other["first"]),
        "last": max(one["last"], other["last"]),
        "days": add_days(one["days"], other["days"]),
    }
