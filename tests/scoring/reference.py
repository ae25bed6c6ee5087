"""The naive reference: one loop over single events per signal, written from the words of SignalSpec and nothing else.

It shares no code with scoring/compiler or scoring/rules/windows: days are compared as dates, not as instants.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from scoring.rules.spec import SignalKind, SignalSpec, Spec, WindowKind

TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class PastEvent:
    action: int
    ts: datetime
    received_at: datetime
    number: Decimal | None
    exclusion: int


@dataclass(frozen=True)
class PastTrait:
    name: str
    text: str | None
    number: Decimal | None
    valid_from: datetime
    received_at: datetime
    message_id: str


@dataclass(frozen=True)
class Scored:
    points: int
    has_required: bool
    values: tuple[Decimal, ...]
    points_by_signal: tuple[int, ...]


def score(
    spec: Spec, events: list[PastEvent], traits: list[PastTrait], as_of: datetime, known_at: datetime
) -> Scored:
    """One subject's score, signal by signal."""
    known_events = [event for event in events if event.received_at <= known_at]
    known_traits = [trait for trait in traits if trait.received_at <= known_at]
    values, points, has_required = [], [], True
    for signal in spec.signals:
        if signal.kind == SignalKind.TRAIT:
            value = Decimal(passes(signal, known_traits, as_of))
        else:
            value = tally(signal, known_events, as_of, ZoneInfo(spec.time_zone))
        is_true = value >= signal.at_least
        given = signal.points * (int(value) if signal.per_occurrence else 1) if is_true else 0
        cap = signal.points_cap if signal.points_cap is not None else 10_000_000
        if abs(given) > cap:
            given = cap if given > 0 else -cap
        has_required = has_required and (is_true or not signal.is_required)
        values.append(value)
        points.append(given)
    return Scored(sum(points), has_required, tuple(values), tuple(points))


def tally(signal: SignalSpec, events: list[PastEvent], as_of: datetime, zone: ZoneInfo) -> Decimal:
    count, total, days = 0, Decimal(0), set[date]()
    for event in events:
        if event.action != signal.action_version_id or event.exclusion != 0 or event.ts >= as_of:
            continue
        local_day = event.ts.astimezone(zone).date()
        if signal.kind != SignalKind.MILESTONE:
            if signal.window == WindowKind.HOURS and event.ts < as_of - timedelta(hours=signal.window_length):
                continue
            today = (as_of - TICK).astimezone(zone).date()
            if signal.window == WindowKind.DAYS and (today - local_day).days >= signal.window_length:
                continue
        count += 1
        total += event.number or 0
        days.add(local_day)
    match signal.kind:
        case SignalKind.COUNT:
            return Decimal(count)
        case SignalKind.DISTINCT_DAYS:
            return Decimal(len(days))
        case SignalKind.SUM:
            return total
    return Decimal(1 if count else 0)


def passes(signal: SignalSpec, traits: list[PastTrait], as_of: datetime) -> bool:
    latest = None
    for trait in traits:
        if trait.name != signal.trait_name or trait.valid_from >= as_of:
            continue
        place = (trait.valid_from, trait.message_id, trait.text is not None, trait.text or "")
        if latest is None or place > latest[0]:
            latest = (place, trait)
    if latest is None or latest[1].text is None:
        return False
    text, number = latest[1].text, latest[1].number
    wanted = [value.lower() for value in signal.trait_values]
    same = any(text == value or (number is not None and number == as_number(value)) for value in wanted)
    match signal.trait_operator:
        case "eq" | "in":
            return same
        case "ne":
            return not same
        case "contains":
            return any(value in text for value in wanted)
        case "gte":
            return number is not None and number >= Decimal(wanted[0])
        case "lte":
            return number is not None and number <= Decimal(wanted[0])
    return True


def as_number(value: str) -> Decimal | None:
    return Decimal(value) if value.replace(".", "", 1).lstrip("-").isdigit() else None
