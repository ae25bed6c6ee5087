"""The naive reference: one loop over single events per signal, written from the words of SignalSpec and nothing else.

It shares no code with scoring/compiler or scoring/rules/windows: days are compared as dates, not as instants.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from ingestion.rules.builtin_lists import built_in_domains
from ingestion.rules.domains import clean_domain
from scoring.rules.spec import SignalKind, SignalSpec, Spec, UsageSpec, WindowKind

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
class PastRow:
    """A row of a list, from edition `since` until before edition `until`."""

    value: str
    expires_on: date | None
    since: int
    until: int | None


@dataclass(frozen=True)
class PastTouch:
    """How the person came; kind 1: seen, 2: by a referrer, 3: told."""

    kind: int
    ts: datetime
    received_at: datetime
    message_id: str
    source: str
    once: str


@dataclass(frozen=True)
class Known:
    """What else a test may ask: lists by their ref, and the subject's own ids with when it was first seen."""

    lists: dict[str, list[PastRow]] = field(default_factory=dict)
    own_ids: tuple[str, ...] = ()
    first_seen_at: datetime | None = None
    touches: list[PastTouch] = field(default_factory=list)
    joined_at: datetime | None = None  # of the person, in the account that is scored


@dataclass(frozen=True)
class Scored:
    points: int
    has_required: bool
    values: tuple[Decimal, ...]
    points_by_signal: tuple[int, ...]


def score(
    spec: Spec,
    events: list[PastEvent],
    traits: list[PastTrait],
    as_of: datetime,
    known_at: datetime,
    known: Known,
) -> Scored:
    """One subject's score, signal by signal."""
    known_events = [event for event in events if event.received_at <= known_at]
    known_traits = [trait for trait in traits if trait.received_at <= known_at]
    values, points, has_required = [], [], True
    for signal in spec.signals:
        if signal.kind == SignalKind.RULE:
            value = Decimal(0)  # told by the others, below
        elif signal.kind == SignalKind.USAGE:
            value = used_percent(signal.usage, known_events, known_traits, as_of, ZoneInfo(spec.time_zone))
        elif signal.kind == SignalKind.TRAIT:
            value = Decimal(passes(signal, known_traits, as_of, known, known_at, ZoneInfo(spec.time_zone)))
        else:
            value = tally(signal, known_events, as_of, ZoneInfo(spec.time_zone))
        values.append(value)
    is_somebody = any(values)
    for place, signal in enumerate(spec.signals):
        if signal.kind == SignalKind.RULE:
            values[place] = Decimal(is_somebody and rule_holds(signal, spec, values))
    for signal, value in zip(spec.signals, values, strict=True):
        is_true = holds(signal, value)
        given = signal.points * (int(value) if signal.per_occurrence else 1) if is_true else 0
        cap = signal.points_cap if signal.points_cap is not None else 10_000_000
        if abs(given) > cap:
            given = cap if given > 0 else -cap
        has_required = has_required and (is_true or not signal.is_required)
        has_required = has_required and not (is_true and signal.is_excluding)
        points.append(given)
    return Scored(sum(points), has_required, tuple(values), tuple(points))


def holds(signal: SignalSpec, value: Decimal) -> bool:
    if signal.kind == SignalKind.RULE:
        return value == 1
    return signal.at_least <= value <= (signal.at_most if signal.at_most is not None else value)


def rule_holds(rule: SignalSpec, spec: Spec, values: list[Decimal]) -> bool:
    answers = []
    for signal, value in zip(spec.signals, values, strict=True):
        if signal.name in rule.rule_of:
            is_rule = signal.kind == SignalKind.RULE
            answers.append(rule_holds(signal, spec, values) if is_rule else holds(signal, value))
    return {
        "all": all(answers),
        "any": any(answers),
        "n_of": answers.count(True) >= rule.at_least,
        "none": not any(answers),
    }[rule.rule_mode]


def tally(signal: SignalSpec, events: list[PastEvent], as_of: datetime, zone: ZoneInfo) -> Decimal:
    count, total, days, numbers = 0, Decimal(0), set[date](), []
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
        numbers += [] if event.number is None else [event.number]
        days.add(local_day)
    match signal.kind:
        case SignalKind.COUNT:
            return Decimal(count)
        case SignalKind.DISTINCT_DAYS:
            return Decimal(len(days))
        case SignalKind.SUM:
            return total
        case SignalKind.MAX:
            return max(numbers, default=Decimal(0))
    return Decimal(1 if count else 0)


