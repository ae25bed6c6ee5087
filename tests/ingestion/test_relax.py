"""The import of real history: 207,917 log-ins of 12,000 users in 417 accounts, one of which has the id 0."""

import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from ingestion.models import Account, Activity, Event, ImportRun, Person, QuarantinedEvent
from tenants.context import tenant_context
from tests.factories.ingestion import make_action

RELAX = Path(__file__).resolve().parents[3] / "shared" / "data" / "relax"
EVENTS = ["userId=user_id", "timestamp=timestamp", "groupId=account_id", "event=event", "messageId=event_id"]
USERS = ["userId=user_id", "timestamp=creation_time", "groupId=account_id"]

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not RELAX.is_dir(), reason="needs ../shared/data/relax beside the repository"),
]


def load(name: str, maps: list[str], *options: str) -> float:
    """Import a file into the tenant `acme`. Returns seconds."""
    started = time.perf_counter()
    mapped = [word for each in maps for word in ("--map", each)]
    call_command("import_events", str(RELAX / name), "--tenant", "acme", *mapped, *options)
    return time.perf_counter() - started


def counts() -> tuple[int, ...]:
    return (
        Event.objects.count(),
        Activity.objects.count(),
        Person.objects.count(),
        Account.objects.count(),
        QuarantinedEvent.objects.count(),
    )


def test_users_come_with_their_traits_and_account_zero(in_acme):
    load("relax_users.parquet", USERS, "--type", "identify", "--traits", "creation_source,email")

    assert (Person.objects.count(), Account.objects.count()) == (12_000, 417)
    assert Person.objects.filter(email="DanilleJSpikes@hotmail.com").exists()
    in_zero = Account.objects.get(key="0").memberships.count()
    assert in_zero == 319


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(900)
def test_all_log_ins_are_imported_once_however_often_it_is_asked(acme, settings, figure):
    settings.TENANT_REBIND_IN_SAVEPOINT = False
    with tenant_context(acme.pk):
        make_action("login")

    seconds = load("relax_events.parquet", EVENTS)
    with tenant_context(acme.pk):
        once = counts()
    again = load("relax_events.parquet", EVENTS, "--again")

    assert once == (207_917, 207_917, 8_823, 417, 0)
    with tenant_context(acme.pk), connection.cursor() as cursor:
        assert counts() == once
        assert ImportRun.objects.get().state == "done"
        cursor.execute(
            "SELECT count(DISTINCT identity_id), min(ts)::text, max(local_day)::text FROM ingestion_activity"
        )
        assert cursor.fetchone() == (8_823, "2012-05-31 08:20:06+00", "2014-06-06")
    figure(f"Relax, import: {seconds:.1f} s ({207_917 / seconds:,.0f} events/s), read again in {again:.1f} s")
