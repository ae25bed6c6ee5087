"""Refusals: what cannot be drawn honestly raises ValueError with a message that says what to do."""

import math
import re
from collections.abc import Iterable
from decimal import Decimal
from urllib.parse import urlsplit

Number = int | float | Decimal

LARGEST = 1e300  # sums of some millions of such values still fit a float
_UNSAFE_IN_HREF = re.compile(r"[\x00-\x20\x7f\\]")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]*:")


def finite(value: Number, what: str) -> float:
    """``value`` as a float; NaN, infinity and anything above 1e300 raise ValueError naming ``what``."""
    try:
        number = float(value)
    except (OverflowError, TypeError, ValueError):
        raise ValueError(f"{what} is {value!r}, which is not a number that can be drawn.") from None
    if not math.isfinite(number) or abs(number) > LARGEST:
        raise ValueError(f"{what} is {value!r}. Give a finite number, or None where a value is missing.")
    return number


def optional_finite(value: Number | None, what: str) -> float | None:
    """``finite`` for values that may be missing."""
    return None if value is None else finite(value, what)


def not_negative(value: Number, what: str) -> float:
    """``finite`` for counts and sizes."""
    number = finite(value, what)
    if number < 0:
        raise ValueError(f"{what} is {value!r}. It is a size and cannot be below zero.")
    return number


def safe_href(href: str) -> str:
    """Return ``href`` if it is empty, relative to this site or an http(s) address; ValueError otherwise.

    Refused on purpose: every other scheme (``javascript:``, ``data:``), ``//host`` (leaves the site
    without saying so), and white space, control characters and backslashes, which browsers strip
    or rewrite and which can so hide a scheme.
    """
    refusal = ValueError(f"The link {href!r} is not allowed: use a relative address, http:// or https://.")
    if _UNSAFE_IN_HREF.search(href) or href.startswith("//"):
        raise refusal
    if _SCHEME.match(href):
        try:
            parts = urlsplit(href)
        except ValueError:
            raise refusal from None
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise refusal
    return href


def ascending(values: Iterable[float], what: str) -> None:
    """ValueError when a value repeats or goes back."""
    previous = -math.inf
    for value in values:
        if value <= previous:
            raise ValueError(f"{what} must be in ascending order and each may occur only once.")
        previous = value
