"""Where an axis has its ticks: 1-2-5 steps for numbers, calendar steps for dates."""

import math
from collections.abc import Iterator
from datetime import date

_DAYS = {"day": 1.0, "week": 7.0, "month": 30.4, "year": 365.25}
_STEPS = (
    ("day", 1), ("day", 2), ("week", 1), ("week", 2),
    ("month", 1), ("month", 2), ("month", 3), ("month", 6),
    ("year", 1), ("year", 2), ("year", 5), ("year", 10), ("year", 20), ("year", 50),
    ("year", 100), ("year", 200), ("year", 500), ("year", 1000), ("year", 2000), ("year", 5000),
)  # fmt: skip


def nice_ticks(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """Between 2 and ``most`` (at least 3) round values that cover ``low`` to ``high``.

    Steps are 1, 2 or 5 times a power of ten, the smallest that needs no more than ``most`` ticks; with
    ``whole`` never below 1. Ticks are whole multiples of the step, so zero is exact. A span of nothing is
    widened to reach zero (or one).
    """
    most = max(most, 3)
    if low > high:
        raise ValueError(f"The axis goes from {low} to {high}; give the smaller end first.")
    if high - low <= 1e-12 * max(abs(low), abs(high)):  # too close for a float to divide
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        high = 1.0
    for mantissa, exponent in _steps_from((high - low) / most, whole=whole):
        first, last = _steps_down(low, mantissa, exponent), -_steps_down(-high, mantissa, exponent)
        # 0.4 as a float lies a trace above four tenths; the tick that is the same float covers it
        first += _multiple((first + 1) * mantissa, exponent) <= low
        last -= _multiple((last - 1) * mantissa, exponent) >= high
        if last - first < most:
            return [_multiple(i * mantissa, exponent) for i in range(first, last + 1)]
    raise AssertionError("steps grow without end")


def _steps_from(smallest: float, *, whole: bool) -> Iterator[tuple[int, int]]:
    exponent = math.floor(math.log10(max(smallest, 1e-300))) - 1
    if whole:
        exponent = max(exponent, 0)
    while True:
        for mantissa in (1, 2, 5):
            yield mantissa, exponent
        exponent += 1


def _steps_down(value: float, mantissa: int, exponent: int) -> int:
    """How many whole steps fit below ``value``; in integers, so that it is exact for any size."""
    numerator, denominator = value.as_integer_ratio()
    power: int = 10 ** abs(exponent)
    if exponent >= 0:
        return numerator // (denominator * mantissa * power)
    return numerator * power // (denominator * mantissa)


def _multiple(count: int, exponent: int) -> float:
    return float(count * 10**exponent) if exponent >= 0 else count / 10**-exponent


def calendar_ticks(first: date, last: date, most: int) -> tuple[str, list[date]]:
    """The unit ("day", "week", "month" or "year") and at most ``most`` dates within [first, last].

    Weeks start on Monday, months on the 1st, quarters in January. The finest step that fits is taken.
    """
    most = max(most, 1)
    span = (last - first).days
    for unit, step in _STEPS:
        if span / (_DAYS[unit] * step) < most + 1:
            found = _dates(first, last, unit, step)
            if len(found) <= most and (found or unit == "year"):
                return unit, found
    return "year", []


def _dates(first: date, last: date, unit: str, step: int) -> list[date]:
    if unit in ("day", "week"):
        stride = step * (7 if unit == "week" else 1)
        anchor = 1 if stride % 7 == 0 else 0  # ordinal 1 is a Monday
        start = first.toordinal() + (anchor - first.toordinal()) % stride
        return [date.fromordinal(day) for day in range(start, last.toordinal() + 1, stride)]
    months = step * (12 if unit == "year" else 1)
    found = []
    index = (first.year * 12 + first.month - 1) // months * months
    while index // 12 <= min(last.year, 9999):
        if index >= 12:
            day = date(index // 12, index % 12 + 1, 1)
            if first <= day <= last:
                found.append(day)
        index += months
    return found


def hour_step(span_hours: float, most: int) -> int | None:
    """Hours between ticks for a span too short for day ticks; None when it is long enough."""
    for step in (1, 2, 3, 6, 12):
        if span_hours / step <= most and span_hours < 48:
            return step
    return None
