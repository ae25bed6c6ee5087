"""The horizontal axis of charts over numbers, dates or moments: positions, tick places and names."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal

from .checks import finite
from .formats import ValueFormat, compact, long_date, long_moment, month_name, number
from .ticks import calendar_ticks, hour_step, nice_ticks

X = int | float | Decimal | date  # a datetime is a date, too
_LABEL_ROOM = 64  # pixels that one tick label needs with its gap
_DAY_SECONDS = 86400.0


@dataclass(frozen=True)
class Tick:
    position: float
    label: str


@dataclass(frozen=True)
class NumberLine:
    """Plain numbers."""

    write: ValueFormat = number

    def position(self, x: X) -> float:
        if isinstance(x, date):
            raise ValueError(f"{x!r} is a date among numbers. Use one kind for the whole axis.")
        return finite(x, "A place on the axis")

    def name(self, x: X) -> str:
        return self.write(self.position(x))

    def ticks(self, low: float, high: float, width: float) -> list[Tick]:
        write = compact if self.write is number else self.write
        places = nice_ticks(low, high, int(width // _LABEL_ROOM))
        return [Tick(place, write(place)) for place in places if low <= place <= high]


@dataclass(frozen=True)
class DayLine:
    """Whole days, which have no time zone."""

    def position(self, x: X) -> float:
        if not isinstance(x, date) or isinstance(x, datetime):
            raise ValueError(f"{x!r} is not a date. Use one kind for the whole axis.")
        return float(x.toordinal())

    def name(self, x: X) -> str:
        return long_date(date.fromordinal(int(self.position(x))))

    def ticks(self, low: float, high: float, width: float) -> list[Tick]:
        first, last = date.fromordinal(max(1, int(-(-low // 1)))), date.fromordinal(int(high))
        unit, days = calendar_ticks(first, last, int(width // _LABEL_ROOM))
        return [
            Tick(self.position(day), label) for day, label in zip(days, _day_labels(unit, days), strict=True)
        ]


@dataclass(frozen=True)
class MomentLine:
    """Moments with a time zone; days are cut and named in ``zone``."""

    zone: tzinfo

    def position(self, x: X) -> float:
        if not isinstance(x, datetime):
            raise ValueError(f"{x!r} is not a datetime. Use one kind for the whole axis.")
        if x.utcoffset() is None:
            raise ValueError(f"{x!r} has no time zone. Give aware datetimes, in the zone to be shown.")
        return x.timestamp() / _DAY_SECONDS

    def name(self, x: X) -> str:
        return long_moment(self._moment(self.position(x)))

    def _moment(self, position: float) -> datetime:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=position)).astimezone(self.zone)

    def ticks(self, low: float, high: float, width: float) -> list[Tick]:
        first, last, most = self._moment(low), self._moment(high), int(width // _LABEL_ROOM)
        step = hour_step((high - low) * 24, most)
        if step is not None:
            return self._hour_ticks(first, last, step)
        midnight_after = first.date() + timedelta(days=0 if first.time() == time.min else 1)
        unit, days = calendar_ticks(midnight_after, max(last.date(), midnight_after), most)
        moments = [datetime.combine(day, time.min, self.zone) for day in days]
        ticks = zip(moments, _day_labels(unit, days), strict=True)
        return [Tick(self.position(at), label) for at, label in ticks if self.position(at) <= high]

    def _hour_ticks(self, first: datetime, last: datetime, step: int) -> list[Tick]:
        """Wall-clock hours; where a clock change makes two the same moment, the first is kept."""
        found: dict[float, str] = {}
        day = first.date()
        while day <= last.date():
            for hour in range(0, 24, step):
                moment = datetime.combine(day, time(hour), self.zone)
                position = self.position(moment)
                label = f"{self._moment(position):%H:%M}" if hour else f"{day.day} {month_name(day.month)}"
                if first <= moment <= last:
                    found.setdefault(position, label)
            day += timedelta(days=1)
        return [Tick(position, label) for position, label in sorted(found.items())]


Line = NumberLine | DayLine | MomentLine


def line_for(places: Iterable[X], write: ValueFormat = number) -> Line:
    """The axis that fits the first place; the places that follow must be of its kind."""
    first = next(iter(places), 0)
    if isinstance(first, datetime):
        return MomentLine(first.tzinfo or UTC)
    return DayLine() if isinstance(first, date) else NumberLine(write)


def _day_labels(unit: str, days: list[date]) -> list[str]:
    """ "4 Mar", "Mar" or "2024"; the year is added where it differs from the tick before."""
    labels = []
    year = None
    for day in days:
        if unit == "year":
            label = str(day.year)
        else:
            label = month_name(day.month) if unit == "month" else f"{day.day} {month_name(day.month)}"
            label = label if day.year == year else f"{label} {day.year}"
        labels.append(label)
        year = day.year
    return labels
