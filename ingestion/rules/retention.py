"""Which months are kept. Pure. Months are those of UTC, as the partitions of events are."""

from datetime import date, datetime


def kept_from(now: datetime, months: int | None) -> date | None:
    """The first day that is kept: of the month `months` before this one, so that many whole months are always there.
    None when all is kept."""
    if months is None:
        return None
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return date(year, month + 1, 1)


def goes_on(month: date, months: int | None) -> date | None:
    """The day on which a month is no longer among the `months` that are kept. None when all are."""
    if months is None:
        return None
    year, index = divmod(month.year * 12 + month.month + months, 12)
    return date(year, index + 1, 1)


def next_month(day: date) -> date:
    """The first day of the month after."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def shorter(own: int | None, platform: int | None) -> int | None:
    """Whose retention holds: the tenant's own, else the platform's."""
    return own if own is not None else platform
