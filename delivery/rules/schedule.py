"""When to try again, and when to leave a destination alone. Pure."""

from datetime import timedelta
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
