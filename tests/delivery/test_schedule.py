from datetime import UTC, datetime, timedelta

import pytest

from delivery.rules.schedule import DELAYS, MOST_ATTEMPTS, breaker_pause, delay_after
from tenants.rules.retry_after import read_retry_after

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def test_delays_add_up_to_three_days():
    assert sum(DELAYS, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


def test_delay_after_each_attempt():
    found = [delay_after(attempts, spread=0) for attempts in range(1, MOST_ATTEMPTS + 1)]

    assert found == [*DELAYS[1:], None]


@pytest.mark.parametrize(("spread", "seconds"), [(-1, 270), (0, 300), (1, 330)])
def test_delay_jitter(spread, seconds):
    assert delay_after(2, spread=spread) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, None), (4, None), (5, 30), (6, 60), (11, 1920), (12, 3600), (500, 3600)]
)
def test_breaker_pause(failures, seconds):
    assert breaker_pause(failures) == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("Tue, 10 Mar 2026 12:01:00 GMT", 60),
        ("Tue, 10 Mar 2026 11:00:00 GMT", None),
        ("999999999", 86400),
        ("99999999999999999999", None),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_read_retry_after(value, seconds):
    found = read_retry_after(value, now=NOW)

    assert found == (None if seconds is None else timedelta(seconds=seconds))
