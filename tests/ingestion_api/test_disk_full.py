"""The disk of the database is full: senders are asked to come back, what was accepted waits, and nothing is taken for
a bad event. The server itself says so, from a trigger, so that it is the driver's real error at a chosen moment."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.db import OperationalError

from ingestion.models import Activity, Event, Inbox, QuarantinedEvent
from pqlhub.pulse import PULSE, run_until_idle
from tenants.context import tenant_context
from tests.factories import ingestion
from tests.factories.ingestion import RECEIVED, fold, make_action, track
from tests.ingestion_api.conftest import TRACK

pytestmark = pytest.mark.django_db(transaction=True)
DISK_FULL, OUT_OF_MEMORY = "53100", "53200"
Full = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def full(owner_connection: psycopg.Connection) -> Full:
    """Nothing can be added to a table while the block runs."""

    @contextmanager
    def refusing(table: str, code: str = DISK_FULL) -> Iterator[None]:
        with owner_connection.transaction():
            owner_connection.execute(
                "CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '{code}'; END $$"
            )
            owner_connection.execute(
                f"CREATE TRIGGER no_space BEFORE INSERT ON {table} EXECUTE FUNCTION no_space()"
            )
        try:
            yield
        finally:
            with owner_connection.transaction():
                owner_connection.execute("DROP FUNCTION no_space CASCADE")

    return refusing


@pytest.fixture
def waiting(acme):
    with tenant_context(acme.pk):
        make_action("Opened")
    ingestion.send(
        acme, [track("ann", "Opened", id="m1"), track("bea", "Opened", id="m2"), {"type": "track"}]
    )
    return acme


def counts(tenant):
    with tenant_context(tenant.pk):
        return [model.objects.count() for model in (Inbox, Event, Activity, QuarantinedEvent)]


@pytest.mark.parametrize("code", [DISK_FULL, OUT_OF_MEMORY])
def test_senders_are_asked_to_come_back_and_do(product, send, full, code):
    with full("ingestion_inbox", code):
        refused = send({"batch": [TRACK]})

    assert (refused.status_code, refused.said["code"]) == (503, "unavailable")
    assert int(refused["Retry-After"]) > 0
    assert product.inbox() == []

    assert send({"batch": [TRACK]}).status_code == 200
    assert len(product.inbox()) == 1


def test_where_the_bad_ones_cannot_be_kept_the_good_ones_come_back_too(product, send, full):
    batch = {"batch": [TRACK, {"type": "track"}]}

    with full("ingestion_quarantinedevent"):
        assert send(batch).status_code == 503
    assert product.inbox() == []

    assert send(batch).status_code == 200
    assert (len(product.inbox()), len(product.quarantined())) == (1, 1)


@pytest.mark.parametrize(
    "table",
    [
        "ingestion_event_key", "ingestion_person", "ingestion_event", "ingestion_activity", "ingestion_touched",
        "ingestion_quarantinedevent",
    ],
)  # fmt: skip
def test_what_was_accepted_waits_and_is_stored_once(waiting, full, table):
    before = counts(waiting)

    with full(table), pytest.raises(OperationalError, match="No space left"):
        fold(waiting)
    assert counts(waiting) == before

    fold(waiting)
    assert counts(waiting) == [0, 2, 2, 1]


def test_the_pulse_tries_again_by_itself(waiting, full):
    with full("ingestion_event"):
        run_until_idle(PULSE, clock=lambda: RECEIVED, budget_seconds=5, kinds=["fold"])
    assert counts(waiting)[1] == 0

    run_until_idle(PULSE, clock=lambda: RECEIVED + timedelta(minutes=6), budget_seconds=5, kinds=["fold"])
    assert counts(waiting) == [0, 2, 2, 1]
