"""Cohorts: whole days, weeks (from Monday) or months of a time zone, as instants."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

MOST = 400  # a chart of more points shows less


class Grain(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class TooManyCohorts(ValueError):
    """The period holds more than MOST cohorts of this grain."""


@dataclass(frozen=True)
class Cohorts:
    """First days of consecutive cohorts, and the instants between them: one more than there are cohorts, half-open."""

    first_days: tuple[date, ...]
    edges: tuple[datetime, ...]
    grain: Grain

    @property
    def start(self) -> datetime:
        return self.edges[0]

    @property
    def end(self) -> datetime:
        return self.edges[-1]


def cut_cohorts(
    first: date, last: date, grain: Grain, *, midnight: Callable[[date], datetime], most: int = MOST
) -> Cohorts:
    """The whole cohorts that hold the days from `first` to `last`, both included.

    midnight gives the instant at which a day begins in the time zone. Raises ValueError when last is before first, and
    TooManyCohorts.
    """
    if last < first:
        raise ValueError("The period ends before it starts.")
    days = [_first_day(first, grain)]
    while days[-1] <= last:
        days.append(_next(days[-1], grain))
        if len(days) > most + 1:
            raise TooManyCohorts
    return Cohorts(tuple(days[:-1]), tuple(midnight(day) for day in days), grain)


def _first_day(day: date, grain: Grain) -> date:
    if grain == Grain.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if grain == Grain.MONTH else day


def _next(day: date, grain: Grain) -> date:
    if grain == Grain.MONTH:
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if grain == Grain.WEEK else 1)
