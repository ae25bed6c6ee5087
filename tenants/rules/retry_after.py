"""How long another server asks us to wait. Pure."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_RETRY_AFTER = timedelta(hours=24)


def read_retry_after(value: str, *, now: datetime) -> timedelta | None:
    """The Retry-After header: seconds or an HTTP date, at most a day. None when absent, past or unreadable."""
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        wait = timedelta(seconds=int(text))
    else:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    return min(wait, LONGEST_RETRY_AFTER) if wait > timedelta(0) else None
