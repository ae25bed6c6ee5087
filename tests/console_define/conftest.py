"""A company with a little history of the last days, and somebody looking at it in the console."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ingestion.operations import imports
from scoring.models import Definition, Level
from tenants.context import tenant_context
from tenants.models import Role
from tests.conftest import member
from tests.factories import ingestion
from tests.factories.scoring import make_definition, make_motion

LogIn = Callable[[Any], Client]


@pytest.fixture
def as_user() -> LogIn:
    """A client logged in as the given user."""

    def log_in(user: Any) -> Client:
        client = Client()
        client.force_login(user, backend="tenants.accounts.LoginBackend")
        return client

    return log_in


@pytest.fixture
def today() -> datetime:
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def history(acme, in_acme, today):
    """Acme's actions “Signed in” and “Invited”; ann signed in 3 times, bea twice, cem once; ann invited somebody."""
    actions = {name: ingestion.make_action(name) for name in ("Signed in", "Invited")}
    hours = {"ann": 3, "bea": 2, "cem": 1}
    sent = [
        ingestion.track(who, "Signed in", account="acme-co", ts=today - timedelta(hours=hour))
        for who, times in hours.items()
        for hour in range(1, times + 1)
    ]
    sent.append(ingestion.track("ann", "Invited", account="acme-co", ts=today - timedelta(hours=1)))
    sent.append(
        ingestion.track(
            "bea", "Upgraded", ts=today - timedelta(hours=2), properties={"plan": "pro", "price": 9}
        )
    )
    ingestion.send_and_fold(acme, sent, received_at=today)
    return actions


@pytest.fixture
def motion(history, corporate):
    return make_motion(name="Free to paid", business_unit=corporate)


@pytest.fixture
def definition(motion, boards) -> Definition:
    """A definition of Boards that is an empty draft still."""
    return make_definition(business_unit=boards, motion=motion, name="Keen", level=Level.PERSON)


@pytest.fixture
def elsewhere(globex, today):
    """Globex has the same names, so that a leak would show."""
    with tenant_context(globex.pk):
        ingestion.make_action("Signed in", name="Globex action")
    ingestion.send_and_fold(globex, [ingestion.track("gus", "Globex event", ts=today)], received_at=today)
    return globex


@pytest.fixture
def home(settings, tmp_path):
    """The folder of all local state, with uploaded files."""
    settings.HOME = tmp_path
    return tmp_path


@pytest.fixture
def engineer(as_user, acme, now):
    return as_user(member(acme, "eli@acme.test", Role.PRODUCT_ENGINEER, "Corporate", now))


@pytest.fixture
def slices_of_6(monkeypatch):
    monkeypatch.setattr(imports, "SLICE", 6)
