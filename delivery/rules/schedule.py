"""When to try again, and when to leave a destination alone. Pure."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

# Standard Webhooks' example schedule: ten attempts over 75 hours 35 minutes.
DELAYS = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MOST_ATTEMPTS = len(DELAYS)
# The receiver says that the request itself is wrong. The same bytes will hardly be taken in three days if they were not
# in three hours, so the people who can mend it hear of it the same day.
REFUSED = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.LENGTH_REQUIRED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
MOST_REFUSALS = 5
JITTER = 0.1
LONGEST_RETRY_AFTER = timedelta(hours=24)
BREAKER_OPENS_AT = 5
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)


def delay_after(attempts: int, *, spread: float, status: int | None = None) -> timedelta | None:
    """How long to wait after `attempts` failed ones, the last of which was answered with `status`, or None to give up.
    `spread` from -1 to 1 moves it by ±10 %, so that what failed together is not tried together again."""
    if attempts >= (MOST_REFUSALS if status in REFUSED else MOST_ATTEMPTS):
        return None
    return DELAYS[attempts] * (1 + JITTER * spread)


def breaker_pause(failures_in_a_row: int) -> timedelta | None:
    """How long a destination is left alone after so many failures in a row; None: not at all yet."""
    if failures_in_a_row < BREAKER_OPENS_AT:
        return None
    doublings = min(failures_in_a_row - BREAKER_OPENS_AT, 10)
    return min(_FIRST_PAUSE * 2**doublings, _LONGEST_PAUSE)


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
