from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from tenants.models import User
from tests.receiver import Receiver, receiver


@pytest.fixture
def fake(settings) -> Iterator[Receiver]:
    """A receiver on this machine, which the settings of a developer allow."""
    settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES = True
    with receiver() as box:
        yield box


@pytest.fixture
def as_user() -> Callable[[User], Client]:
    """A browser logged in as somebody."""

    def log_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="tenants.accounts.LoginBackend")
        return client

    return log_in
