"""When people work: hours, weekdays and seasons, in the account's own time zone.

Instants are integer milliseconds since 1970 (UTC); days are proleptic ordinals of the account's local date.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_WEEKDAY = (1.0, 1.05, 1.05, 1.0, 0.85, 0.10, 0.08)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware datetime."""
    if moment.tzinfo is None:
        raise ValueError(
            "The simulator needs time-zone-aware datetimes, for example datetime(..., tzinfo=UTC)."
        )
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds // 1_000


def from_ms(at: int) -> datetime:
    """The UTC datetime of an instant in milliseconds."""
    return datetime.fromtimestamp(at // SECOND, UTC).replace(microsecond=at % SECOND * 1_000)


@cache
def local_midnight(zone: str, day: int) -> int:
    """The instant at which local day `day` begins in `zone`."""
    start = date.fromordinal(day)
    return to_ms(datetime(start.year, start.month, start.day, tzinfo=ZoneInfo(zone)))


def local_day(zone: str, at: int) -> int:
    """The local day that holds instant `at`."""
    return from_ms(at).astimezone(ZoneInfo(zone)).toordinal()


@cache
def day_factor(region: str, day: int) -> float:
    """How busy a local day is: weekday, year-end break, European August, January restart."""
    when = date.fromordinal(day)
    factor = _WEEKDAY[when.weekday()]
    if (when.month, when.day) >= (12, 21) or (when.month, when.day) <= (1, 3):
        return factor * 0.35
    if region == "EU" and when.month == 8:
        return factor * 0.7
    return factor * 1.1 if when.month == 1 else factor


def working_moment(rng: Random) -> int:
    """Milliseconds after local midnight: a morning and an afternoon hump, a few night owls.

    Added to local midnight, so on the two days a year with a clock change it is off by that hour.
    """
    centre, spread = ((9.8, 1.2), (14.6, 1.7), (20.5, 1.5))[min(int(rng.random() * 2.2), 2)]
    hour = min(max(rng.gauss(centre, spread), 0.2), 23.0)
    return int(hour * HOUR)
