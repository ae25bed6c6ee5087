"""When routing asks again after it failed. Pure."""

from datetime import timedelta

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)


def pause_after(attempts: int) -> timedelta:
    """10 seconds after the first failure, then four times as long each time, an hour at most."""
    return min(FIRST_PAUSE * 4 ** min(attempts - 1, 10), LONGEST_PAUSE)
