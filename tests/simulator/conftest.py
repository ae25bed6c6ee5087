"""One small and one full history for all tests of the simulator."""

from datetime import UTC, datetime

import pytest

from pqlhub.simulator import simulate

END = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def history():
    """Small: enough of everything that is not rare."""
    return simulate(seed=11, end=END, accounts=150)


@pytest.fixture(scope="session")
def messages(history):
    return list(history.messages())


@pytest.fixture(scope="session")
def full_history():
    """The default size, for statistics. Render its messages while iterating; never hold them all."""
    return simulate(seed=11, end=END)
