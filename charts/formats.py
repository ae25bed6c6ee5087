"""Numbers and dates as people read them. Minus is the real minus sign, so that figures line up."""

import math
from collections.abc import Callable
from datetime import date, datetime
from typing import Self

from .checks import Number
from .words import _

ValueFormat = Callable[[float], str]

_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_READABLE_LIMIT = 1e15  # beyond this, digits say nothing; 1.2e+18 does


def _trimmed(text: str) -> str:
    """Drop zeros after the decimal point, and the sign of a zero."""
    if "." in text and "e" not in text:
        text = text.rstrip("0").rstrip(".")
    if text.strip("-0.,") == "":
        text = text.removeprefix("-")
    return text.replace("-", "−") if text.startswith("-") else text


def _small(value: float, digits: int) -> str:
    """A value between -1 and 1 with so many significant digits, written out down to a millionth."""
    if abs(value) < 1e-6:
        return _trimmed(f"{value:.{digits}g}")
    return _trimmed(f"{value:.{digits - 1 - math.floor(math.log10(abs(value)))}f}")


def number(value: float) -> str:
    """1234.5 as "1,234.5": at most two decimals, three significant digits below one."""
    if abs(value) >= _READABLE_LIMIT:
        return _trimmed(f"{value:.3g}")
    return _small(value, 3) if 0 < abs(value) < 1 else _trimmed(f"{value:,.2f}")


def compact(value: float) -> str:
    """1234 as "1.2k", 5000000 as "5M"; below 1,000 as ``number``. For axes and narrow cells."""
    size = abs(value)
    if size < 999.995 or size >= _READABLE_LIMIT:
        return number(value)
    for position, (unit, suffix) in enumerate(_UNITS):
        if size >= unit:
            shown = f"{value / unit:.1f}" if size / unit < 100 else f"{value / unit:.0f}"
            if shown.lstrip("-") == "1000" and position > 0:  # 999,950 is 1M, not 1000k
                unit, suffix = _UNITS[position - 1]
                shown = f"{value / unit:.1f}"
            return _trimmed(shown) + suffix
    return "1k" if value > 0 else "−1k"  # 999.995 to 1,000


def percent(value: float) -> str:
    """0.125 as "12.5%": one decimal, two significant digits below one percent."""
    share = value * 100
    if 0 < abs(share) < 1:
        return _small(share, 2) + "%"
    if abs(share) >= _READABLE_LIMIT:
        return _trimmed(f"{share:.3g}") + "%"
    return _trimmed(f"{share:,.1f}") + "%"


class LinkedText(str):
    """Text of a table cell that leads to the rows behind it. A plain ``str`` to everybody else."""

    href: str

    def __new__(cls, content: str, href: str) -> Self:
        linked = super().__new__(cls, content)
        linked.href = href
        return linked


def written(value: Number | None, write: ValueFormat, href: str = "") -> str:
    """A cell of a table: empty where there is no value, linked where there is an ``href``."""
    return "" if value is None else linked(write(float(value)), href)


def linked(content: str, href: str) -> str:
    """``content``, leading to ``href`` if there is one."""
    return LinkedText(content, href) if href else content


def signed(write: ValueFormat) -> ValueFormat:
    """``write`` with "+" before what is above zero: for contributions and lifts."""

    def write_signed(value: float) -> str:
        return f"+{write(value)}" if value > 0 else write(value)

    return write_signed


def month_name(month: int) -> str:
    """Short name of a month, 1 to 12."""
    names = (
        _("Jan"), _("Feb"), _("Mar"), _("Apr"), _("May"), _("Jun"),
        _("Jul"), _("Aug"), _("Sep"), _("Oct"), _("Nov"), _("Dec"),
    )  # fmt: skip
    return names[month - 1]


def long_date(day: date) -> str:
    """4 Mar 2024."""
    return f"{day.day} {month_name(day.month)} {day.year}"


def long_moment(moment: datetime) -> str:
    """4 Mar 2024 14:05, in the zone of ``moment``."""
    return f"{long_date(moment)} {moment:%H:%M}"
