"""Has something that used to come stopped, or changed its shape? Pure.

The usual number of a day is the mean of the same weekday over the four weeks before the last event. What was to be
expected since then is the sum over the whole days that have passed: nights, weekends and the hours of a day make no
alarm. With so many expected and none seen, chance is no explanation (a Poisson count of 20 is 0 once in 500 million),
though a day off may be. What comes seldom alarms late, what never was regular not at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

WEEKS = 4
EXPECTED = 20.0  # events that did not come
LONGEST = 60  # days that are counted
FALL_DAYS = 3  # whole days over which fewer events are a fall
FALL_EXPECTED = 100.0  # events of those days; half of fewer may be chance
SEEN_WITHOUT = 20  # events since a property, or one of its types, was last there
_SAME = {"integer": "number", "date": "string"}  # 3 and 3.5 are numbers, a date is a text


@dataclass(frozen=True)
class WatchedEvent:
    """An event that something relies on, and its properties that it reads."""

    kind: int
    name: str
    properties: frozenset[str]


@dataclass(frozen=True)
class Drift:
    """What a property that somebody relies on does no longer. `was` and `now` are types; empty: it is gone."""

    name: str
    was: str = ""
    now: str = ""


def missing_events(
    days: Mapping[str, int], last_seen_at: datetime, now: datetime, zone: ZoneInfo
) -> float | None:
    """How many were to be expected since the last one, when that means it has stopped; else None. `days`: events by
    local day."""
    last = last_seen_at.astimezone(zone).date()
    expected = sum(_usual(days, day, last) for day in _passed(last, now, zone))
    return expected if expected >= EXPECTED else None


def missing_from_source(
    own: Mapping[str, int], every: Mapping[str, int], last_seen_at: datetime, now: datetime, zone: ZoneInfo
) -> float | None:
    """How many were to be expected from one of several sources since its last one; None unless that means that it has
    stopped and the others did not take over at least half of them. After WEEKS weeks it is what is usual."""
    missing = missing_events(own, last_seen_at, now, zone)
    last = last_seen_at.astimezone(zone).date()
    passed = _passed(last, now, zone)
    if missing is None or len(passed) > 7 * WEEKS:
        return None
    usual = sum(_usual(every, day, last) for day in passed)
    return missing if _sum(every, passed) < usual - missing / 2 else None


def fall(days: Mapping[str, int], now: datetime, zone: ZoneInfo) -> tuple[int, float] | None:
    """Events of the last FALL_DAYS whole days, and how many are usual in them, when they are half or fewer; else
    None."""
    today = now.astimezone(zone).date()
    lately = [today - timedelta(days=ago) for ago in range(1, FALL_DAYS + 1)]
    before = lately[-1] - timedelta(days=1)
    usual, came = sum(_usual(days, day, before) for day in lately), _sum(days, lately)
    return (came, usual) if usual >= FALL_EXPECTED and came <= usual / 2 else None


def _passed(last: date, now: datetime, zone: ZoneInfo) -> list[date]:
    """The whole days since."""
    today = now.astimezone(zone).date()
    return [last + timedelta(days=ago) for ago in range(1, min((today - last).days, LONGEST))]


def _sum(days: Mapping[str, int], wanted: Iterable[date]) -> int:
    return sum(days.get(day.isoformat(), 0) for day in wanted)


def _usual(days: Mapping[str, int], day: date, last: date) -> float:
    """Mean of the day's weekday over the WEEKS weeks before `last`, which itself was cut short."""
    weeks_ago = (day - last).days // 7 + 1
    same = [day - timedelta(days=7 * (weeks_ago + week)) for week in range(WEEKS)]
    return sum(days.get(each.isoformat(), 0) for each in same) / WEEKS


def drifts(
    properties: Mapping[str, Mapping[str, Any]], days: Mapping[str, int], relied_on: Iterable[str]
) -> list[Drift]:
    """Which of these properties of an event are gone or have another type, by the days on which they were last seen."""
    found = []
    for name in sorted(relied_on):
        seen = properties.get(name)
        if seen is None:
            continue
        if _events_after(days, seen["last"]) >= SEEN_WITHOUT:
            found.append(Drift(name))
        elif (drift := _other_type(name, seen, days)) is not None:
            found.append(drift)
    return found


def _other_type(name: str, seen: Mapping[str, Any], days: Mapping[str, int]) -> Drift | None:
    """The type that it had most often has not come for a while, and another one has."""
    counts: dict[str, int] = {}
    last: dict[str, str] = {}
    for kind, day in seen.get("at", {}).items():
        if kind != "null":
            same = _SAME.get(kind, kind)
            counts[same] = counts.get(same, 0) + seen.get(kind, 0)
            last[same] = max(last.get(same, ""), day)
    if len(counts) < 2:
        return None
    now = max(last, key=lambda kind: last[kind])
    was = max((kind for kind in counts if kind != now), key=lambda kind: counts[kind])
    return Drift(name, was, now) if _events_after(days, last[was]) >= SEEN_WITHOUT else None


def _events_after(days: Mapping[str, int], day: str) -> int:
    return sum(number for each, number in days.items() if each > day)