def passes(
    signal: SignalSpec,
    traits: list[PastTrait],
    as_of: datetime,
    known: Known,
    known_at: datetime,
    zone: ZoneInfo,
) -> bool:
    today = (as_of - TICK).astimezone(zone).date()
    if signal.list_kind in ("user_id", "account_key"):
        is_seen = known.first_seen_at is not None and known.first_seen_at < as_of
        return is_seen and bool(known.own_ids) and asks_well(signal, known.own_ids, known, today)
    if signal.trait_name in ("pqlhub.first_source", "pqlhub.last_source"):
        source = source_of_touch("last" in signal.trait_name, known, as_of, known_at)
        return bool(source) and compares_well(signal, source, None)
    latest = latest_value(signal.trait_name, traits, as_of)
    if latest is None or latest.text is None:
        return False
    if signal.list_ref:
        return asks_well(signal, domains_of(latest.text), known, today)
    if signal.trait_operator in ("next_days", "past_days"):
        return is_day_near(signal, latest.text, today)
    return compares_well(signal, latest.text, latest.number)


def source_of_touch(is_last: bool, known: Known, as_of: datetime, known_at: datetime) -> str:
    if known.joined_at is not None and known.joined_at >= as_of:
        return ""
    past = [touch for touch in known.touches if touch.ts < as_of and touch.received_at <= known_at]
    place = {touch: (touch.ts, touch.message_id, touch.kind, touch.once) for touch in past}
    counting = []
    for touch in past:
        days = [touch.ts - other.ts for other in past if other.kind == 1]
        if touch.kind != 2 or not any(timedelta(0) <= since <= timedelta(days=1) for since in days):
            counting.append(touch)
    if is_last and any(touch.kind != 3 for touch in counting):
        counting = [touch for touch in counting if touch.kind != 3]
    in_order = sorted(counting, key=lambda touch: place[touch])
    return in_order[-1 if is_last else 0].source if in_order else ""


def is_day_near(signal: SignalSpec, text: str, today: date) -> bool:
    try:
        days = (date.fromisoformat(text[:10]) - today).days
    except ValueError:
        return False
    return 0 <= (days if signal.trait_operator == "next_days" else -days) <= int(signal.trait_values[0])


def used_percent(
    usage: UsageSpec, events: list[PastEvent], traits: list[PastTrait], as_of: datetime, zone: ZoneInfo
) -> Decimal:
    plan = latest_value("pqlhub.plan", traits, as_of)
    allowed = [each for each in usage.allowances if plan and each.plan == plan.text]
    if not allowed:
        return Decimal(0)
    today = (as_of - TICK).astimezone(zone).date()
    first = date.min
    if usage.resets == "month":
        first = today.replace(day=1)
    elif usage.resets == "billing":
        told = latest_value("pqlhub.period_start", traits, as_of)
        first = (
            latest_anniversary(date.fromisoformat(told.text), today, allowed[0].months)
            if told and told.text
            else None
        )
        first = first or (today.replace(day=1) if allowed[0].months == 1 else today.replace(month=1, day=1))
    if usage.gauge_trait:
        gauge = latest_value(usage.gauge_trait, traits, as_of)
        used = (gauge and gauge.number) or Decimal(0)
    else:
        used = Decimal(0)
        for event in events:
            if event.exclusion == 0 and event.ts < as_of and event.ts.astimezone(zone).date() >= first:
                used += (event.action == usage.action_version_id) - (
                    event.action == usage.returning_version_id
                )
    return Decimal(int(max(used, Decimal(0)) * 100 / allowed[0].amount))


def latest_anniversary(anchor: date, today: date, months: int) -> date:
    """Day after day back from today, until one is the anchor's day of the month (or the last of a shorter one)."""
    day = today
    while True:
        is_last = (day + timedelta(days=1)).month != day.month
        is_day = day.day == anchor.day or (is_last and anchor.day > day.day)
        if is_day and (months == 1 or day.month == anchor.month):
            return day
        day -= timedelta(days=1)


def latest_value(name: str, traits: list[PastTrait], as_of: datetime) -> PastTrait | None:
    latest = None
    for trait in traits:
        if trait.name != name or trait.valid_from >= as_of:
            continue
        place = (trait.valid_from, trait.message_id, trait.text is not None, trait.text or "")
        if latest is None or place > latest[0]:
            latest = (place, trait)
    return latest[1] if latest else None


def asks_well(signal: SignalSpec, values: Iterable[str], known: Known, today: date) -> bool:
    held = any(is_held(value, signal, known, today) for value in values)
    return held == (signal.trait_operator == "in_list")


def compares_well(signal: SignalSpec, text: str, number: Decimal | None) -> bool:
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


def domains_of(text: str) -> list[str]:
    """The domain in a text and those above it; none without one."""
    try:
        labels = clean_domain(text).split(".")
    except ValueError:
        return []
    return [".".join(labels[place:]) for place in range(len(labels))]


def is_held(value: str, signal: SignalSpec, known: Known, today: date) -> bool:
    if signal.list_ref.startswith("builtin:"):
        return value in built_in_domains(signal.list_ref.removeprefix("builtin:"))
    return any(
        row.value == value
        and row.since <= signal.list_edition
        and (row.until is None or row.until > signal.list_edition)
        and (row.expires_on is None or row.expires_on >= today)
        for row in known.lists[signal.list_ref]
    )


def as_number(value: str) -> Decimal | None:
    return Decimal(value) if value.replace(".", "", 1).lstrip("-").isdigit() else None
