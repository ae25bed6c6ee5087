"""Where windows begin and end, as instants. Days are cut in the tenant's time zone with Python's pinned zone rules, so
the database never needs to know a zone. `as_of` is exclusive everywhere: what happens at as_of has not happened yet,
and "today" is the local date of the microsecond before."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scoring.rules.spec import WindowKind

TICK = timedelta(microseconds=1)  # the resolution of every timestamp


@dataclass(frozen=True, order=True)
class Window:
    """The last `length` days or hours before a moment, or (length 0) all time before it."""

    kind: WindowKind
    length: int = 0

    def start(self, as_of: datetime, zone: ZoneInfo) -> datetime | None:
        """The first instant inside the window at `as_of` (UTC), or None when it has no lower bound."""
        if self.kind == WindowKind.EVER:
            return None
        if self.kind == WindowKind.HOURS:
            return as_of.astimezone(UTC) - timedelta(hours=self.length)
        return local_midnight(today_at(as_of, zone) - timedelta(days=self.length - 1), zone)

    def leaves_at(self, ts: datetime, zone: ZoneInfo) -> datetime | None:
        """The first `as_of` (UTC) at which an event of `ts` is no longer inside, or None when it never leaves."""
        if self.kind == WindowKind.EVER:
            return None
        if self.kind == WindowKind.HOURS:
            return ts.astimezone(UTC) + timedelta(hours=self.length) + TICK
        return local_midnight(local_date(ts, zone) + timedelta(days=self.length), zone) + TICK


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """The calendar date on the wall at `moment`."""
    return moment.astimezone(zone).date()


def today_at(as_of: datetime, zone: ZoneInfo) -> date:
    """The last local day that has begun strictly before `as_of`."""
    return local_date(as_of.astimezone(UTC) - TICK, zone)


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, in UTC.

    Where clocks jump over midnight (fold 0 in a gap reads the offset before the jump) that is the moment of the jump;
    where midnight happens twice it is the first one.
    """
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The `as_of` that has all of `day` behind it and nothing of the next."""
    return local_midnight(day + timedelta(days=1), zone)


def day_starts(as_of: datetime, zone: ZoneInfo, longest: int) -> list[datetime]:
    """Midnights around today: element i (from 0) begins the day `today - longest + 1 + i`.

    Reaches from the first day of a window of `longest` days to the day on which today's events leave it, and one more.
    """
    today = today_at(as_of, zone)
    return [
        local_midnight(today + timedelta(days=offset), zone) for offset in range(1 - longest, longest + 2)
    ]
